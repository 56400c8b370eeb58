"""Names, values, colours and codes of what can be segmented."""

import pytest
from pydantic import ValidationError
from slicerio.segmentation import terminology_entry_from_string, terminology_entry_to_string

from hlfd.catalogue import TASKS, TUMOR, Label, make_labels, organ_of, terminology


def test_labels_are_numbered_in_the_order_of_their_names():
    labels = make_labels(("kidney", "tumor", "cyst"), "kidney")
    assert [(label.name, label.value) for label in labels] == [("kidney", 1), ("tumor", 2), ("cyst", 3)]


def test_labels_that_are_shown_together_differ_in_colour():
    for names in (("kidney", "tumor", "cyst"), ("liver", "tumor"), ("one", "two", "three")):
        colors = {label.color_rgb for label in make_labels(names, "liver")}
        assert len(colors) == len(names)


@pytest.mark.parametrize(
    ("name", "organ", "code", "region"),
    [
        ("kidney", "kidney", "64033007", None),
        ("liver", "liver", "10200004", None),
        ("tumor", "kidney", "108369006", "64033007"),
        ("tumor", "liver", "108369006", "10200004"),
        ("cyst", "kidney", "367643001", "64033007"),
        ("vessel", "liver", "85756007", None),
    ],
)
def test_structures_have_their_snomed_codes_and_lesions_their_organ(name, organ, code, region):
    text = terminology(name, organ)
    entry = terminology_entry_from_string(text)
    assert entry["type"][:2] == ["SCT", code]
    assert entry.get("anatomicRegion", [None, None])[1] == region
    assert text.count("~") == 6
    assert terminology_entry_to_string(entry) == text


def test_the_tasks_are_those_of_the_paper():
    assert {name: task.window_hu for name, task in TASKS.items()} == {"kidney": (-200, 300), "liver": (-40, 160)}
    for name, task in TASKS.items():
        assert task.organ == name
        assert task.source_values == {name: (1,), TUMOR: (2,)}


@pytest.mark.parametrize("change", [{"value": 0}, {"value": 256}, {"color_rgb": (0, 0, 1.5)}, {"size": 3}])
def test_a_label_that_cannot_be_is_refused(change):
    good = make_labels(("tumor",), "liver")[0].model_dump()
    assert Label(**good).name == "tumor"
    with pytest.raises(ValidationError):
        Label(**{**good, **change})


def test_tumours_of_another_organ_are_not_placed_in_the_kidney():
    assert organ_of(("pancreas", "tumor"), "kidney") == "pancreas"
    assert organ_of(("cyst", "tumor"), "kidney") == "kidney"
    assert "Kidney" not in make_labels(("pancreas", "tumor"), "pancreas")[1].terminology
