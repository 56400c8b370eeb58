"""What a segment is taken for, by its codes, its name in several languages, or its number."""

import pytest

from HLFDSegmentationLib.Cases.SegmentMeanings import (
    BY_HAND,
    BY_NAME,
    BY_NUMBER,
    BY_TERMINOLOGY,
    IGNORED,
    ORGAN,
    TUMOR,
    UNKNOWN,
    Meaning,
    Structure,
    guessTask,
    meaningOf,
)
from slicer_phantoms import ANATOMIC, KIDNEY, MASTER, TUMOUR

TISSUE = f"{MASTER}~SCT^85756007^Tissue~SCT^85756007^Tissue~^^~{ANATOMIC}~^^~^^"
LIVER_TUMOUR = TUMOUR.replace("SCT^64033007^Kidney", "SCT^10200004^Liver")
CYST = TUMOUR.replace("SCT^108369006^Neoplasm", "SCT^367643001^Cyst")


def named(name: str, task: str = "kidney") -> Meaning:
    return meaningOf(Structure("Segment_1", name), task)


@pytest.mark.parametrize(
    ("name", "task"),
    [
        *(("kidney left", "kidney"), ("Kidney_right", "kidney"), ("Niere links", "kidney"), ("rein gauche", "kidney")),
        *(("Riñón derecho", "kidney"), ("左肾", "kidney"), ("почка", "kidney"), ("healthy kidney", "kidney")),
        *(("Liver", "liver"), ("Leber", "liver"), ("foie", "liver"), ("Hígado", "liver"), ("wątroba", "liver")),
        *(("kidney_cyst_left", "kidney"), ("Nierenzyste", "kidney"), ("tumor-free liver", "liver")),
    ],
)
def test_an_organ_and_its_cysts_are_known_by_name(name, task):
    assert named(name, task) == Meaning(ORGAN, BY_NAME)


@pytest.mark.parametrize(
    ("name", "task"),
    [
        *(("tumor", "kidney"), ("Tumour 2", "kidney"), ("tumeur", "kidney"), ("Nierentumor", "kidney")),
        *(("KidneyTumor_1", "kidney"), ("kidney with tumour", "kidney"), ("ccRCC", "kidney"), ("肿瘤", "kidney")),
        *(("Lésion hépatique", "liver"), ("HCC", "liver"), ("Lebermetastase", "liver"), ("опухоль", "liver")),
    ],
)
def test_a_tumour_is_known_by_name(name, task):
    assert named(name, task) == Meaning(TUMOR, BY_NAME)


@pytest.mark.parametrize(
    ("name", "task"),
    [
        *(("adrenal_gland_left", "kidney"), ("Nebenniere", "kidney"), ("renal vein", "kidney"), ("spleen", "kidney")),
        *(("liver", "kidney"), ("kidney", "liver"), ("pancreas tumour", "kidney"), ("liver tumour", "kidney")),
        *(("liver_vessel", "liver"),),
    ],
)
def test_what_is_near_or_belongs_to_another_organ_is_left_out(name, task):
    assert named(name, task) == Meaning(IGNORED, BY_NAME)


@pytest.mark.parametrize("name", ["Segment_1", "massive", "vesicle", "", "7"])
def test_a_name_that_says_nothing_is_left_out_and_that_is_told(name):
    assert named(name) == Meaning(IGNORED, UNKNOWN)


@pytest.mark.parametrize(
    ("terminology", "name", "meaning"),
    [
        (KIDNEY, "A", ORGAN),
        (TUMOUR, "A", TUMOR),
        (CYST, "A", ORGAN),
        (LIVER_TUMOUR, "A", IGNORED),
        (KIDNEY.replace("SCT^64033007^Kidney", "SCT^10200004^Liver"), "kidney", IGNORED),
        (TUMOUR.replace("SCT^64033007^Kidney", "^^"), "pancreas", IGNORED),
        (TUMOUR.replace("SCT^64033007^Kidney", "^^"), "A", TUMOR),
    ],
)
def test_terminology_comes_before_the_name(terminology, name, meaning):
    assert meaningOf(Structure("1", name, terminology), "kidney") == Meaning(meaning, BY_TERMINOLOGY)


@pytest.mark.parametrize("terminology", ["", TISSUE, "nonsense", "a~b~c"])
def test_terminology_that_says_nothing_leaves_it_to_the_name(terminology):
    assert meaningOf(Structure("1", "tumour", terminology), "kidney") == Meaning(TUMOR, BY_NAME)


@pytest.mark.parametrize(("value", "meaning"), [(1, ORGAN), (2, TUMOR), (3, ORGAN), (4, IGNORED)])
def test_numbers_without_names_are_those_of_the_usual_data_sets(value, meaning):
    assert meaningOf(Structure(str(value), f"value {value}", value=value), "liver") == Meaning(meaning, BY_NUMBER)


def test_what_is_chosen_for_a_case_wins_over_what_holds_for_all_and_both_over_guesses():
    kidney = Structure("1", "kidney", KIDNEY)
    assert meaningOf(kidney, "kidney", {}, {"kidney": IGNORED}) == Meaning(IGNORED, BY_HAND)
    assert meaningOf(kidney, "kidney", {"kidney": TUMOR}, {"kidney": IGNORED}) == Meaning(TUMOR, BY_HAND)
    assert meaningOf(kidney, "kidney", {"other": TUMOR}) == Meaning(ORGAN, BY_TERMINOLOGY)


def test_the_organ_that_most_segments_speak_of_is_the_task():
    liver = [Structure("1", "liver"), Structure("2", "tumour", LIVER_TUMOUR), Structure("3", "Niere")]
    assert guessTask(liver) == "liver"
    assert guessTask([Structure("1", "A", KIDNEY)]) == "kidney"
    assert guessTask([]) == "kidney"
