"""What the doctor of the backend found, as rich text: a mark, what it is about, what was found, what to do."""

import html

from ..BackendWords import forPanel, isForTerminal
from ..Panels.Looks import KIND_COLOURS
from ..Words import tr as _

MARKS = {"good": "✓", "warning": "!", "bad": "✗"}


def asRichText(findings: list[dict], areCommandsShown: bool = False) -> str:
    """The findings as a table.

    Args:
        findings: each with `topic`, `verdict` (good, warning, bad), `say` and `do`.
        areCommandsShown: also what is to be typed at a terminal; without it there is a link "commands" where that is
            left out.
    """
    rows = "".join(_row(one, areCommandsShown) for one in findings)
    table = f'<table cellspacing="0" cellpadding="3">{rows}</table>'
    if areCommandsShown or not any(isForTerminal(one.get("do", "")) for one in findings):
        return table
    return f'{table}<a href="commands">{html.escape(_("Details, for whoever looks after this computer"))}</a>'


def _row(finding: dict, areCommandsShown: bool) -> str:
    colour = KIND_COLOURS.get(finding["verdict"], KIND_COLOURS["note"])
    said = _breakable(finding["say"] if areCommandsShown else forPanel(finding["say"]))
    if finding.get("do") and (areCommandsShown or not isForTerminal(finding["do"])):
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
