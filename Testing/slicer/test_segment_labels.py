"""Labels of a manifest: read as written, or refused by one sentence."""

import copy

import pytest

from HLFDSegmentationLib.Labels import SegmentLabel, labelsFromManifest
from slicer_phantoms import KIDNEY, TUMOUR


def test_labels_come_in_the_order_of_the_manifest_with_all_they_say(manifest, segmentLabels):
    assert labelsFromManifest(manifest) == segmentLabels


def test_only_a_tumour_is_abnormal(segmentLabels):
    assert [label.isAbnormal for label in segmentLabels] == [True, False, False]


@pytest.mark.parametrize("manifest", [{}, {"labels": []}, {"labels": {"kidney": 1}}, [], None])
def test_a_manifest_without_labels_is_refused(manifest):
    with pytest.raises(ValueError, match="the manifest has no labels"):
        labelsFromManifest(manifest)


@pytest.mark.parametrize("key", ["name", "value", "color_rgb", "terminology"])
def test_a_label_without_one_of_its_entries_is_refused(manifest, key):
    del manifest["labels"][1][key]
    with pytest.raises(ValueError, match=f"label 1 of the manifest has no {key}; add it"):
        labelsFromManifest(manifest)


@pytest.mark.parametrize("key", ["name", "value"])
def test_two_labels_do_not_share_a_name_or_a_value(manifest, key):
    manifest["labels"][2][key] = copy.copy(manifest["labels"][0][key])
    with pytest.raises(ValueError, match=f"more than one label has the {key}"):
        labelsFromManifest(manifest)


@pytest.mark.parametrize("value", [0, -1, 1.0, "1", True, None])
def test_a_value_is_a_whole_number_from_one(value):
    with pytest.raises(ValueError, match="'kidney' has the value"):
        SegmentLabel("kidney", value, (1, 0, 0), KIDNEY)


@pytest.mark.parametrize("name", ["", "  ", None, 3])
def test_a_name_is_a_text_with_something_in_it(name):
    with pytest.raises(ValueError, match="not empty"):
        SegmentLabel(name, 1, (1, 0, 0), KIDNEY)


@pytest.mark.parametrize(
    "color",
    [(1, 0), (1, 0, 0, 1), "red", None, (1, 0, "0"), (1, 0, 1.01), (-0.1, 0, 0), (float("nan"), 0, 0), (255, 0, 0)],
)
def test_a_colour_is_three_numbers_from_zero_to_one(color):
    with pytest.raises(ValueError, match="'kidney' has the colour"):
        SegmentLabel("kidney", 1, color, KIDNEY)


@pytest.mark.parametrize(
    "terminology",
    [
        "",
        None,
        "kidney",
        KIDNEY.rsplit("~", 1)[0],
        KIDNEY.replace("SCT^64033007^Kidney", "^^"),
        KIDNEY.replace("SCT^64033007^Kidney", "SCT^64033007"),
        TUMOUR.replace("SCT^64033007^Kidney", "SCT^^Kidney"),
    ],
)
def test_a_terminology_has_seven_parts_and_whole_codes(terminology):
    with pytest.raises(ValueError, match=r"'kidney' has (a|the) terminology"):
        SegmentLabel("kidney", 1, (1, 0, 0), terminology)
