"""The section Cases with a dataset in a folder, which the backend looks through."""

import json
import sys

import numpy as np
import pytest

from Testing.module.cases.case_bench import CaseBench
from Testing.module.clicking import choose, click, until, write


@pytest.fixture
def installed(home):
    """The backend is this Python."""
    (home / ".hlfd").mkdir()
    record = {"format": 1, "kind": "chosen", "python": sys.executable, "packages": "", "torch": "", "device": "cpu"}
    (home / ".hlfd" / "environment.json").write_text(json.dumps(record))


@pytest.fixture
def kits(tmp_path, desktop):
    """A folder of three cases in KiTS19's layout."""
    from HLFDSegmentationLib.NrrdFiles import writeNrrd

    for number in range(3):
        for name, kind in (("imaging", np.int16), ("segmentation", np.uint8)):
            place = tmp_path / "kits" / f"case_{number:05d}" / f"{name}.nrrd"
            writeNrrd(place, np.zeros((2, 3, 4), kind), np.eye(4))
    return tmp_path / "kits"


def chosenFolder(bench: CaseBench, place):
    choose(bench.panel.ui.sourceSelector, "A dataset folder or list")
    write(bench.panel.folder.ui.placeEdit, str(place))
    return bench.panel.folder.ui


def test_cases_of_a_folder_are_found_by_the_backend_and_given_parts(open_, installed, kits, tmp_path):
    bench = open_()
    ui = chosenFolder(bench, kits)
    assert ui.foundLabel.text == "Click Find cases to see what is in it."
    click(ui.findButton)
    until(lambda: ui.folderTable.rowCount == 3, 60)
    assert [ui.folderTable.item(row, 0).text() for row in range(3)] == ["case_00000", "case_00001", "case_00002"]
    assert bench.panel.ui.divisionLabel.text.startswith("3 cases of 3 patients: 1 for training, 1 for validation")
    ui.folderTable.selectRow(0)
    choose(ui.partSelector, "Test")
    plan = bench.panel.plan()
    export = plan.beginExport(tmp_path / "run" / "data")
    assert (plan.count, export.step(), export.total) == (3, True, 0)
    assert json.loads((tmp_path / "run" / "data" / "splits.json").read_text())["test"] == ["case_00000"]
    write(ui.organValuesEdit, "1, 2")
    assert "Value 2 is organ and tumour; give it one meaning." in bench.panel.ui.divisionLabel.text


def test_without_a_backend_finding_in_a_folder_says_where_to_get_it(open_, kits):
    bench = open_()
    ui = chosenFolder(bench, kits)
    click(ui.findButton)
    assert "is not installed yet; install it under Backend" in ui.foundLabel.text
    ui.foundLabel.linkActivated.emit("backend")
    assert bench.opened == ["backend"]


def test_a_folder_without_cases_is_told_in_the_words_of_the_backend(open_, installed, tmp_path):
    (tmp_path / "nothing").mkdir()
    ui = chosenFolder(open_(), tmp_path / "nothing")
    click(ui.findButton)
    until(lambda: "no cases found; expected case_" in ui.foundLabel.text, 60)
