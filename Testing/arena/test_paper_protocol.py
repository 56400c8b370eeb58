"""`--protocol paper`: its settings, and the way from CTs to the table at a scale of seconds."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from hlfd.arena.summary import summarise
from hlfd.arena.tables import grid_table
from hlfd.cli import main
from hlfd.commands import arena, sweep
from hlfd.commands.distill import CommandSettings as DistillSettings
from hlfd.data.splits import split_by_patient
from hlfd.data.store import Store
from hlfd.distillation.methods import METHODS
from hlfd.errors import InputError
from Testing.arena.tiny_arena import arena_here

HU = np.array((-80, 60, 160))
SMALL = (
    *("--crop", 32, "--batch", 2, "--epochs", 2, "--seeds", 1, "--methods", "none,hlfd", "--device", "cpu"),
    *("--widths", "8,8,16,16", "--blocks", "1,1,1,1", "--teacher-widths", "8,8,8,8,8"),
)
MODELS = ("teacher", "none", "hlfd")


def paper(*options: object, command=arena):
    """Settings of a command under the paper's protocol, as its command line reads them."""
    arguments = ["store", "run", "--protocol", "paper", *(str(option) for option in options)]
    return command.CommandSettings.from_command_line(arguments, "hlfd arena")


# --- settings ---


@pytest.mark.parametrize("command", [arena, sweep])
def test_the_protocol_is_the_paper_s(command):
    """Section 3 of the paper, and 0.4 from its released code."""
    settings = paper(command=command)
    assert (settings.crop, settings.epochs, settings.seeds) == (512, 120, 3)
    assert (settings.tumor_share, settings.tumor_threshold, settings.map_stride) == (1, 0.4, "1")
    assert (settings.learning_rate, settings.final_learning_rate) == (1e-3, 1e-6)
    assert (settings.augment, settings.jitter, settings.decoder, settings.balanced) == (True, 0, False, False)
    assert settings.widths == (64, 128, 256, 512) and settings.teacher_widths == (64, 128, 256, 512, 1024)


def test_the_weights_are_the_paper_s_where_none_are_given():
    recipe = paper().recipe("hlfd")
    assert {route.term: route.weight for route in recipe.routes} == {"UFD": 0.9, "IFD": 0.9, "UPD": 0.1, "IPD": 0.1}
    assert all(name in METHODS for name in paper().methods.split(","))


def test_without_the_protocol_the_most_probable_class_is_taken():
    settings = arena.CommandSettings.from_command_line(["store", "run"], "hlfd arena")
    assert (settings.protocol, settings.tumor_threshold, settings.epochs) == ("volume", None, None)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("crop", 64),
        ("epochs", 3),
        ("seeds", 1),
        ("tumor-share", 0.5),
        ("tumor-threshold", 0.7),
        ("map-stride", "4"),
        ("learning-rate", 0.01),
    ],
)
def test_an_option_that_is_given_wins_over_the_protocol(option, value):
    name = option.replace("-", "_")
    changed, plain = paper(f"--{option}", value).record(), paper().record()
    assert changed.pop(name) == value and plain.pop(name) != value
    assert changed == plain


def test_steps_that_are_given_win_over_the_protocol_s_epochs():
    assert (paper("--steps", 70).steps, paper("--steps", 70).epochs) == (70, None)
    assert paper("--steps", 70, "--epochs", 4).epochs == 4


def test_a_settings_file_wins_over_the_protocol_and_options_over_both(tmp_path):
    file = tmp_path / "paper.json"
    file.write_text(json.dumps({"protocol": "paper", "crop": 64, "steps": 9, "tumor_threshold": None}))
    arguments = ["store", "run", "--settings", str(file), "--crop", "96"]
    settings = arena.CommandSettings.from_command_line(arguments, "hlfd arena")
    assert (settings.crop, settings.steps, settings.epochs, settings.tumor_threshold) == (96, 9, None, None)


@pytest.mark.parametrize("options", [(), ("--steps", 70), ("--epochs", 4, "--crop", 64)])
def test_the_record_of_a_protocol_is_read_as_the_same_settings(options):
    settings = paper(*options)
    assert type(settings).model_validate(settings.record()) == settings


@pytest.mark.parametrize("value", ["0", "1", "40"])
def test_a_threshold_that_is_no_probability_is_refused(value):
    with pytest.raises(InputError, match="tumor-threshold"):
        paper(f"--tumor-threshold={value}")


