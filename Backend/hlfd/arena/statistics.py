"""Is it chance? Paired comparisons of two rows over the cases, by tests and intervals of SciPy's."""

import warnings
from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy.stats import bootstrap, wilcoxon

from hlfd.data.frames import Array

RESAMPLES = 10_000
CONFIDENCE = 0.95
FEWEST_PAIRS = 6
"""With fewer differences that are not zero no two-sided Wilcoxon test can fall below 0.05."""

CaseValues = dict[str, dict[int, float]]
"""Case -> seed -> value."""


class Comparison(BaseModel):
    """One row against another, over the cases that both have."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    row: str
    against: str
    difference: float
    """Mean over the cases of row minus the other, each case the mean of its seeds; Dice points."""
    low: float
    """Bootstrap interval of the mean difference over the cases, 95 %."""
    high: float
    p: float | None
    """Wilcoxon's signed-rank test over the cases; None where fewer than six differ."""
    p_holm: float | None = None
    """The same after Holm's correction over the family of comparisons."""
    cases: int
    seeds: int
    """Seeds that both rows have."""

    @property
    def significant(self) -> bool:
        """Whether chance is an unlikely explanation: p after Holm below 0.05."""
        return self.p_holm is not None and self.p_holm < 1 - CONFIDENCE


def compare(row: str, values: CaseValues, against: str, others: CaseValues) -> Comparison | None:
    """Compare two rows on the cases and seeds that both have; None where there are none.

    Args:
        row: name.
        values: Dice in percent.
        against: name of the other.
        others: its values.
    """
    pairs = []
    seeds: set[int] = set()
    for case in sorted(set(values) & set(others)):
        both = sorted(set(values[case]) & set(others[case]))
        if both:
            pairs.append(np.mean([values[case][seed] - others[case][seed] for seed in both]))
            seeds.update(both)
    if not pairs:
        return None
    differences = np.asarray(pairs)
    low, high = interval(differences)
    return Comparison(
        row=row,
        against=against,
        difference=float(differences.mean()),
        low=low,
        high=high,
        p=signed_rank(differences),
        cases=len(pairs),
        seeds=len(seeds),
    )


def interval(differences: Array) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean, 10,000 resamples of the cases, always the same for the same values."""
    if len(differences) < 2 or np.ptp(differences) == 0:
        return float(differences.min()), float(differences.max())
    found = bootstrap(
        (differences,), np.mean, n_resamples=RESAMPLES, confidence_level=CONFIDENCE, method="percentile", rng=0
    ).confidence_interval
    return float(found.low), float(found.high)


def signed_rank(differences: Array) -> float | None:
    """Two-sided p of Wilcoxon's signed-rank test; cases without a difference are left out (`zero_method="wilcox"`)."""
    if np.count_nonzero(differences) < FEWEST_PAIRS:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SciPy warns where ties or zeros make it take the normal approximation
        return float(wilcoxon(differences, zero_method="wilcox").pvalue)


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down correction: the k-th smallest of m p-values times m - k + 1, never below one before it.

    Those that are None are no part of the family. SciPy has no Holm, and statsmodels would bring pandas along.

    Source: Holm 1979.
    """
    known = sorted((value, position) for position, value in enumerate(values) if value is not None)
    corrected: list[float | None] = [None] * len(values)
    highest = 0.0
    for rank, (value, position) in enumerate(known):
        highest = max(highest, min(1.0, value * (len(known) - rank)))
        corrected[position] = highest
    return corrected


def as_family(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Correct the p-values of comparisons that are read together."""
    corrected = holm([comparison.p for comparison in comparisons])
    return [
        comparison.model_copy(update={"p_holm": value})
        for comparison, value in zip(comparisons, corrected, strict=True)
    ]
