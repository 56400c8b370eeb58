"""The section Segment for its tests: what it needs, a backend that a test directs, and the section itself."""

import pytest

from Testing.module.segment.segment_bench import ActingBackend, SegmentBench, addModel, writeEnvironment


@pytest.fixture
def ready(home, facts_of_a_bundle):
    """The backend is installed and there is a model."""
    writeEnvironment(home)
    addModel(home, facts_of_a_bundle)


@pytest.fixture
def open_(desktop):
    """Opens the section Segment."""
    opened = []

    def make() -> SegmentBench:
        opened.append(SegmentBench())
        return opened[-1]

    yield make
    for bench in opened:
        bench.close()


@pytest.fixture
def acting(desktop, monkeypatch):
    """A backend whose jobs a test directs."""
    backend = ActingBackend()
    monkeypatch.setattr("HLFDSegmentationLib.Segment.SegmentRun.startJob", backend)
    return backend


@pytest.fixture
def openBatch(open_):
    """Opens the section with its part "Several CTs"."""

    def make(tab: int = 0) -> SegmentBench:
        bench = open_()
        bench.ui.batchSection.collapsed = False
        bench.batch = bench.panel._batch.ui
        bench.batch.batchTabs.currentIndex = tab
        return bench

    return make
