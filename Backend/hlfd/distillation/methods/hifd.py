"""The teacher's terminal representation distilled into every layer of the student, at both levels.

The original distils features only; the HLFD paper extends it by the pixel level, and so does this.
"""

from hlfd.distillation.routes import EACH, Method, Route


def routes(beta: float, lambda_: float) -> tuple[Route, ...]:
    """From the last layer to each layer: features, and prediction maps."""
    return (
        Route("terminal features", "feature", teacher=("late",), student=EACH, weight=beta),
        Route("terminal maps", "pixel", teacher=("late",), student=EACH, weight=lambda_, reduction="mean"),
    )


METHOD = Method("hifd", "HIFD", "Luo et al., IJCNN 2023, with the pixel level", routes)
