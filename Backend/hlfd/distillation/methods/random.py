"""Control: HLFD with adapters that stay as they were drawn, close to the paper's released code (a new draw a step)."""

from hlfd.distillation.methods.hlfd import routes
from hlfd.distillation.routes import Method

METHOD = Method("random", "HLFD, untrained adapters", "control", routes, role="control", adapters="random")
