"""The section Models, clicked: importing, exporting, removing, using; and what is broken or in the way."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from torch import nn

from hlfd.bundle import save_bundle

MODULE = Path(__file__).parents[2] / "HLFDSegmentation"
TINY = {"widths": [2, 2, 2, 2], "blocks": [1, 1, 1, 1]}


@pytest.fixture
def aBundle(tmp_path, facts_of_a_bundle):
    """Makes a bundle by the backend's own hand; another network for another seed."""

    def make(seed: int = 0, **facts) -> Path:
        torch.manual_seed(seed)
        folder = tmp_path / f"exported {seed}"
        save_bundle(folder, nn.Conv2d(1, 3, 1), {**facts_of_a_bundle("resnet", TINY), **facts})
        return folder

    return make


class Section:
    """Models alone in a window; what it opens and uses is written down."""

    def __init__(self):
        import qt

        from HLFDSegmentationLib.Bench import MODELS, Bench
        from HLFDSegmentationLib.Models.ModelsPanel import ModelsPanel

        self.used, self.told = [], []
        self.window = qt.QWidget()
        qt.QVBoxLayout(self.window)
        self.bench = Bench(lambda name: str(MODULE / "Resources" / name), lambda section: None)
        self.bench.useModel = self.used.append
        self.panel = ModelsPanel(self.bench, self.window)
        self.bench.listen(MODELS, lambda: self.told.append(MODELS))
        self.window.layout().addStretch(1)
        self.window.resize(420, 700)
        self.window.show()
        for name, widget in vars(self.panel._ui).items():
            setattr(self, name, widget)

    def pick(self, button, entry: str) -> None:
        """Choose an entry of a button's menu."""
        assert button.visible and button.enabled, "a user cannot reach the menu"
        [action] = [action for action in button.menu().actions() if action.text == entry]
        action.trigger()

    def rows(self) -> list[list[str]]:
        table = self.modelsTable
        cells = [[table.item(row, column) for column in range(table.columnCount)] for row in range(table.rowCount)]
        return [[cell.text() for cell in row if cell is not None] for row in cells]

    def toItsEnd(self) -> str:
        """Wait until nothing is being copied; gives the message."""
        from Testing.module.clicking import until

        until(lambda: not self.busyBar.visible)
        return self.messageLabel.text


@pytest.fixture
def section(desktop):
    section = Section()
    yield section
    section.panel.close()
    section.window.delete()


def test_an_empty_library_says_how_to_get_a_model(section):
    assert "There are no models yet" in section.emptyLabel.text
    assert section.emptyLabel.visible
    assert section.importButton.enabled
    for widget in (section.modelsTable, section.cardView, section.useButton, section.exportButton):
        assert not widget.visible


def test_a_folder_is_imported_shown_and_used(section, aBundle):
    import qt

    from Testing.module.clicking import click

    training = {**json.loads((aBundle(9) / "manifest.json").read_text())["training"], "training_cases": 12}
    real = {"synthetic": False, "training": {**training, "validation_tumor_dice": 0.614}}
    qt.answers.give(str(aBundle(**real)))
    section.pick(section.importButton, "A folder…")
    assert not section.importButton.enabled
    assert section.toItsEnd() == "“kidney tumour student, by hand” is in the library now."
    assert section.rows() == [["kidney tumour student, by hand", "kidney", "12", "0.61"]]
    card = section.cardView.plainText
    assert "What it was made from" in card
    assert "Research only. Not a medical device" in card
    assert "trained by " in card and "`" not in card
    assert not [line for line in card.splitlines() if "hlfd segment" in line or "evaluate" in line]
    assert section.told == ["models"]
    click(section.useButton)
    assert section.used == ["kidney tumour student, by hand"]


