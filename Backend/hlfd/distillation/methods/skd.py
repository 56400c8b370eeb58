"""Structured knowledge distillation: which places of the last features are alike, and the output pixel by pixel.

The original also trains a discriminator of whole segmentations (its holistic loss). That part is left out: it is a
training of its own with settings of its own, and the paper's comparison is at identical settings.
"""

from hlfd.distillation.routes import Method, Route


def routes(beta: float, lambda_: float) -> tuple[Route, ...]:
    """Pair-wise similarity of the last features, and soft targets."""
    return (
        Route("pair-wise", "relation", teacher=("late",), student=("late",), weight=beta),
        Route("pixel-wise", "pixel", teacher=("late",), student=("late",), weight=lambda_),
    )


METHOD = Method("skd", "SKD", "Liu et al. 2019, arXiv 1903.04197, without its adversarial part", routes)
