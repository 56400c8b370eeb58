"""The `hlfd` command as a user meets it: help, mistakes, interruption, exit status."""

import _thread
import importlib
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk

import hlfd
from hlfd.cli import COMMANDS, main, module_of
from hlfd.files import write_json
from hlfd.models.registry import NETWORKS
from hlfd.settings import Settings
from Testing.training.apart import hearing_ctrl_c

HEAVY = {"torch", "monai", "SimpleITK", "scipy", "matplotlib"}


def help_of(name, capsys):
    with pytest.raises(SystemExit) as left:
        main([*name.split(), "--help"])
    assert left.value.code == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.fixture
def a_ct(tmp_path):
    """A CT of ten slices."""
    file = tmp_path / "ct.nrrd"
    hu = np.random.default_rng(0).integers(-200, 400, (10, 9, 8), np.int16)
    sitk.WriteImage(sitk.GetImageFromArray(hu), str(file))
    return file


@pytest.mark.parametrize("asked", [["--help"], ["-h"]])
def test_help_lists_every_command(asked, command):
    answer = command(*asked)
    assert answer.status == 0
    for name, text in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(text)}$", answer.out, re.MULTILINE)


def test_no_command_shows_the_help_and_fails(command):
    assert command().status == 2
    assert command().out == command("--help").out


def test_the_version_is_told(command):
    assert command("--version").out == f"hlfd {hlfd.__version__}\n"


def test_an_unknown_command_is_refused_with_those_there_are(refused):
    assert "segmnt: no such command; there are phantom, prepare" in refused("segmnt")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_setting_of_a_command_is_explained(name, capsys):
    shown = help_of(name, capsys)
    fields = importlib.import_module(module_of(name)).CommandSettings.model_fields
    assert fields
    for field in fields.values():
        assert field.description
        assert " ".join(field.description.split()).rstrip(".") in shown.replace("- ", "-")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_speaks_of_no_python_types(name, capsys):
    shown = help_of(name, capsys)
    assert not re.search(r"tuple\[|\bPath\b|\bstr\b|\bint\b|\bfloat\b|default: None|default: \(|factory", shown)
    assert not re.search(r"--\S+-[ ,]", shown)


ANSWERED_AT_ONCE = [
    ["--help"],
    ["--version"],
    [],
    ["nonsense"],
    ["jobs"],
    *([*name.split(), "--help"] for name in COMMANDS),
]


@pytest.mark.parametrize("asked", ANSWERED_AT_ONCE, ids=" ".join)
def test_help_answers_without_loading_torch_and_its_like(asked):
    code = (
        "import sys, contextlib\nfrom hlfd.cli import main\n"
        f"with contextlib.suppress(SystemExit): main({asked!r})\n"
        f"loaded = {HEAVY!r} & set(sys.modules)\nsys.exit(', '.join(loaded) or 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_python_m_hlfd_is_the_same_command():
    ran = subprocess.run([sys.executable, "-m", "hlfd", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout == f"hlfd {hlfd.__version__}\n"
    bad = subprocess.run([sys.executable, "-m", "hlfd", "nonsense"], capture_output=True, text=True, check=False)
    assert bad.returncode == 2
    assert "Traceback" not in bad.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["segment"], "the following arguments are required: CT"),
        (["segment", "ct", "--out", "x.nrrd"], "--model: is missing"),
        (["segment", "ct", "--model"], "argument --model: expected one argument"),
        (["segment", "ct", "--modle", "m"], "unrecognized arguments: --modle=m"),
        (["segment", "ct", "--model", "m", "--out", "x", "--device", "gpu"], "--device: Input should be 'auto', 'cpu'"),
        (["evaluate", "s", "o"], "give --model BUNDLE or --predictions FOLDER, one of the two"),
        (["evaluate", "s", "o", "--model", "m", "--predictions", "p"], "give --model BUNDLE or --predictions FOLDER"),
        (["distill", "s", "r", "--steps", "0"], "--steps: Input should be greater than 0, found '0'"),
        (["distill", "s", "r", "--steps", "five"], "--steps: Input should be a valid integer"),
        (["distill", "s", "r", "--lambda", "-1"], "--lambda: Input should be greater than or equal to 0, found '-1'"),
        (["distill", "s", "r", "--widths", "8,16"], "--widths, value 3: is missing"),
        (["prepare", "d", "s", "--window-hu", "300,-200"], "needs the lower value first"),
        (["prepare", "d", "s", "--labels", "tumor"], "--labels: 'tumor' is not of the form name=value"),
        (["segment", "ct", "--settings"], "--settings: needs the path of a JSON or TOML file"),
    ],
)
def test_a_bad_option_is_told_in_one_sentence(arguments, told, refused):
    sentence = refused(*arguments)
    assert told in sentence
    assert "--settings" in arguments or f"see `hlfd {arguments[0]} --help`" in sentence


