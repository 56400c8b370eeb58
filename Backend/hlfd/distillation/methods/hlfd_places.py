"""Ours: HLFD's pixel level, asked where on a slice a class is instead of what each pixel is, and the output's own.

Found on validation cases of simulated CTs; on few real slices it gained nothing (docs/results). Per pixel, the mean is
ruled by the many pixels that are surely background; the feature level at the paper's weight outweighs the segmentation
loss, and is left out. What stays of HLFD is its direction, from the teacher's later layers to the student's earlier
ones.
"""

from hlfd.distillation.routes import Method, Route


def routes(_beta: float, lambda_: float) -> tuple[Route, ...]:
    """Eqs. 3 and 4, and the same for the output."""
    return (
        Route("UPD", "pixel", teacher=("middle",), student=("early",), weight=lambda_),
        Route("IPD", "pixel", teacher=("late",), student=("middle",), weight=lambda_, reduction="mean"),
        Route("OPD", "pixel", teacher=("late",), student=("late",), weight=lambda_),
    )


METHOD = Method(
    "hlfd-places",
    "HLFD over places (ours)",
    "this project, after Shu et al., ICCV 2021",
    routes,
    role="variant",
    lambda_=2.0,
    average_over="places",
)
