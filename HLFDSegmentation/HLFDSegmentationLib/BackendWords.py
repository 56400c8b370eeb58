"""Sentences of the backend as the panels show them: its advice for a terminal becomes advice for the panel, or goes.

Applied where such a sentence comes in, so that no panel has to think of it. Logs stay as they are.
"""

import re

from .Words import tr as _

_TERMINAL = re.compile(
    r"(?<![^\s(\"'])--[a-z]"  # an option, not a file's name
    r"|`|\bhlfd (?:arena|distill|doctor|evaluate|explain|jobs|phantom|prepare|report|segment|segment-folder|teach)\b"
    r"|\bhlfd\[|\bpip install\b|\bdocker run\b|\(see [^)]*[/\\][^)]*\)"  # and a log, by its path
)
_ASIDE = re.compile(r" \([^()]*\)")
_A_NAME = re.compile(r"`(\w+)`")
_JOINTS = re.compile(r"[;,.:] ")
"""Where the rest of a sentence may be left off."""


def isForTerminal(text: str) -> bool:
    """Whether a text speaks of commands and options, which nobody has in a panel."""
    return bool(_TERMINAL.search(text))


def forPanel(sentence: str) -> str:
    """A sentence without words of the command line; one that has none stays as it is."""
    if not isForTerminal(sentence):
        return sentence
    advice = next((inWords() for pattern, inWords in _ADVICE if re.search(pattern, sentence)), "")
    plain = _A_NAME.sub(r"“\1”", _ASIDE.sub(lambda aside: "" if isForTerminal(aside[0]) else aside[0], sentence))
    found = _upToTerminal(plain.partition("; ")[0] if advice else plain)
    if advice:
        return _("{found}; {advice}").format(found=found, advice=advice) if found else advice[:1].upper() + advice[1:]
    return f"{found}." if found else _("The backend stopped; its log says why.")


def _upToTerminal(sentence: str) -> str:
    """What comes before the first word for a terminal, without the full stop."""
    end = _TERMINAL.search(sentence)
    if end is not None:
        joints = [joint.start() for joint in _JOINTS.finditer(sentence, 0, end.start())]
        sentence = sentence[: joints[-1]] if joints else ""
    return sentence.rstrip(" .;,:")


_ADVICE = (  # the first that fits; functions, since a text is translated when it is shown
    (r"made by another model", lambda: _("choose another folder for the results.")),
    (r"larger --(?:batch|crop)", lambda: _("under Advanced, choose a larger batch or a larger crop.")),
    (
        r"--(?:accumulate|crop|batch|widths)\b|memory is short",
        lambda: _("under Advanced, choose a smaller batch, a smaller crop or narrower networks."),
    ),
    (r"--learning-rate|diverged", lambda: _("start a new training with a lower learning rate.")),
    (r"--no-preflight|free some space", lambda: _("free some space on that disk.")),
    (
        r"missing or damaged|run `hlfd prepare`|again with --overwrite|resume with --|without --resume",
        lambda: _("remove this training and start it anew."),
    ),
    (r"jobs resume|--resume\b", lambda: _("what was done so far is kept, and Resume goes on.")),
    (r"--series", lambda: _("keep only the series to be segmented in that folder.")),
    (
        r"--(?:resample-)?labels",
        lambda: _("under Cases, see what the segments mean and that they lie on the CT's grid."),
    ),
    (r"--(?:splits|seed|part|validation|test)\b", lambda: _("change under Cases who trains, validates and tests.")),
    (r"jobs remove|--overwrite", lambda: _("choose another name.")),
    (r"pip install", lambda: _("install the backend again under Backend.")),
    (r"--devices?\b", lambda: _("choose another device under “Compute on”.")),
)
