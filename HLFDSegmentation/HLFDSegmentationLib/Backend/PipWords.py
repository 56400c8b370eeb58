"""What pip prints, as a sentence, a share of the way, and where it failed, the reason."""

import re
from pathlib import Path

from ..Words import tr as _

DOWNLOADS = 0.75
"""Share of the time that downloads take; unpacking takes the rest."""
DOWNLOADING = re.compile(r"^\s*Downloading (?P<file>\S+) \((?P<size>[\d.]+) (?P<unit>bytes|kB|MB|GB)\)", re.MULTILINE)
INSTALLING = re.compile(r"^Installing collected packages: (.+)$", re.MULTILINE)
COLLECTING = re.compile(r"^\s*(?:Collecting|Processing) (?:.*/)?([A-Za-z][\w.]*)", re.MULTILINE)
BYTES = {"bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}
TELL_FROM_MB = 5


class PipWords:
    """Follows one call of pip.

    Args:
        downloadBytes: that are expected in all.
        temporary: folder where pip keeps what it downloads.
        target: folder that packages come into.
    """

    def __init__(self, downloadBytes: float, temporary: Path, target: Path):
        self._expected, self._temporary, self._target = downloadBytes, temporary, target

    def read(self, said: str) -> tuple[str, float]:
        """What pip does, and how far it is (0 to 1), from all that it has printed."""
        if installing := INSTALLING.findall(said):
            return self._installing(installing[-1].split(", "))
        *earlier, present = [
            (match["file"], float(match["size"]) * BYTES[match["unit"]]) for match in DOWNLOADING.finditer(said)
        ] or [("", 0.0)]
        done = sum(size for _file, size in earlier) + min(present[1], self._largest())
        share = DOWNLOADS * min(1.0, done / self._expected) if self._expected else 0.0
        name = _packageOf(present[0])
        isLast = said.rstrip().endswith(")") and present[0] in said.rstrip().splitlines()[-1]
        if name and isLast and present[1] >= TELL_FROM_MB * 1e6:
            sentence = _("Downloading {name} ({done} of {all} MB)…")
            parts = {"done": f"{min(present[1], self._largest()) / 1e6:.0f}", "all": f"{present[1] / 1e6:.0f}"}
            return sentence.format(name=name, **parts), share
        if collecting := COLLECTING.findall(said):
            return _("Collecting packages ({name})…").format(name=collecting[-1]), share
        return _("Collecting packages…"), share

    def _installing(self, names: list[str]) -> tuple[str, float]:
        folders = (*self._target.glob("**/site-packages/*.dist-info"), *self._temporary.glob("*/**/*.dist-info"))
        share = min(1.0, len(folders) / len(names))
        sentence = _("Unpacking {count} packages; this takes some minutes…").format(count=len(names))
        return sentence, DOWNLOADS + (1 - DOWNLOADS) * share

    def _largest(self) -> float:
        """Size of what is being downloaded; it is one file, and the largest there."""
        largest = 0
        for path in self._temporary.glob("**/*"):
            try:
                largest = max(largest, path.stat().st_size)
            except OSError:  # gone meanwhile
                continue
        return float(largest)


def whyPipFailed(said: str, isOffline: bool) -> str:
    """The reason that pip gave, as a sentence with the next step."""
    if re.search(r"No space left on device|Errno 28|disk full|not enough space", said, re.IGNORECASE):
        return _("The disk is full; free some space and install again.")
    # With tested versions held, pip speaks of a conflict where the only version that would do is missing.
    missing = re.findall(r"(?:No matching distribution found for|Cannot install) ([\w-]+(?:\.[\w-]+)*)", said)
    if missing and isOffline:
        return _(
            "The folder of downloaded packages lacks some for this Python and this system ({name}, for one); make it "
            "with the command that is shown, with the same version of Python."
        ).format(name=missing[-1])
    if re.search(r"CERTIFICATE_VERIFY_FAILED|SSLError", said):
        return _(
            "A certificate on the way to the packages was refused; ask who runs your network, or install from "
            "downloaded packages."
        )
    if re.search(
        r"ConnectionError|NewConnection|NameResolution|ProxyError|ReadTimeout|Max retries|IncompleteRead", said
    ):
        return _("The packages cannot be reached; check network and proxy, or install from downloaded packages.")
    if missing:
        return _("No {name} was found that fits this Python; choose another Python.").format(name=missing[-1])
    if re.search(r"Permission denied|Access is denied|WinError 5", said):
        return _("A file could not be written; the details say which. Close what uses it, and install again.")
    errors = re.findall(r"^ERROR: (.+)$", said, re.MULTILINE)
    return _("pip failed: {reason}").format(reason=errors[-1].strip() if errors else _("see the details"))


def _packageOf(file: str) -> str:
    return re.split(r"-\d", file.rpartition("/")[2])[0]
