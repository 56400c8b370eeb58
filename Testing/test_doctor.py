"""`hlfd doctor` as a user meets it."""

import importlib.metadata
import json
import subprocess
import sys

import pytest

from hlfd.commands.doctor import CommandSettings
from hlfd.doctor import examine
from hlfd.doctor.finding import Finding, listed, pip_command

TOPICS = ["python", "packages", "torch", "device", "driver", "memory", "disk", "cores", "workers"]


@pytest.fixture
def hidden(monkeypatch):
    """Make an installed package look as if it were not."""
    really = importlib.metadata.version

    def hide(name):
        def version(asked):
            if asked == name:
                raise importlib.metadata.PackageNotFoundError(asked)
            return really(asked)

        monkeypatch.setattr(importlib.metadata, "version", version)

    return hide


def test_every_topic_has_a_line_and_the_last_one_says_where_training_will_run(command, tmp_path):
    answer = command("doctor", tmp_path)
    lines = answer.out.splitlines()
    told = [line.split()[:2] for line in lines if line.split()[:1] and line.split()[0] in examine.STYLES]
    assert [topic for _, topic in told] == TOPICS
    assert lines[-1].startswith("Ready: training will run on ")
    assert (answer.status, answer.error) == (0, "")


def test_json_is_one_object_and_says_the_same(command, tmp_path):
    answer = command("doctor", "--json", tmp_path / "runs" / "first")
    told = json.loads(answer.out)
    assert (answer.status, answer.error, told["ready"]) == (0, "", True)
    assert told["device"] == "cpu" or told["device"].startswith(("cuda:", "mps"))
    assert [finding["topic"] for finding in told["findings"]] == TOPICS
    assert all(set(finding) == {"topic", "verdict", "say", "do", "facts"} for finding in told["findings"])
    assert told["findings"][6]["facts"]["folder"] == str(tmp_path / "runs" / "first")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("given", [["--json", "runs"], ["runs", "--json"]])
def test_the_folder_may_stand_on_either_side_of_json(given):
    settings = CommandSettings.from_command_line(given, "hlfd doctor")
    assert (str(settings.folder), settings.json_) == ("runs", True)


def test_what_is_bad_is_told_with_what_to_do_and_status_1(command, hidden, tmp_path):
    hidden("scipy")
    (tmp_path / "file").touch()
    answer = command("doctor", tmp_path / "file" / "runs")
    assert answer.status == 1
    do = pip_command("scipy>=1.13,<2")
    assert do.endswith('-m pip install "scipy>=1.13,<2"')
    assert f"bad      packages  scipy is not installed.\n{' ' * 19}Run: {do}\n" in answer.out
    assert "nothing can be written there" in answer.out
    assert answer.out.endswith("\nNot ready: see what is said of packages and disk above.\n")


def test_without_psutil_and_rich_it_still_says_what_to_install():
    code = (
        "import sys, importlib.metadata as m\n"
        "sys.modules |= {'psutil': None, 'rich.console': None}\nreally = m.version\n"
        "def version(name):\n    if name in ('psutil', 'rich'): raise m.PackageNotFoundError(name)\n"
        "    return really(name)\nm.version = version\n"
        "from hlfd.cli import main\nsys.exit(main(['doctor']))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert (
        "bad      machine   psutil is not installed, and without it nothing further can be looked at.\n" in ran.stdout
    )
    assert '-m pip install "rich>=13.9"' in ran.stdout
    assert ran.stdout.endswith("\nNot ready: see what is said of packages and machine above.\n")


def test_a_device_is_named_at_the_end_and_the_cpu_with_its_threads():
    cores = Finding("cores", "good", "", facts={"threads": 3})
    gpu = Finding("device", "good", "", facts={"chosen": "cuda:0", "called": "cuda:0 (NVIDIA A100)"})
    cpu = Finding("device", "warning", "", facts={"chosen": "cpu", "called": "cpu (x86_64)"})
    assert examine.conclusion([gpu, cores]) == "Ready: training will run on cuda:0 (NVIDIA A100)."
    assert examine.conclusion([cpu, cores]) == "Ready: training will run on the CPU, with 3 threads."


def test_words_are_quoted_where_a_shell_would_read_them_otherwise():
    end = '-m pip install -e "torch>=2.6,<3" --index-url https://a.org/b'
    assert pip_command("-e", "torch>=2.6,<3", "--index-url", "https://a.org/b").endswith(end)
    assert [listed(list(words)) for words in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]
