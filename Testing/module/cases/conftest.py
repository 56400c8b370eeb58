"""The section Cases in windows that close after each test."""

import pytest

from Testing.module.cases.case_bench import CaseBench


@pytest.fixture
def open_(desktop):
    """Opens the section Cases."""
    opened = []

    def make(parameters=None) -> CaseBench:
        opened.append(CaseBench(parameters))
        return opened[-1]

    yield make
    for bench in opened:
        bench.close()
