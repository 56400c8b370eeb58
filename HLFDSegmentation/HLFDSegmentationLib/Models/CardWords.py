"""A model's card as the panel shows it: small headings, nothing to type at a terminal."""

import re

from ..BackendWords import forPanel, isForTerminal


def cardForPanel(card: str) -> str:
    """A model card without its commands.

    Args:
        card: Markdown, as the backend writes it (`hlfd/model_card.py`).
    """
    paragraphs = [one for one in map(_paragraph, card.split("\n\n")) if one]
    return re.sub(r"^#+ ", lambda marks: f"##{marks[0]}", "\n\n".join(paragraphs), flags=re.MULTILINE)


def _paragraph(text: str) -> str:
    """A paragraph; empty if all of it is for a terminal."""
    if text.startswith("    "):
        return ""
    marked = re.sub(r"`([\w.-]+)`", r"**\1**", text)  # a network or method by its name
    if not isForTerminal(marked):
        return marked
    sentences = re.split(r"(?<=[.;]) ", marked)
    return forPanel(" ".join(one for one in sentences if not isForTerminal(one)))
