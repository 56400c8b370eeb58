"""Hierarchical Layer-selective Feedback Distillation, with the paper's weights."""

from hlfd.distillation.routes import Method, Route


def routes(beta: float, lambda_: float) -> tuple[Route, ...]:
    """The four routes of eq. 5: middle to early, and late to each middle layer, at both levels."""
    return (
        Route("UFD", "feature", teacher=("middle",), student=("early",), weight=beta),  # eq. 1
        Route("IFD", "feature", teacher=("late",), student=("middle",), weight=beta),  # eq. 2
        Route("UPD", "pixel", teacher=("middle",), student=("early",), weight=lambda_),  # eq. 3
        Route("IPD", "pixel", teacher=("late",), student=("middle",), weight=lambda_, reduction="mean"),  # eq. 4
    )


METHOD = Method("hlfd", "HLFD", "Gorade et al. 2024, arXiv 2311.16700", routes)
