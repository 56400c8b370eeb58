"""The teacher's terminal representation distilled into the concatenated branches of the student.

Table 1 of the HLFD paper calls it IFD (intermediate feature distiller); here it is `imf`, since IFD is a term of HLFD.
"""

from hlfd.distillation.routes import INTERMEDIATE, Method, Route


def routes(beta: float, _lambda: float) -> tuple[Route, ...]:
    """One route at the feature level, into the student's intermediate layers taken as one."""
    return (Route("IMF", "feature", teacher=("late",), student=INTERMEDIATE, weight=beta, match="joined"),)


METHOD = Method("imf", "IMF (the paper's IFD)", "Kim et al., IJCAI 2023", routes)