def test_a_fault_of_hlfd_itself_is_not_hidden(a_ct, threshold_bundle, monkeypatch, tmp_path, capsys):
    network, settings = NETWORKS["threshold"]

    class Broken(network):
        def forward(self, images):
            raise ZeroDivisionError

    monkeypatch.setitem(NETWORKS, "threshold", (Broken, settings))
    with pytest.raises(ZeroDivisionError):
        main(["segment", str(a_ct), "--model", str(threshold_bundle), "--out", str(tmp_path / "out.nrrd")])
    assert not (tmp_path / "out.nrrd").exists()


@pytest.mark.parametrize(("name", "arguments"), [("pydantic", ["doctor"]), ("torch", ["teach", "store", "run"])])
def test_a_package_that_is_missing_is_told_with_the_command_that_installs_it(name, arguments, tmp_path):
    program = f"import sys; sys.modules[{name!r}] = None; from hlfd.cli import main; sys.exit(main({arguments!r}))"
    ran = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"hlfd: {arguments[0]}: {name} is not installed; run: ")
    assert " -m pip install -e " in ran.stderr


@pytest.fixture
def interrupted_bundle(threshold_bundle, monkeypatch):
    """A bundle in whose second batch of slices the user presses Ctrl-C."""
    network, settings = NETWORKS["threshold"]

    class Interrupted(network):
        def forward(self, images):
            if self.batches:
                _thread.interrupt_main()
            return super().forward(images)

    monkeypatch.setitem(NETWORKS, "threshold", (Interrupted, settings))
    with hearing_ctrl_c():
        yield threshold_bundle


def test_ctrl_c_leaves_the_old_output_and_nothing_half_written(a_ct, interrupted_bundle, command, tmp_path):
    out = tmp_path / "out.nii.gz"
    out.write_text("old", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    answer = command("segment", a_ct, "--model", interrupted_bundle, "--out", out, "--overwrite")
    assert answer.status == 130
    assert answer.error == "hlfd: segment: stopped; nothing is half-written\n"
    assert out.read_text(encoding="utf-8") == "old"
    assert sorted(tmp_path.rglob("*")) == before


@pytest.fixture
def locked_folder(tmp_path):
    """A folder that may be read and not written, and a block in which even root is held to that."""
    folder = tmp_path / "locked"
    folder.mkdir()
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_mode & 0o055 != 0o055:
            parent.chmod(parent.stat().st_mode | 0o055)
    if os.name == "nt":
        subprocess.run(["icacls", str(folder), "/deny", "*S-1-1-0:(WD,AD)"], check=True, capture_output=True)
        yield folder
        subprocess.run(["icacls", str(folder), "/remove:d", "*S-1-1-0"], check=True, capture_output=True)
        return
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield folder
    if root:
        os.seteuid(0)
    folder.chmod(0o755)


def test_a_folder_that_may_not_be_written_is_told_before_any_work(refused, locked_folder):
    sentence = refused("segment", "ct.nrrd", "--model", "m", "--out", locked_folder / "out.nrrd")
    assert f"{locked_folder}: nothing can be written there (Permission denied); choose another place" in sentence


def test_a_file_that_may_not_be_written_is_told_in_one_sentence(locked_folder, capsys):
    from hlfd.cli import _fault_of_place

    with pytest.raises(PermissionError) as caught:
        write_json(locked_folder / "result.json", {})
    sentence = _fault_of_place(caught.value)
    assert str(locked_folder) in sentence
    assert "cannot be read or written (Permission denied); check permissions and disk" in sentence


def test_the_paper_s_lambda_is_an_option_without_its_python_underscore():
    from hlfd.commands.distill import CommandSettings

    settings = CommandSettings.from_command_line(["store", "run", "--lambda", "0.3"], "hlfd distill")
    assert settings.lambda_ == 0.3
    assert settings.record()["lambda"] == 0.3
    assert issubclass(CommandSettings, Settings)
