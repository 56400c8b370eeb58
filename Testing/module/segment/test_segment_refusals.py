"""What cannot be segmented, or should be doubted, is told in a sentence before anything is started."""

import shutil

import numpy as np
import slicer

from Testing.module.segment.segment_bench import aCt, addCt, leftovers, letPass, newParameters, until, writeEnvironment


def whyNot(bench) -> str:
    assert not bench.ui.segmentButton.enabled
    assert bench.ui.segmentButton.toolTip
    assert bench.ui.segmentButton.toolTip in bench.ui.readyLabel.text.replace("&quot;", '"')
    return bench.ui.segmentButton.toolTip


def test_of_several_volumes_none_is_chosen_for_the_user(ready, open_):
    bench = open_()
    for name in ("MR", "PET"):
        addCt(name)
    letPass(0.2)
    assert bench.ui.volumeSelector.currentNode() is None
    assert whyNot(bench) == "Choose the CT that is to be segmented."


def test_what_is_selected_in_a_message_stays_so_while_the_same_is_said_again(desktop):
    import qt

    from HLFDSegmentationLib.Panels.Looks import showMessage

    label = qt.QLabel()
    for _ in range(2):
        showMessage(label, "The disk is full.", "bad")
        if not label.selectedText:
            label.setSelection(4, 4)
    assert label.selectedText == "disk"
    label.delete()


def test_without_a_backend_the_section_says_so_and_leads_there(open_):
    bench = open_()
    addCt()
    assert "is not installed yet" in whyNot(bench)
    bench.ui.readyLabel.linkActivated.emit("backend")
    assert "Open Backend" in bench.ui.readyLabel.text
    assert bench.opened == ["backend"]


def test_without_a_model_the_section_leads_to_the_models(open_, home):
    writeEnvironment(home)
    bench = open_()
    assert "no model yet" in whyNot(bench)
    assert "Import a model…" in bench.ui.readyLabel.text
    assert 'href="models"' in bench.ui.readyLabel.text


def test_without_a_ct_the_section_says_what_to_load(ready, open_):
    assert whyNot(open_()).startswith("Load a CT")


def test_a_backend_whose_python_has_gone_is_told(ready, open_, home):
    writeEnvironment(home, python=str(home / "python"))
    bench = open_()
    addCt()
    assert str(home / "python") in whyNot(bench)


def test_a_volume_without_voxels_is_refused_until_they_come(ready, open_):
    bench = open_()
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "hollow")
    until(lambda: bench.ui.readyLabel.text.startswith("hollow"))
    assert whyNot(bench) == "hollow is empty; load the CT again."
    slicer.util.updateVolumeFromArray(node, aCt())
    until(lambda: bench.ui.segmentButton.enabled)


def test_a_model_that_was_removed_from_disk_is_told(ready, open_, home):
    bench = open_()
    addCt()
    shutil.rmtree(home / ".hlfd" / "models" / "tiny")
    bench.segment()
    assert "“tiny” is not in the library any more" in bench.ui.outcomeLabel.text
    assert leftovers(home) == []


def test_a_place_that_cannot_be_written_is_told(ready, open_, home):
    (home / ".hlfd" / "segmentations").write_text("a file where a folder has to be")
    bench = open_()
    addCt()
    bench.segment()
    assert "cannot be written" in bench.ui.outcomeLabel.text
    assert str(home / ".hlfd" / "segmentations") in bench.ui.outcomeLabel.text
    assert bench.ui.segmentButton.enabled


def test_a_model_that_another_scene_wanted_is_not_replaced_by_another_in_silence(ready, open_):
    bench = open_()
    addCt()
    parameters = newParameters()
    parameters.model = "liver of last year"
    bench.bench.useParameters(parameters)
    assert "“liver of last year” is not in the library" in whyNot(bench)


def test_what_the_model_was_made_for_and_what_is_unlike_it_is_shown(ready, open_):
    bench = open_()
    assert not bench.ui.scopeLabel.isVisible()
    addCt(array_zyx=aCt() + np.int16(1024))
    until(bench.ui.scopeLabel.isVisible)
    assert bench.ui.madeForLabel.text.startswith("Segments kidney and tumor in CT.")
    assert "Hounsfield" in bench.ui.scopeLabel.text
    assert bench.ui.segmentButton.enabled  # a warning, no refusal
