"""Scores as CSV and as text."""

import csv
from collections.abc import Sequence
from pathlib import Path

from hlfd.evaluation.metrics import Score, Total

MISSING = "-"
LEGEND = """\
volume: every slice of each CT; paper: only slices on which the expert marked tumour. cases: those that have the label.
Dice: mean ± standard deviation over these, 100 is best; pooled: all cases as one. RVD: predicted / true volume - 1,
0 is best. false mL: mean volume found where there is none of the label."""


def write_scores(path: Path, scores: Sequence[Score]) -> None:
    """Write one row a case, protocol and label; what is undefined stays empty."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(Score.model_fields))
        writer.writeheader()
        writer.writerows(score.model_dump() for score in scores)


def text_table(totals: Sequence[Total]) -> str:
    """Lay out totals for a terminal: Dice in percent as the paper does."""
    rows = [("protocol", "label", "cases", "Dice %", "pooled Dice %", "RVD", "false mL")]
    for item in totals:
        spread = "" if item.dice_std is None else f" ± {100 * item.dice_std:.1f}"
        rows.append(
            (
                item.protocol,
                item.label,
                str(item.cases),
                percent(item.dice_mean) + spread,
                percent(item.dice_pooled),
                MISSING if item.rvd_mean is None else f"{item.rvd_mean:+.3f}",
                MISSING if item.false_ml is None else f"{item.false_ml:.2f}",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def percent(share: float | None) -> str:
    """0.4213 -> 42.1."""
    return MISSING if share is None else f"{100 * share:.1f}"
