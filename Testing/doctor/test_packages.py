"""What `hlfd doctor` says of Python and of packages."""

import sys

import pytest

from hlfd.doctor import packages

NEEDS = ["torch<3,>=2.6", "rich>=13.9", 'optuna<5,>=4; extra == "search"', 'hlfd[slicer]; extra == "demo"']
NEEDS += ['slicer-core>=5.13; extra == "slicer"', 'pytest>=9; extra == "test"', 'winreg; platform_system == "none"']
ALL = {"torch": "2.13.0+cpu", "rich": "15.0.0", "optuna": "4.9.0", "slicer-core": "5.13.31053.0"}


def of_packages(**changes):
    """The finding where `ALL` is installed but for changes; None stands for a package that is not."""
    there = ALL | {name.replace("_", "-"): version for name, version in changes.items()}
    return packages.judge_packages(packages.read_packages(NEEDS, there.get))


@pytest.mark.parametrize(
    ("version", "bits", "verdict", "say"),
    [
        ("3.11.7", 64, "good", "Python 3.11.7, 64-bit."),
        ("3.13.0rc1", 64, "good", "Python 3.13.0rc1, 64-bit."),
        ("3.10.14", 64, "bad", "Python 3.10.14, 64-bit, is too old: hlfd needs 3.11 or newer."),
        ("3.12.1", 32, "bad", "Python 3.12.1, 32-bit, is of the wrong kind: torch is built for 64 bits only."),
    ],
)
def test_python_is_new_enough_and_of_64_bits(version, bits, verdict, say):
    finding = packages.judge_python({"version": version, "bits": bits})
    assert (finding.verdict, finding.say) == (verdict, say)
    assert ("64-bit Python 3.11" in finding.do) == (verdict == "bad")


def test_packages_are_counted_where_all_fit():
    finding = of_packages()
    assert (finding.verdict, finding.do) == ("good", "")
    assert finding.say == "All 2 that hlfd needs are there, in versions that fit."


def test_a_missing_and_an_old_package_are_told_with_the_command_that_mends_both():
    finding = of_packages(torch="2.5.1", rich=None)
    assert (finding.verdict, finding.say) == ("bad", "torch is 2.5.1 and should be >=2.6,<3 and rich is not installed.")
    assert finding.do.endswith('-m pip install "torch>=2.6,<3" "rich>=13.9"')


def test_an_optional_package_may_be_missing_and_an_old_one_is_a_warning():
    finding = of_packages(optuna=None, slicer_core=None)
    assert finding.verdict == "good"
    assert finding.say.endswith(" Optional, not there: optuna (hlfd[search]) and slicer-core (hlfd[slicer]).")
    old = of_packages(optuna="3.6.0")
    assert (old.verdict, old.say) == ("warning", "optuna is 3.6.0 and should be >=4,<5.")


def test_without_packaging_versions_are_not_compared(monkeypatch):
    for module in ("packaging.specifiers", "packaging.markers"):
        monkeypatch.setitem(sys.modules, module, None)
    finding = of_packages(torch="1.0")
    assert (finding.verdict, finding.do[-21:]) == ("warning", "pip install packaging")
    assert of_packages(torch=None).say == "torch is not installed."


def test_hlfd_itself_may_be_run_without_being_installed():
    facts = packages.read_packages(find=lambda name: None)
    finding = packages.judge_packages(facts)
    assert (finding.verdict, packages.wanted(facts, "torch")) == ("warning", "torch")
    assert "is not installed, so that it is not known which packages it needs" in finding.say