# --- division ---


def divided(with_tumor: int, without: int, validation: float, test: float) -> tuple[int, int, int]:
    """Sizes of training, validation and test, each case a patient of its own."""
    patient_of = {f"case {number:03d}": f"patient {number:03d}" for number in range(with_tumor + without)}
    splits = split_by_patient(patient_of, set(list(patient_of)[:with_tumor]), validation, test, seed=0)
    return len(splits.training), len(splits.validation), len(splits.test)


def test_the_shares_of_the_guide_divide_kits19_as_the_paper_does():
    training, validation, test = divided(210, 0, 0.12, 0.2)
    assert (training + validation, test) == (168, 42)
    assert (training, validation) == (143, 25)


@pytest.mark.parametrize("without", range(3, 40))
def test_the_shares_of_the_guide_divide_lits_as_the_paper_does_however_many_have_tumour(without):
    training, validation, test = divided(201 - without, without, 0.1, 0.3483)
    assert (training + validation, test) == (131, 70)
    assert validation in (19, 20, 21)


# --- the whole way, small ---


def write_case(folder: Path, number: int) -> None:
    """Write a case in the layout of KiTS19: 5 slices, tumour on 1 to 4 of them, pixels of its own size."""
    generator = np.random.default_rng(number)
    labels = np.zeros((5, 32, 32), np.uint8)
    row, column = generator.integers(2, 8, size=2)
    labels[:, row : row + 20, column : column + 20] = 1
    labels[: 1 + number % 4, row + 4 : row + 16, column + 4 : column + 16] = 2
    hu = (HU[labels] + generator.normal(0, 10, labels.shape)).astype(np.int16)
    folder.mkdir(parents=True)
    for name, array in (("imaging", hu), ("segmentation", labels)):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing((0.6 + 0.05 * number, 0.6 + 0.05 * number, 3.0))
        sitk.WriteImage(image, str(folder / f"{name}.nii.gz"))


@pytest.fixture(scope="module")
def a_paper_arena(tmp_path_factory) -> tuple[Path, Path]:
    """Store and arena of the guide's commands on ten cases, with the options that make it small; to be read only."""
    folder = tmp_path_factory.mktemp("paper")
    for number in range(10):
        write_case(folder / "kits19" / f"case_{number:05d}", number)
    prepare = ("prepare", folder / "kits19", folder / "store", "--task", "kidney", "--own-pixels")
    assert hlfd(*prepare, "--test", 0.2, "--validation", 0.12) == 0
    assert arena_here("arena", folder / "store", folder / "run", "--protocol", "paper", *SMALL) == 0
    return folder / "store", folder / "run"


