"""The desktop as a whole: what it gives, and that it takes everything back."""

import sys

import numpy as np
import pytest


@pytest.fixture
def aVolume(desktop):
    """A volume of 40 x 60 x 50 voxels (k, j, i), shown in the slice views."""
    import slicer

    volume = slicer.util.addVolumeFromArray(np.zeros((40, 60, 50), np.int16), name="CT")
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    return volume


def test_a_closed_desktop_leaves_python_as_it_was():
    import slicer

    from HLFDSegmentationLib.Headless import headlessScene
    from Testing.desktop import start

    before = set(dir(slicer))
    desktop = start()
    assert slicer.app.applicationName == "Slicer"
    desktop.close()
    assert set(dir(slicer)) == before
    assert not {"qt", "ctk", "SampleData", "slicer.modules", "slicer.i18n"} & set(sys.modules)
    assert not desktop.folder.exists()
    with headlessScene() as scene:
        assert scene is slicer.mrmlScene


def test_the_modules_library_speaks_through_slicer_in_a_desktop_and_is_another_outside(desktop):
    import slicer

    from HLFDSegmentationLib.Words import Refusal, tr
    from Testing.desktop import start

    assert tr is slicer.i18n.tr
    desktop.close()
    from HLFDSegmentationLib.Words import Refusal as Outside

    again = start()
    try:
        from HLFDSegmentationLib.Words import Refusal as Inside
    finally:
        again.close()
    assert Outside is not Refusal and Inside is Refusal


def test_a_second_desktop_beside_the_first_is_refused(desktop):
    from Testing.desktop import start

    with pytest.raises(RuntimeError, match="has a scene already"):
        start()


def test_settings_of_one_desktop_are_not_seen_by_the_next(desktop):
    import qt
    import slicer

    from Testing.desktop import start

    qt.QSettings().setValue("HLFDSegmentation/model", "kidney")
    assert slicer.util.settingsValue("HLFDSegmentation/model", "none") == "kidney"
    desktop.close()
    again = start()
    try:
        assert slicer.util.settingsValue("HLFDSegmentation/model", "none") == "none"
    finally:
        again.close()


def test_a_confirmation_is_answered_by_the_test_and_one_that_is_not_is_complained_of(desktop):
    import qt
    import slicer

    qt.answers.give(qt.QMessageBox.Yes)
    assert slicer.util.confirmYesNoDisplay("Remove the model?")
    assert not qt.complaints
    assert not slicer.util.confirmYesNoDisplay("Remove the model?")
    assert len(qt.complaints) == 1 and "Remove the model?" in qt.complaints[0]


def test_logics_of_slicers_modules_are_found_by_name(desktop):
    import slicer

    logic = slicer.util.getModuleLogic("Segmentations")
    assert logic is slicer.modules.segmentations.logic() and logic.IsA("vtkSlicerSegmentationsModuleLogic")
    with pytest.raises(RuntimeError, match="NoSuchModule"):
        slicer.util.getModule("NoSuchModule")


def test_a_status_message_stands_in_the_window(desktop):
    import slicer

    slicer.util.showStatusMessage("3 CTs are segmented")
    assert slicer.util.mainWindow().statusBar().currentMessage() == "3 CTs are segmented"


def test_what_the_application_has_not_is_refused(desktop):
    import slicer

    with pytest.raises(AttributeError):
        slicer.app.layoutManger()
    with pytest.raises(AttributeError):
        slicer.app.tittle = "x"
    with pytest.raises(AttributeError):
        slicer.app.layoutManager().layuot = 3


def test_nodes_that_users_see_get_an_item_and_lose_it_with_the_node(desktop, aVolume):
    import slicer

    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "tumours")
    item = hierarchy.GetItemByDataNode(segmentation)
    assert item and hierarchy.GetItemName(item) == "tumours"
    assert hierarchy.GetItemByDataNode(aVolume) and not hierarchy.GetItemByDataNode(aVolume.GetDisplayNode())
    slicer.mrmlScene.RemoveNode(segmentation)
    assert not hierarchy.GetItemByDataNode(segmentation)


def test_a_closed_scene_tells_its_start_and_end_and_has_no_volumes_between(desktop, aVolume):
    import slicer

    scene, told = slicer.mrmlScene, []

    def tell(event):
        def onEvent(*_):
            told.append((event, bool(scene.IsClosing()), len(slicer.util.getNodes("CT"))))

        return scene.AddObserver(getattr(scene, event), onEvent)

    tags = [tell("StartCloseEvent"), tell("EndCloseEvent")]
    scene.Clear(0)
    assert told == [("StartCloseEvent", True, 1), ("EndCloseEvent", False, 0)]
    for tag in tags:
        scene.RemoveObserver(tag)


def test_a_volume_saved_by_slicer_util_is_loaded_again_with_its_place(desktop, aVolume, tmp_path):
    import slicer

    slicer.util.arrayFromVolume(aVolume)[3, 4, 5] = 77
    aVolume.SetSpacing(0.5, 0.75, 2)
    aVolume.SetOrigin(-10, 20, 30)
    assert slicer.util.saveNode(aVolume, str(tmp_path / "ct.nrrd"))
    again = slicer.util.loadVolume(str(tmp_path / "ct.nrrd"))
    assert (again.GetName(), again.GetSpacing()) == ("ct", (0.5, 0.75, 2))
    assert again.GetOrigin() == pytest.approx((-10, 20, 30))
    assert np.argwhere(slicer.util.arrayFromVolume(again)).tolist() == [[3, 4, 5]]
    with pytest.raises(RuntimeError, match="Failed to load"):
        slicer.util.loadVolume(str(tmp_path / "absent.nrrd"))


def test_texts_that_went_through_translation_are_remembered(desktop):
    import slicer
    from slicer.i18n import tr, translate

    assert tr("Segment {name}").format(name="CT") == "Segment CT"
    assert translate("qSlicerAbstractCoreModule", "Segmentation") == "Segmentation"
    assert slicer.i18n.seen == {"Segment {name}", "Segmentation"}
    with pytest.raises(TypeError, match="is no text"):
        tr(None)


def test_a_sample_is_made_by_a_click_on_its_thumbnail_and_not_by_download(desktop):
    import SampleData

    make = {"uris": "https://example.org/ct", "fileNames": "ct.nrrd", "nodeNames": "CT"}
    for _ in range(2):
        SampleData.SampleDataLogic.registerCustomSampleDataSource(
            category="HLFD", sampleName="Kidney", customDownloader=lambda source, made=make: source.sampleName, **make
        )
    assert SampleData.clickThumbnail("HLFD", "Kidney") == "Kidney"
    with pytest.raises(OSError, match="past any customDownloader"):
        SampleData.SampleDataLogic().downloadSample("Kidney")
    with pytest.raises(LookupError, match="no sample Liver"):
        SampleData.clickThumbnail("HLFD", "Liver")


def test_a_sample_without_addresses_is_refused_even_if_it_makes_itself(desktop):
    import SampleData

    with pytest.raises(TypeError, match="uris and fileNames are needed"):
        SampleData.SampleDataLogic.registerCustomSampleDataSource(sampleName="Kidney", customDownloader=print)
