"""Soft targets: the teacher's output teaches the student's output, pixel by pixel."""

from hlfd.distillation.routes import Method, Route


def routes(_beta: float, lambda_: float) -> tuple[Route, ...]:
    """One route at the pixel level."""
    return (Route("KD", "pixel", teacher=("late",), student=("late",), weight=lambda_),)


METHOD = Method("kd", "KD", "Hinton et al. 2015, arXiv 1503.02531", routes)
