"""`HLFD_PACKAGES`: packages of a folder of their own come before all others, without torch being touched."""

import os
import subprocess
import sys
from pathlib import Path

import hlfd

PROGRAM = """
import sys
import hlfd.cli
import mine
assert "torch" not in sys.modules
print(mine.__file__, *sys.path, sep="\\n")
"""


def test_folders_named_in_the_environment_come_first_and_once(tmp_path):
    folders = [tmp_path / name for name in ("ours", "more", "theirs")]
    for folder in folders:
        folder.mkdir()
        (folder / "mine.py").touch()
    ours, more, theirs = map(str, folders)
    backend = str(Path(hlfd.__file__).parents[1])
    environment = {
        **os.environ,
        "HLFD_PACKAGES": os.pathsep.join([ours, "", more]),
        "PYTHONPATH": os.pathsep.join([theirs, ours, backend]),
    }
    command = [sys.executable, "-c", PROGRAM]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found, *places = ran.stdout.splitlines()
    assert found == str(Path(ours) / "mine.py")
    assert places[:2] == [ours, more]
    assert places.count(ours) == 1
    assert theirs in places
