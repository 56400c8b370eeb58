"""The report: one HTML file that opens offline, made from the folders of runs and evaluations."""

import base64
import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hlfd import __version__
from hlfd.catalogue import TUMOR
from hlfd.evaluation.tables import percent
from hlfd.event_file import read_events
from hlfd.files import read_json, whole_file
from hlfd.report.charts import case_dots, color_of, term_curves, training_curves

NOT_MEASURED = {"cases": 0, "dice_mean": None, "dice_std": None, "rvd_mean": None}


@dataclass(frozen=True)
class Entry:
    """A model of the report."""

    key: str
    """Such as `teacher`, `none`, `hlfd`; chooses the colour."""
    title: str
    """In words."""
    run: Path
    """Folder of its run."""
    evaluation: Path | None
    """Folder that `hlfd evaluate` wrote; None where there is no test case to measure on."""


@dataclass(frozen=True)
class Picture:
    """A row of pictures."""

    title: str
    key: str
    """Colour of the row; an entry's key, or `truth`."""
    files: dict[str, Path]
    """Column title -> PNG."""


@dataclass(frozen=True)
class Story:
    """All that a report tells."""

    title: str
    introduction: str
    synthetic: bool
    entries: tuple[Entry, ...]
    verdict: str = ""
    """What the table shows, in a sentence or two; by default that of `verdict`."""
    pictures: tuple[Picture, ...] = ()
    pictures_note: str = ""
    stages: tuple[dict[str, Any], ...] = ()
    """`title`, `command`, `seconds` of each stage, in order."""
    facts: dict[str, str] = field(default_factory=dict)
    """Machine, versions, seed, memory."""
    limits: tuple[str, ...] = ()
    """What the figures do not show, in sentences."""


def write_report(path: Path, story: Story) -> None:
    """Write the page; every figure in it is read from the runs' and evaluations' own files."""
    summaries = {entry.key: _summary(entry, position) for position, entry in enumerate(story.entries)}
    events = {entry.key: read_events(entry.run / "events.jsonl") for entry in story.entries}
    titles = {entry.key: entry.title for entry in story.entries}
    dices = {entry.key: _case_dices(entry) for entry in story.entries}
    terms = [term for term in ("UFD", "IFD", "UPD", "IPD") if any(term in event for event in events.get("hlfd", []))]
    environment = Environment(
        loader=PackageLoader("hlfd.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=percent, signed=lambda value: "-" if value is None else f"{value:+.2f}")
    page = environment.get_template("report.html.j2").render(
        story=story,
        version=__version__,
        verdict=story.verdict or verdict(summaries),
        rows=[summaries[entry.key] for entry in story.entries],
        best=_best(summaries),
        alike=len({(row["steps"], row["seed"]) for row in summaries.values()}) == 1,
        curves=Markup(training_curves(events, titles)),
        terms=Markup(term_curves(events["hlfd"], terms)) if terms else "",
        dots=Markup(case_dots(dices, titles)) if any(dices.values()) else "",
        pictures=[_embedded(picture) for picture in story.pictures],
        columns=list(story.pictures[0].files) if story.pictures else [],
    )
    with whole_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def verdict(summaries: dict[str, dict[str, Any]]) -> str:
    """Say in a sentence or two what the table shows, and no more than it shows."""
    if not {"teacher", "none", "hlfd"} <= set(summaries):
        return ""
    teacher, alone, distilled = (summaries[key]["volume"]["dice_mean"] for key in ("teacher", "none", "hlfd"))
    if None in (teacher, alone, distilled):
        return "No test case has tumour, so there is nothing to compare."
    smaller = summaries["teacher"]["parameters"] / summaries["hlfd"]["parameters"]
    size = f"{smaller:.1f} times smaller than" if smaller > 1 else f"{1 / smaller:.1f} times larger than"
    change = 100 * (distilled - alone)
    figures = f"{change:+.1f} points ({percent(alone)} to {percent(distilled)} %)"
    moved = f"HLFD changed the student's tumour Dice by {figures}"
    text = f"{moved}; the student is {size} its teacher."
    if teacher <= alone:
        return f"{text} The teacher ({percent(teacher)} %) does not lead the student alone, so it had nothing to teach."
    closed = (distilled - alone) / (teacher - alone)
    if closed < 0:
        return f"{text} The teacher has {percent(teacher)} %: distilling lost ground here."
    return f"{text} The teacher has {percent(teacher)} %: {100 * closed:.0f} % of the gap to it were closed."


def _summary(entry: Entry, position: int) -> dict[str, Any]:
    result = read_json(entry.run / "result.json", "the result of a run")
    measured, tumor = _measured(entry)
    return {
        "key": entry.key,
        "title": entry.title,
        "color": color_of(entry.key, position),
        "parameters": result["parameters"],
        "minutes": result["seconds"] / 60,
        "steps": result["steps"],
        "seed": result["settings"]["seed"],
        "volume": tumor["volume"],
        "paper": tumor["paper"],
        "cases": measured["cases"],
    }


def _measured(entry: Entry) -> tuple[dict[str, Any], dict[str, Any]]:
    """The summary of an entry's evaluation, and its totals of tumour by protocol."""
    if entry.evaluation is None:
        return {"cases": 0}, {"volume": NOT_MEASURED, "paper": NOT_MEASURED}
    measured = read_json(entry.evaluation / "summary.json", "the summary of an evaluation")
    return measured, {total["protocol"]: total for total in measured["totals"] if total["label"] == TUMOR}


def _best(summaries: dict[str, dict[str, Any]]) -> float:
    return max([100 * (row["volume"]["dice_mean"] or 0) for row in summaries.values()] + [1.0])


def _case_dices(entry: Entry) -> list[tuple[str, float]]:
    if entry.evaluation is None:
        return []
    with (entry.evaluation / "cases.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["protocol"] == "volume" and row["label"] == TUMOR]
    return [(row["case"], float(row["dice"])) for row in rows if row["dice"]]


def _embedded(picture: Picture) -> dict[str, Any]:
    def data(file: Path) -> str:
        return "data:image/png;base64," + base64.b64encode(file.read_bytes()).decode("ascii")

    color = "#16a34a" if picture.key == "truth" else color_of(picture.key)
    return {"title": picture.title, "color": color, "images": [data(file) for file in picture.files.values()]}
