"""The backend's methods of distillation, in words for choosing among them."""

from ..Words import tr as _


def methods() -> dict[str, tuple[str, str]]:
    """Name of a method, as the backend has it -> its title, and what it does in a sentence; the paper's comes first."""
    return {
        "hlfd": (
            _("HLFD (the paper)"),
            _("The teacher's middle layers teach the student's early ones, and its last layer the middle ones."),
        ),
        "hlfd-places": (
            _("HLFD over places (ours)"),
            _("HLFD's directions, by comparing where on a slice each structure is; without the features."),
        ),
        "kd": (_("KD"), _("The teacher's output teaches the student's output, pixel by pixel.")),
        "at": (_("Attention transfer"), _("Each layer of the student looks where that layer of the teacher looks.")),
        "skd": (_("SKD"), _("The output pixel by pixel, and which places of the last features are alike.")),
        "imf": (_("IMF"), _("The teacher's last features teach the student's middle layers, joined.")),
        "emkd": (_("EMKD"), _("Importance maps of each layer, and the output.")),
        "hifd": (_("HIFD"), _("The teacher's last layer teaches every layer of the student.")),
        "none": (_("Student alone"), _("No teacher: the baseline of every comparison.")),
        "deep": (
            _("Control: labels in place of the teacher"),
            _("HLFD's routes, fed by the expert's labels. What HLFD gains beyond this is the teacher's."),
        ),
        "random": (
            _("Control: HLFD, untrained adapters"),
            _("HLFD with adapters that stay as they were drawn."),
        ),
    }