def test_a_zip_goes_out_and_comes_in_again(section, aBundle, tmp_path):
    import qt

    name = section.bench.models.add(aBundle())
    section.panel.refresh()
    qt.answers.give(str(tmp_path / "for a friend"))
    section.pick(section.exportButton, "As a .zip file…")
    assert section.toItsEnd() == f"“{name}” was exported to {tmp_path / 'for a friend.zip'}."
    section.bench.models.remove(name)
    qt.answers.give(str(tmp_path / "for a friend.zip"))
    section.pick(section.importButton, "A .zip file…")
    section.toItsEnd()
    assert section.rows() == [[name, "kidney", "2 synthetic", "–"]]


def test_a_folder_gets_the_model_in_a_folder_of_its_name(section, aBundle, tmp_path):
    import qt

    name = section.bench.models.add(aBundle(), "mine")
    section.panel.refresh()
    qt.answers.give(str(tmp_path))
    section.pick(section.exportButton, "As a folder…")
    section.toItsEnd()
    assert (tmp_path / name / "weights.safetensors").is_file()


def test_what_is_there_already_is_shown_and_not_copied(section, aBundle):
    import qt

    section.bench.models.add(aBundle(0), "first")
    section.bench.models.add(aBundle(1), "second")
    section.panel.refresh()
    assert section.modelsTable.currentRow() == 0
    qt.answers.give(str(section.bench.models.folder("second")))
    section.pick(section.importButton, "A folder…")
    assert "already in the library, as “second”" in section.toItsEnd()
    assert section.modelsTable.currentRow() == 1
    assert len(section.rows()) == 2


def test_a_damaged_model_is_refused_in_the_panel(section, aBundle):
    import qt

    source = aBundle()
    (source / "weights.safetensors").write_bytes(b"nothing")
    qt.answers.give(str(source))
    section.pick(section.importButton, "A folder…")
    assert "weights.safetensors was altered or damaged" in section.toItsEnd()
    assert section.importButton.enabled
    assert section.rows() == []


def test_who_chooses_nothing_changes_nothing(section):
    import qt

    qt.answers.give("")
    section.pick(section.importButton, "A folder…")
    assert not section.messageLabel.visible
    assert not section.busyBar.visible


@pytest.mark.parametrize("isSure", [False, True])
def test_a_model_is_removed_by_those_who_are_sure(section, aBundle, isSure):
    import qt

    from Testing.module.clicking import click

    name = section.bench.models.add(aBundle())
    section.panel.refresh()
    qt.answers.give(qt.QMessageBox.Yes if isSure else qt.QMessageBox.No)
    click(section.removeButton)
    section.toItsEnd()
    assert section.bench.models.names() == ([] if isSure else [name])
    assert section.emptyLabel.visible == isSure
    assert section.told == (["models"] if isSure else [])


def test_a_broken_model_stands_in_the_list_and_the_rest_works(section, aBundle):
    from Testing.module.clicking import click

    for seed, name in enumerate(("broken", "whole")):
        section.bench.models.add(aBundle(seed), name)
    (section.bench.models.folder("broken") / "weights.safetensors").unlink()
    section.panel.refresh()
    assert section.rows()[0] == ["The model “broken” lacks weights.safetensors; remove it and import it again."]
    assert not section.useButton.enabled
    assert section.removeButton.enabled
    section.modelsTable.selectRow(1)
    assert section.cardView.visible
    assert not section.messageLabel.visible
    click(section.useButton)
    assert section.used == ["whole"]


def test_a_model_that_somebody_deleted_meanwhile_is_told_when_it_is_clicked(section, aBundle):
    from Testing.module.clicking import click

    for seed, name in enumerate(("a", "b")):
        section.bench.models.add(aBundle(seed), name)
    section.panel.refresh()
    shutil.rmtree(section.bench.models.folder("b"))
    section.modelsTable.selectRow(1)
    assert "is not in the library any more" in section.messageLabel.text
    assert not section.useButton.enabled
    section.panel.refresh()
    assert [row[0] for row in section.rows()] == ["a"]
    click(section.useButton)
    assert section.used == ["a"]