def hlfd(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def read(file: Path) -> dict:
    return json.loads(file.read_text(encoding="utf-8"))


def tumor_slices(store: Path) -> int:
    """Of the training cases, counted in the CTs' own label files."""
    cases = Store(store).cases("training")
    maps = [sitk.GetArrayFromImage(sitk.ReadImage(str(case.labels))) for case in cases]
    return sum(int((labels == 2).any(axis=(1, 2)).sum()) for labels in maps)


def test_slices_keep_their_own_pixels_and_the_paper_s_window(a_paper_arena):
    manifest = Store(a_paper_arena[0]).manifest
    assert (manifest.pixel_mm, manifest.window_hu) == (None, (-200, 300))
    assert {case.shape for case in manifest.cases} == {(5, 32, 32)}
    assert len({case.spacing_mm for case in manifest.cases}) == 10
    assert [len(Store(a_paper_arena[0]).cases(part)) for part in ("training", "validation", "test")] == [7, 1, 2]


@pytest.mark.parametrize("model", MODELS)
def test_the_protocol_reaches_every_training(a_paper_arena, model):
    store, run = a_paper_arena
    settings = read(run / model / "seed-0" / "settings.json")
    assert settings["steps"] == round(2 * tumor_slices(store) / 2)
    wanted = {"tumor_share": 1, "crop": 32, "augment": True, "jitter": 0, "seed": 0, "batch": 2}
    assert {name: settings[name] for name in wanted} == wanted
    assert (settings["learning_rate"], settings["final_learning_rate"]) == (1e-3, 1e-6)
    assert read(run / model / "seed-0" / "result.json")["steps"] == settings["steps"]


def test_the_student_compares_maps_at_full_size_with_the_paper_s_weights(a_paper_arena):
    settings = read(a_paper_arena[1] / "hlfd" / "seed-0" / "settings.json")
    assert (settings["map_stride"], settings["beta"], settings["lambda"]) == ("1", None, None)
    routes = DistillSettings.model_validate(settings).recipe(settings["method"], settings["terms"]).routes
    assert {route.weight for route in routes} == {0.9, 0.1}


def test_the_teacher_is_asked_for_tumour_slices_alone(a_paper_arena):
    store = Store(a_paper_arena[0])
    (targets,) = (store.folder / "targets").iterdir()
    for case in store.cases("training"):
        maps = list((targets / case.name).glob("pixel-*.npy"))
        assert {np.load(file, mmap_mode="r").shape for file in maps} == {(case.tumor_slices, 3, 32, 32)}


@pytest.mark.parametrize("part", ["validation", "test"])
@pytest.mark.parametrize("model", MODELS)
def test_every_measurement_counts_tumour_from_0_4(a_paper_arena, tmp_path, model, part):
    store, run = a_paper_arena
    measured = run / "measured" / part / model / "seed-0"
    assert read(measured / "summary.json")["tumor_threshold"] == 0.4
    bundle = run / model / "seed-0" / "bundle"
    again = ("evaluate", store, tmp_path / "out", "--model", bundle, "--part", part, "--device", "cpu")
    assert hlfd(*again, "--tumor-threshold", 0.4) == 0
    assert (tmp_path / "out" / "cases.csv").read_bytes() == (measured / "cases.csv").read_bytes()


def test_slices_with_tumour_decide(a_paper_arena):
    store, run = a_paper_arena
    found = read(run / "arena.json")
    assert (found["protocol"], found["part"]) == ("paper", "test")
    assert found["about"]["settings"]["tumor_threshold"] == 0.4
    assert {row["row"] for row in found["rows"]} == set(MODELS)
    with (run / "cases.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["protocol"] == "paper" and row["label"] == "tumor"]
    slices = {case.name: case.tumor_slices for case in Store(store).manifest.cases}
    assert rows and all(int(row["slices"]) == slices[row["case"]] for row in rows)
    assert (run / "table.md").read_text(encoding="utf-8").startswith("# Arena")


# --- what the protocol decides in tables ---


@pytest.fixture
def apart(entry):
    """Makes an entry whose tumour Dice differs by protocol, on validation and test cases alike."""

    def make(row: str, volume: float, paper: float):
        made = entry(row, 0, {"case 1": paper, "case 2": paper}, {"case 1": paper, "case 2": paper})
        for folder in (made.validation, made.test):
            lines = (
                (folder / "cases.csv")
                .read_text(encoding="utf-8")
                .replace(f"volume,tumor,{paper}", f"volume,tumor,{volume}")
            )
            (folder / "cases.csv").write_text(lines, encoding="utf-8")
        return made

    return make


def test_whether_the_teacher_leads_is_asked_under_the_protocol_that_decides(apart):
    entries = [apart("teacher", 0.35, 0.6), apart("none", 0.3, 0.4), apart("hlfd", 0.3, 0.5)]
    assert not summarise(entries, {}, "paper").conclusion.startswith("No conclusion")
    assert "has 35.0 and the student alone 30.0" in summarise(entries, {}, "volume").conclusion


def test_the_grid_of_weights_is_ranked_under_the_protocol_that_decides(apart):
    pairs = [(0.9, 0.1), (1.8, 0.1)]
    names = [f"hlfd[beta={beta},lambda={lambda_}]" for beta, lambda_ in pairs]
    rows = summarise([apart(names[0], 0.2, 0.5), apart(names[1], 0.3, 0.4)], {}, "paper").rows
    cells = [(*pair, row) for pair, row in zip(pairs, rows, strict=True)]
    assert grid_table(cells, "paper").splitlines()[2:] == [
        "| 0.9 | 0.1 | 1 | **50.0** | 50.0 |",
        "| 1.8 | 0.1 | 1 | 40.0 | 40.0 |",
    ]
    assert (
        grid_table(cells, "volume").splitlines()[0]
        == "| beta | lambda | seeds | DSC volume, validation | DSC volume, test |"
    )
    assert grid_table(cells, "volume").splitlines()[3] == "| 1.8 | 0.1 | 1 | **30.0** | 30.0 |"
