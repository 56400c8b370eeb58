"""Control: HLFD's adapters and routes, fed by the expert's labels. A gain beyond this one's is the teacher's."""

from hlfd.distillation.methods.hlfd import routes
from hlfd.distillation.routes import Method

METHOD = Method("deep", "HLFD's routes from the labels", "control", routes, role="control", targets="truth")
