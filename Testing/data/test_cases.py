"""Finding cases: KiTS19 and LiTS layouts and lists, as researchers have them on disk."""

import json
from pathlib import Path

import pytest

from hlfd.data.cases import find_cases
from hlfd.errors import InputError


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def names(source: Path, **options) -> list[str]:
    return [case.name for case in find_cases(source, **options)]


def patients(source: Path, **options) -> dict[str, str]:
    return {case.name: case.patient for case in find_cases(source, **options)}


@pytest.fixture
def kits(tmp_path: Path) -> Path:
    parts = ("imaging.nii.gz", "segmentation.nii.gz")
    touch(tmp_path / "kits", *(f"case_{number:05d}/{part}" for number in (0, 1, 10) for part in parts))
    return touch(tmp_path / "kits", "kits.json", "LICENSE", "notes/readme.txt")


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return touch(tmp_path, "images/a.nrrd", "images/b.mha", "labels/a.nrrd", "labels/b.mha")


# --- layouts ---


def test_a_kits19_folder_gives_its_cases_in_order(kits) -> None:
    found = find_cases(kits)
    assert [case.name for case in found] == ["case_00000", "case_00001", "case_00010"]
    assert found[2].image == kits / "case_00010" / "imaging.nii.gz"
    assert found[2].labels == kits / "case_00010" / "segmentation.nii.gz"
    assert [case.patient for case in found] == [case.name for case in found]


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_a_lits_folder_pairs_volumes_with_segmentations_by_number(tmp_path, ending) -> None:
    parts = ("volume", "segmentation")
    lits = touch(tmp_path, *(f"{part}-{number}{ending}" for part in parts for number in (0, 7, 12)))
    touch(tmp_path, "._volume-0.nii", "test-volume-3.nii", "volume-0.txt", "volume-x.nii", "volume-5", "volume-6/x.txt")
    found = {case.name: case for case in find_cases(lits)}
    assert set(found) == {"volume-0", "volume-7", "volume-12"}
    assert found["volume-12"].image == lits / f"volume-12{ending}"
    assert found["volume-12"].labels == lits / f"segmentation-12{ending}"


def test_lits_labels_may_have_another_ending_than_their_volume(tmp_path) -> None:
    touch(tmp_path, "volume-0.nii", "segmentation-0.nii.gz")
    assert find_cases(tmp_path)[0].labels.name == "segmentation-0.nii.gz"


def test_one_lits_volume_stored_twice_is_refused(tmp_path) -> None:
    touch(tmp_path, "volume-0.nii", "volume-0.nii.gz", "segmentation-0.nii")
    with pytest.raises(InputError, match="case volume-0: this name stands twice"):
        find_cases(tmp_path)


def test_a_kits19_checkout_without_its_images_says_what_is_missing(kits) -> None:
    (kits / "case_00001" / "imaging.nii.gz").unlink()
    with pytest.raises(InputError, match=r"case_00001: has no imaging\.nii\.gz"):
        find_cases(kits)


def test_cases_without_labels_are_refused_or_left_out_as_told(kits) -> None:
    (kits / "case_00001" / "segmentation.nii.gz").unlink()
    with pytest.raises(InputError, match=r"case case_00001: labels .* are missing.*--skip-unlabelled"):
        find_cases(kits)
    assert names(kits, skip_unlabelled=True) == ["case_00000", "case_00010"]


def test_a_folder_in_which_no_case_has_labels_is_refused(kits) -> None:
    for labels in kits.glob("*/segmentation.nii.gz"):
        labels.unlink()
    with pytest.raises(InputError, match="none of 3 cases has labels"):
        find_cases(kits, skip_unlabelled=True)


def test_an_empty_folder_says_what_was_expected(tmp_path) -> None:
    with pytest.raises(InputError, match=r"no cases found; expected case_\*/imaging\.nii\.gz.*volume-\*\.nii"):
        find_cases(tmp_path)


def test_a_path_that_is_not_there_says_so(tmp_path) -> None:
    with pytest.raises(InputError, match="no such folder or list"):
        find_cases(tmp_path / "nowhere")


# --- lists ---


def test_a_csv_has_paths_relative_to_itself_and_names_cases_after_images(pairs) -> None:
    (pairs / "list.csv").write_text("image,label\nimages/a.nrrd,labels/a.nrrd\nimages/b.mha,labels/b.mha\n")
    found = find_cases(pairs / "list.csv")
    assert [(case.name, case.patient) for case in found] == [("a", "a"), ("b", "b")]
    assert (found[1].image, found[1].labels) == (pairs / "images/b.mha", pairs / "labels/b.mha")


