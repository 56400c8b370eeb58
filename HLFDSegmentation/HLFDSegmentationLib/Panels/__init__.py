"""The panels of the module: Qt, over the logic beside this folder. One file a room of the window."""


def panelsOf(bench, containerOf):
    """Make every panel, one after the other, as (name of its section, panel).

    A panel has `refresh()`, called when the module is entered, and `close()`, called when it goes; it listens to the
    bench for everything else.
    """
    from .BackendPanel import BackendPanel
    from .CasesPanel import CasesPanel
    from .DistilPanel import DistilPanel
    from .ModelsPanel import ModelsPanel
    from .SegmentPanel import SegmentPanel

    kinds = {
        "segment": SegmentPanel,
        "cases": CasesPanel,
        "distil": DistilPanel,
        "models": ModelsPanel,
        "backend": BackendPanel,
    }
    for name, kind in kinds.items():
        yield name, kind(bench, containerOf(name))
