"""Efficient medical image distillation: importance maps of every layer, and prediction maps of the output.

The region-affinity term of the original is left out, as in the HLFD paper's DKD.
"""

from hlfd.distillation.routes import EACH, Method, Route


def routes(beta: float, lambda_: float) -> tuple[Route, ...]:
    """Importance maps (attention) from each layer to the same layer, and soft targets."""
    return (
        Route("importance", "feature", teacher=EACH, student=EACH, weight=beta, match="same"),
        Route("prediction", "pixel", teacher=("late",), student=("late",), weight=lambda_),
    )


METHOD = Method("emkd", "EMKD (the paper's DKD)", "Qin et al., IEEE TMI 2021, without region affinity", routes)