def test_a_csv_from_a_spreadsheet_is_forgiven_its_mark_capitals_and_blanks(pairs) -> None:
    rows = "Image, Label ,Case, Patient\nimages/a.nrrd, labels/a.nrrd , one, P1\nimages/b.mha,labels/b.mha,two,\n"
    (pairs / "LIST.CSV").write_text(rows, encoding="utf-8-sig")
    assert patients(pairs / "LIST.CSV") == {"one": "P1", "two": "two"}


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"cases": rows}], ids=["bare", "under cases"])
def test_a_json_list_is_read_as_a_csv_is(pairs, wrap) -> None:
    rows = [
        {"image": "images/a.nrrd", "label": "labels/a.nrrd", "case": "one", "patient": 17},
        {"image": str(pairs / "images/b.mha"), "label": str(pairs / "labels/b.mha"), "patient": None},
    ]
    (pairs / "list.json").write_text(json.dumps(wrap(rows)))
    assert patients(pairs / "list.json") == {"one": "17", "b": "b"}
    assert find_cases(pairs / "list.json")[1].image == pairs / "images/b.mha"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("list.csv", "image;label\na;b\n", "entry 1 needs `image` and `label`; found image;label"),
        ("list.csv", "image,label\nimages/a.nrrd,\n", "entry 1 needs `image` and `label`"),
        ("list.csv", "image,label\nimages/a.nrrd\n", "entry 1 needs `image` and `label`"),
        ("list.csv", "image,label\n", "no cases found"),
        ("list.csv", "", "no cases found"),
        ("list.json", "[{]", "not readable as a list of cases"),
        ("list.json", '{"rows": []}', "not readable as a list of cases"),
        ("list.json", "[1]", "not readable as a list of cases"),
        ("list.txt", "a b", r"a list of cases ends in \.csv or \.json"),
        ("list.csv", "image,label\nimages/a.nrrd,labels/zz.nrrd\n", r"case a: labels .*zz\.nrrd are missing"),
        ("list.csv", "image,label\nimages/zz.nrrd,labels/a.nrrd\n", r"case zz: image .*zz\.nrrd is missing"),
    ],
)
def test_a_list_that_cannot_be_used_says_why(pairs, name, text, told) -> None:
    (pairs / name).write_text(text)
    with pytest.raises(InputError, match=told):
        find_cases(pairs / name)


def test_a_list_that_is_not_text_is_refused(pairs) -> None:
    (pairs / "list.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(InputError, match="not readable as a list of cases"):
        find_cases(pairs / "list.csv")


def test_images_of_one_name_need_case_names_of_their_own(kits) -> None:
    rows = "".join(f"case_{n:05d}/imaging.nii.gz,case_{n:05d}/segmentation.nii.gz,{{{n}}}\n" for n in (0, 1))
    (kits / "list.csv").write_text("image,label,case\n" + rows.format("", ""))
    with pytest.raises(InputError, match=r"case imaging: this name stands twice.*column `case`"):
        find_cases(kits / "list.csv")
    (kits / "list.csv").write_text("image,label,case\n" + rows.format("one", "two"))
    assert names(kits / "list.csv") == ["one", "two"]


def test_names_that_differ_in_capitals_alone_are_one_name_on_windows_and_are_refused(pairs) -> None:
    (pairs / "list.csv").write_text("image,label,case\nimages/a.nrrd,labels/a.nrrd,P1\nimages/b.mha,labels/b.mha,p1\n")
    with pytest.raises(InputError, match="case p1: this name stands twice"):
        find_cases(pairs / "list.csv")


@pytest.mark.parametrize("name", ["a:b", "a/b", "a\\b", "..", ".a", "a.", "a b", "a*", "é", "-a"])
def test_names_that_are_no_folder_names_everywhere_are_refused(pairs, name) -> None:
    row = {"image": "images/a.nrrd", "label": "labels/a.nrrd", "case": name}
    (pairs / "list.json").write_text(json.dumps([row]))
    with pytest.raises(InputError, match=r"a case name has letters, digits, dots, dashes and underscores only"):
        find_cases(pairs / "list.json")


@pytest.mark.parametrize("name", ["a", "case_00000", "P-1.2", "7", "a_"])
def test_usual_names_are_taken(pairs, name) -> None:
    (pairs / "list.csv").write_text(f"image,label,case\nimages/a.nrrd,labels/a.nrrd,{name}\n")
    assert names(pairs / "list.csv") == [name]


# --- patients ---

TWO_PATIENTS = "case,patient\ncase_00000,A\ncase_00001,A\ncase_00010,B\n"
EXPECTED = {"case_00000": "A", "case_00001": "A", "case_00010": "B"}


@pytest.mark.parametrize("name", ["patients.csv", "cases.csv"])
def test_a_patient_list_in_the_folder_is_used_unasked(kits, name) -> None:
    (kits / name).write_text(TWO_PATIENTS)
    assert patients(kits) == EXPECTED


def test_a_patient_list_that_is_named_wins_over_that_in_the_folder(kits, tmp_path) -> None:
    (kits / "patients.csv").write_text(TWO_PATIENTS.replace("B", "C"))
    (tmp_path / "mine.csv").write_text(TWO_PATIENTS)
    assert patients(kits, patients=tmp_path / "mine.csv") == EXPECTED


def test_a_cases_csv_of_another_purpose_is_left_alone(kits) -> None:
    (kits / "cases.csv").write_text("case,age\ncase_00000,61\n")
    assert patients(kits)["case_00000"] == "case_00000"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("case,person\ncase_00000,A\n", "needs the columns case and patient; found case, person"),
        ("case,patient\ncase_00000,A\n", "names no patient for case case_00001; add a row"),
        (TWO_PATIENTS.replace("0001,A", "0001,"), "names no patient for case case_00001"),
        (TWO_PATIENTS + "case_00000,B\n", "case case_00000 has two patients"),
        ("", "names no patient for case case_00000"),
    ],
)
def test_a_patient_list_that_would_let_patients_come_apart_is_refused(kits, text, told) -> None:
    (kits / "patients.csv").write_text(text)
    with pytest.raises(InputError, match=told):
        find_cases(kits)


def test_a_patient_list_that_is_not_there_is_refused(kits, tmp_path) -> None:
    with pytest.raises(InputError, match="it should be a CSV with the columns case and patient"):
        find_cases(kits, patients=tmp_path / "nowhere.csv")
