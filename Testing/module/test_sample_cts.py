"""Sample CTs: registered as Slicer starts, made offline when a user asks, good for all that the module does."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import slicer

from Testing.module.clicking import until
from Testing.module.conftest import MODULE_FILE

KIDNEY = "SyntheticKidneyTumour"
AS_IN_SLICER = """
import sys
class Refuser:
    def find_spec(self, name, *_):
        if name.partition(".")[0] not in {*sys.stdlib_module_names, "hlfd", "numpy"}:
            raise ImportError(name + " is not in Slicer")
sys.meta_path.insert(0, Refuser())
sys.path.append(sys.argv[1])
import hlfd.data.phantom.make, hlfd.data.phantom.settings
"""


@pytest.fixture(scope="module")
def made() -> dict:
    """Name of a sample -> what is made for it, once for all tests."""
    from HLFDSegmentationLib.SampleCts import SAMPLES, makeSample

    return {sample.name: makeSample(sample) for sample in SAMPLES}


def samples() -> dict:
    import SampleData

    return {one.sampleName: one for one in SampleData.SampleDataLogic.sampleDataSourcesByCategory("HLFD Segmentation")}


def volumes() -> list:
    return slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")


def test_two_samples_with_thumbnails_are_registered_and_nothing_is_made_at_the_start(desktop, home):
    desktop.registerModule(MODULE_FILE)
    assert set(samples()) == {KIDNEY, "SyntheticLiverTumour"}
    for one in samples().values():
        assert Path(one.thumbnailFileName).read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert volumes() == [] and list(home.iterdir()) == []


def test_no_sample_has_an_address_in_a_network(desktop):
    desktop.registerModule(MODULE_FILE)
    assert {uri.partition(":")[0] for one in samples().values() for uri in one.uris} == {"hlfd"}


def test_a_click_on_the_thumbnail_brings_ct_and_labels_once_and_the_window_does_not_wait(desktop, home):
    desktop.registerModule(MODULE_FILE)
    samples()[KIDNEY].customDownloader(samples()[KIDNEY])
    samples()[KIDNEY].customDownloader(samples()[KIDNEY])  # an impatient second click
    assert volumes() == []
    until(lambda: slicer.util.getNodesByClass("vtkMRMLSegmentationNode"))
    assert [node.GetName() for node in volumes()] == [KIDNEY]
    shown = slicer.app.layoutManager().sliceWidget("Red").sliceLogic().GetSliceCompositeNode()
    assert shown.GetBackgroundVolumeID() == volumes()[0].GetID()
    assert volumes()[0].GetDisplayNode().GetLevel() == 40
    assert list(home.iterdir()) == []
    samples()[KIDNEY].customDownloader(samples()[KIDNEY])
    until(lambda: len(volumes()) == 2)


def test_samples_are_the_phantoms_of_the_backend_at_their_place_in_the_patient(made):
    from hlfd.data.phantom import PhantomSettings, make_phantom

    settings = PhantomSettings("kidney", 192, (44, 52), (4.0, 5.0), tumor_free_share=0.0, orientation="LPS")
    phantom = make_phantom(settings, 2024, 3)
    sample = made[KIDNEY]
    assert np.array_equal(sample.image_zyx, phantom.image_hu) and np.array_equal(sample.labels_zyx, phantom.labels)
    centre_mm = np.array(phantom.facts["tumors"][0]["centre_mm"])
    k, j, i = np.rint((centre_mm - phantom.origin) / phantom.spacing_mm).astype(int)[::-1]
    assert sample.labels_zyx[k, j, i] == 2
    ras = sample.ijkToRas @ (i, j, k, 1)
    assert np.allclose(ras[:3] * (-1, -1, 1), centre_mm, atol=3)


def test_what_draws_them_needs_no_package_that_slicer_has_not():
    backend = MODULE_FILE.parents[1] / "Backend"
    command = [sys.executable, "-c", AS_IN_SLICER, str(backend)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_each_sample_has_a_whole_organ_and_tumours_in_hu(made):
    for sample in made.values():
        assert sample.image_zyx.dtype == np.int16 and sample.image_zyx.shape == sample.labels_zyx.shape
        assert sample.image_zyx.min() < -900 and sample.image_zyx.max() > 300
        assert set(np.unique(sample.labels_zyx)) == {0, 1, 2}
        assert (sample.labels_zyx == 2).sum() > 1000
        assert not sample.labels_zyx[:, :, [0, -1]].any() and not sample.labels_zyx[:, [0, -1]].any()


def test_its_segments_have_the_names_colours_and_codes_of_the_catalogue():
    from hlfd.catalogue import make_labels
    from HLFDSegmentationLib.SampleCts import LABELS

    kept = json.loads(LABELS.read_text(encoding="utf-8"))
    assert set(kept) == {"kidney", "liver"}
    for organ, entry in kept.items():
        assert entry["labels"] == [one.model_dump(mode="json") for one in make_labels((organ, "tumor"), organ)]


def test_a_script_gets_both_nodes_and_a_misspelt_name_is_told(desktop):
    from HLFDSegmentationLib.SampleCts import loadSample

    volumeNode, segmentationNode = loadSample("SyntheticLiverTumour")
    names = [segmentationNode.GetSegmentation().GetNthSegment(index).GetName() for index in range(2)]
    assert names == ["liver", "tumor"]
    assert segmentationNode.GetNodeReference("referenceImageGeometryRef") is volumeNode
    with pytest.raises(LookupError, match="no sample Spleen; there are SyntheticKidneyTumour"):
        loadSample("Spleen")


def test_the_thumbnails_are_those_that_the_script_draws(made, tmp_path):
    from matplotlib.image import imread

    from HLFDSegmentationLib.SampleCts import LABELS
    from Testing.pictures.sample_thumbnails import thumbnail

    kept = json.loads(LABELS.read_text(encoding="utf-8"))
    for name, organ in ((KIDNEY, "kidney"), ("SyntheticLiverTumour", "liver")):
        colors = {entry["value"]: entry["color_rgb"] for entry in kept[organ]["labels"]}
        drawn = thumbnail(made[name].image_zyx, made[name].labels_zyx, colors)
        stored = imread(MODULE_FILE.parent / "Resources" / "Icons" / f"{name}.png")[..., :3] * 255
        assert np.abs(drawn - stored).mean() < 1, "run Testing/pictures/sample_thumbnails.py"


def test_the_module_s_own_test_for_slicer_passes(module):
    said = []
    from HLFDSegmentationLib.SelfTest import runSelfTest

    runSelfTest(said.append)
    assert said[-1] == "The self test has passed" and len(said) == 7
