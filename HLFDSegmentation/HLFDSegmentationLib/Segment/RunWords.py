"""What is said while a segmentation runs, and when it has ended."""

from ..Words import tr as _


def progressOf(view, volume: str) -> str:
    """How far it is.

    Args:
        view: of the job (`hlfd.jobs.client.View`), with `of`.
        volume: name of the CT.
    """
    if not view.left_s:
        return _("Segmenting {volume}: slice {at} of {of}").format(volume=volume, at=view.step or 0, of=view.of)
    sentence = _("Segmenting {volume}: slice {at} of {of}, about {left} left")
    return sentence.format(volume=volume, at=view.step or 0, of=view.of, left=_inWords(view.left_s))


def cancelled(volume: str) -> str:
    """That the user did not want it any more."""
    return _("The segmentation of {volume} was cancelled.").format(volume=volume)


def whyNotDone(view, volume: str) -> str:
    """Why a job that ended has no result; `view` is None where its folder has gone."""
    if view is None:
        sentence = _("The segmentation of {volume} is not on this computer any more; segment it again.")
        return sentence.format(volume=volume)
    if view.state == "lost":
        sentence = _("The segmentation of {volume} was interrupted, as when a computer goes off; segment it again.")
        return sentence.format(volume=volume)
    return _("{volume}: {reason}").format(volume=volume, reason=view.say)


def _inWords(seconds: float) -> str:
    if seconds < 90:
        return _("{count} s").format(count=max(1, round(seconds)))
    return _("{count} min").format(count=round(seconds / 60))
