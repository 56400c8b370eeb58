"""What the panels share, and all of them together. Each section's own lie in its room, beside its logic."""

import logging

import qt


def panelsOf(bench, containerOf):
    """Make every panel, one after the other, as (name of its section, panel).

    A panel has `refresh()`, called when the module is entered, and `close()`, called when it goes; it listens to the
    bench for everything else.
    """
    from ..Backend.BackendPanel import BackendPanel
    from ..Cases.CasesPanel import CasesPanel
    from ..Distil.DistilPanel import DistilPanel
    from ..Models.ModelsPanel import ModelsPanel
    from ..Segment.SegmentPanel import SegmentPanel

    kinds = {
        "segment": SegmentPanel,
        "cases": CasesPanel,
        "distil": DistilPanel,
        "models": ModelsPanel,
        "backend": BackendPanel,
    }
    for name, kind in kinds.items():
        try:
            panel = kind(bench, containerOf(name))
        except Exception as error:  # a section that cannot be made says why, and the others are there
            logging.exception("HLFD Segmentation: the section %s could not be made", name)
            containerOf(name).layout().addWidget(qt.QLabel(str(error)))
        else:
            yield name, panel
