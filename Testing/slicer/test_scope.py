"""Before a CT is segmented, what is unlike the model's own CTs is told."""

from types import SimpleNamespace

import numpy as np
import pytest
import slicer

from HLFDSegmentationLib.Segment.Scope import factsOf, scopeWarnings
from slicer_phantoms import fourByFour

SPACING_MM = (2.0, 1.5, 2.5)
SHAPE_ZYX = (90, 100, 100)


def aModel(**changes):
    """Stands for what the library tells of a model that learnt from real CTs with slices of 1 to 3 mm."""
    return SimpleNamespace(**{"organ": "kidney", "isSynthetic": False, "sliceMm": (1.0, 3.0)} | changes)


def aBody() -> np.ndarray:
    array_zyx = np.full(SHAPE_ZYX, -1000, np.int16)
    array_zyx[:, 20:80, 10:90] = 40
    return array_zyx


@pytest.fixture
def aCt(aVolumeNode):
    """Makes a CT that shows an abdomen; its voxels and grid can be others."""

    def make(array_zyx=None, ijkToRas=None):
        grid = fourByFour(np.diag(SPACING_MM)) if ijkToRas is None else ijkToRas
        return aVolumeNode(grid, aBody() if array_zyx is None else array_zyx)

    return make


def warningsFor(node, **model) -> list[str]:
    return scopeWarnings(factsOf(node), aModel(**model))


def test_nothing_is_said_of_a_ct_like_those_that_the_model_learnt_from(aCt):
    assert warningsFor(aCt()) == []


def test_sizes_are_told_along_the_patient_whatever_the_order_of_the_axes(aCt):
    swapped = fourByFour(np.array([[0, 0, 2.0], [0, -3.0, 0], [-1.5, 0, 0]]))
    facts = factsOf(aCt(np.full((10, 20, 30), -1000, np.int16), swapped))
    assert facts.sizeMm == (20.0, 60.0, 45.0)
    assert facts.sliceMm == 1.5


@pytest.mark.parametrize(
    ("low", "high"), [(0, 4095), (0, 1), (20, 255)], ids=["raw values of a scanner", "a mask", "a picture"]
)
def test_values_without_air_are_no_hounsfield_units(aCt, low, high):
    array_zyx = np.random.default_rng(0).integers(low, high + 1, SHAPE_ZYX).astype(np.int16)
    [said] = warningsFor(aCt(array_zyx))
    assert "Hounsfield" in said
    assert f"{low} to {high}" in said


def test_a_volume_of_one_value_shows_nothing(aCt):
    [said] = warningsFor(aCt(np.full(SHAPE_ZYX, -1000, np.int16)))
    assert "All voxels looked at are -1000" in said


def test_voxels_that_are_not_numbers_are_told(aCt):
    [said] = warningsFor(aCt(np.full(SHAPE_ZYX, np.nan, np.float32)))
    assert "not numbers" in said


@pytest.mark.parametrize(("slice_mm", "isLike"), [(0.6, False), (0.75, True), (3.5, True), (5.0, False)])
def test_slices_far_from_those_of_the_training_are_told_with_both_numbers(aCt, slice_mm, isLike):
    thick = aCt(None, fourByFour(np.diag((2.0, 1.5, slice_mm))))
    said = [one for one in warningsFor(thick) if "slices are" in one]
    assert said == (
        [] if isLike else [f"Its slices are {slice_mm:g} mm apart, and the model learnt from CTs with 1 to 3 mm."]
    )


def test_too_small_a_field_of_view_is_told_with_its_size(aCt):
    [said] = warningsFor(aCt(aBody()[:, 10:50, 5:45]))
    assert "80 x 60 x 225 mm" in said
    assert "kidney" in said


def test_a_model_from_synthetic_cts_is_told_first(aCt):
    assert "synthetic" in warningsFor(aCt(), isSynthetic=True)[0]


@pytest.mark.parametrize(
    ("name", "word", "wanted"),
    [("DICOM.Modality", "MR", "this is MR"), ("DICOM.BodyPartExamined", "HEAD", "shows HEAD")],
)
def test_what_dicom_says_against_it_is_told(scene, aCt, name, word, wanted):
    node = aCt()
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    hierarchy.SetItemAttribute(hierarchy.CreateItem(hierarchy.GetSceneItemID(), node), name, word)
    [said] = warningsFor(node)
    assert wanted in said


@pytest.mark.parametrize("word", ["ABDOMEN", "ABDOMENPELVIS", "CT", ""])
def test_words_of_dicom_that_fit_say_nothing(aCt, word):
    node = aCt()
    node.SetAttribute("DICOM.BodyPartExamined", word)
    assert warningsFor(node) == []
