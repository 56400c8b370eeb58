"""The sweep: the two weights of eq. 5 over a grid, or searched for within a budget of time."""

import itertools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hlfd.arena.arena import run_arena
from hlfd.arena.results import RESULTS, read_arena
from hlfd.arena.rows import ALONE, parse_rows
from hlfd.arena.settings import ArenaSettings
from hlfd.arena.tables import grid_table
from hlfd.errors import InputError
from hlfd.files import whole_file

Pair = tuple[float, float]
"""beta and lambda."""
FIRST_PAIR = (0.9, 0.1)
"""The paper's."""
SEARCH_RANGE = (0.01, 10.0)
"""Both weights are searched for in it, evenly in the logarithm."""


def row_name(method: str, pair: Pair) -> str:
    """Name of the arena's row for a pair."""
    beta, lambda_ = pair
    return f"{method}[beta={beta:g},lambda={lambda_:g}]"


def sweep_grid(settings: ArenaSettings, method: str, betas: Sequence[float], lambdas: Sequence[float]) -> str:
    """Train every pair of the grid and give the paper's Table 2 for it.

    Raises:
        InputError: as the arena.
    """
    pairs = list(itertools.product(betas, lambdas))
    _run(settings, method, pairs)
    return _write_table(settings.run, method)


def search(settings: ArenaSettings, method: str, minutes: float) -> str:
    """Let Optuna propose pairs until the time is over, chosen by Dice on the validation cases.

    It begins with the paper's pair. A pair that was begun is finished. What an earlier sitting found is read from the
    arena's results, so a resumed search goes on from all that was learnt, for as long again. The test cases are looked
    at when the time is over.

    Raises:
        InputError: Optuna is not installed, or as the arena.
    """
    optuna = _optuna()
    began = time.monotonic()
    tried = _tried(settings.run, method) if settings.resume else {}
    while not tried or time.monotonic() - began < 60 * minutes:
        pair = propose(optuna, tried, settings.seed) if tried else FIRST_PAIR
        _run(settings, method, [*tried, pair], still_choosing=True)
        tried = _tried(settings.run, method)
        settings = settings.model_copy(update={"resume": True, "overwrite": False})
    _run(settings, method, list(tried))
    return _write_table(settings.run, method)


def propose(optuna: Any, tried: dict[Pair, float], seed: int) -> Pair:
    """Ask a study that knows all that was tried; the same history gives the same proposal, and always a new one.

    Args:
        optuna: the library, which not everyone has.
        tried: pairs with their Dice.
        seed: of the search.
    """
    ranges = {name: optuna.distributions.FloatDistribution(*SEARCH_RANGE, log=True) for name in ("beta", "lambda")}
    sampler = optuna.samplers.TPESampler(seed=seed + len(tried), n_startup_trials=5)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for (beta, lambda_), dice in tried.items():
        if all(SEARCH_RANGE[0] <= weight <= SEARCH_RANGE[1] for weight in (beta, lambda_)):  # a grid may have had 0
            params = {"beta": beta, "lambda": lambda_}
            study.add_trial(optuna.trial.create_trial(params=params, distributions=ranges, value=dice))
    while (pair := _rounded(study.ask(ranges).params)) in tried:
        pass
    return pair


def _rounded(params: dict[str, float]) -> Pair:
    return float(f"{params['beta']:.3g}"), float(f"{params['lambda']:.3g}")


def _run(settings: ArenaSettings, method: str, pairs: Sequence[Pair], still_choosing: bool = False) -> None:
    rows = ",".join([ALONE, *(row_name(method, pair) for pair in pairs)])
    run_arena(settings.model_copy(update={"methods": rows}), still_choosing)


def _tried(folder: Path, method: str) -> dict[Pair, float]:
    """Pairs that were trained with every seed, with their validation Dice in percent under the arena's protocol."""
    found: dict[Pair, float] = {}
    if not (folder / RESULTS).exists():
        return found  # stopped before the first model was measured
    arena = read_arena(folder)
    for row in arena.rows:
        dice = row.dice("validation", arena.protocol)
        if row.role == "variant" and dice and row.seeds == row.wanted:
            (parsed,) = (one for one in parse_rows(row.row) if one.name == row.row)
            if parsed.method == method and set(parsed.changes) == {"beta", "lambda"}:
                found[float(parsed.changes["beta"]), float(parsed.changes["lambda"])] = dice.mean
    return found


def _write_table(folder: Path, method: str) -> str:
    arena = read_arena(folder)
    rows = {row.row: row for row in arena.rows}
    cells = [(*pair, rows[row_name(method, pair)]) for pair in sorted(_tried(folder, method))]
    table = grid_table(cells, arena.protocol)
    with whole_file(folder / "sweep.md") as temporary:
        temporary.write_text(table + "\n", encoding="utf-8")
    return table


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise InputError("--search needs Optuna: pip install 'hlfd[search]', or give a grid without --search") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
