"""What the doctor of the backend found, as rich text: a mark, what it is about, what was found, what to do."""

import html

from ..Panels.Looks import KIND_COLOURS
from ..Words import tr as _

MARKS = {"good": "✓", "warning": "!", "bad": "✗"}


def asRichText(findings: list[dict]) -> str:
    """The findings as a table.

    Args:
        findings: each with `topic`, `verdict` (good, warning, bad), `say` and `do`.
    """
    return f'<table cellspacing="0" cellpadding="3">{"".join(map(_row, findings))}</table>'


def _row(finding: dict) -> str:
    colour = KIND_COLOURS.get(finding["verdict"], KIND_COLOURS["note"])
    said = _breakable(finding["say"])
    if finding.get("do"):
        do = html.escape(finding["do"]).replace("\n", "<br>")  # commands in it are copied, and stay as they are
        said += f"<br><small>{do}</small>"
    mark = f'<b style="color: {colour}">{MARKS.get(finding["verdict"], "·")}</b>'
    topic = html.escape(_topics().get(finding["topic"], finding["topic"]))
    return f"<tr><td>{mark}</td><td>{topic}</td><td>{said}</td></tr>"


def _breakable(text: str) -> str:
    """As rich text, whose long paths may be broken at their folders."""
    return html.escape(text).replace("/", "/&#8203;").replace("\\", "\\&#8203;").replace("\n", "<br>")


def _topics() -> dict[str, str]:
    return {
        **{"python": _("Python"), "packages": _("Packages"), "torch": _("PyTorch"), "device": _("Device")},
        **{"driver": _("GPU"), "memory": _("Memory"), "disk": _("Disk"), "cores": _("Cores"), "workers": _("Workers")},
    }
