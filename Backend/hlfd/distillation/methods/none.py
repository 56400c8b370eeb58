"""The student alone, without knowledge distillation: the baseline of every comparison."""

from hlfd.distillation.routes import Method

METHOD = Method("none", "Student alone", "supervised only", lambda _beta, _lambda: ())
