"""An empty home for each test, and what a little environment is installed from."""

import hashlib
import site
import zipfile
from pathlib import Path

import pytest

from HLFDSegmentationLib.BackendPlace import backendFolder


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    """An empty home; gives the folder of ours in it, which is not there yet."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path / ".hlfd"


@pytest.fixture
def wheels(tmp_path) -> Path:
    """A folder with one wheel, which brings all that these tests have: by a line that names their folder."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    about = "all_that_is_needed-1.0.dist-info"
    files = {
        "all_that_is_needed.pth": "\n".join(site.getsitepackages()) + "\n",
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: all-that-is-needed\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    records = [f"{name},sha256={_hash(text)},{len(text.encode())}" for name, text in files.items()]
    with zipfile.ZipFile(folder / "all_that_is_needed-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
        wheel.writestr(f"{about}/RECORD", "\n".join([*records, f"{about}/RECORD,,"]) + "\n")
    return folder


@pytest.fixture
def backend(tmp_path) -> Path:
    """The real backend, beside a list of needs that has the one wheel alone."""
    folder = tmp_path / "backend"
    folder.mkdir()
    (folder / "hlfd").symlink_to(backendFolder() / "hlfd")
    (folder / "pyproject.toml").write_text('[project]\nname = "hlfd"\ndependencies = ["all-that-is-needed>=1,<2"]\n')
    (folder / "constraints.txt").write_text("all-that-is-needed==1.0\n")
    return folder


def _hash(text: str) -> str:
    import base64

    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
