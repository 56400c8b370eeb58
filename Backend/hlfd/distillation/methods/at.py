"""Attention transfer: every layer of the student looks where the teacher's layer of the same depth looks."""

from hlfd.distillation.routes import EACH, Method, Route


def routes(beta: float, _lambda: float) -> tuple[Route, ...]:
    """One route at the feature level, from each layer to the same layer."""
    return (Route("AT", "feature", teacher=EACH, student=EACH, weight=beta, match="same"),)


METHOD = Method("at", "AT", "Zagoruyko and Komodakis 2017, arXiv 1612.03928", routes)
