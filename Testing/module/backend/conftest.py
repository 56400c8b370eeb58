"""The section Backend for its tests, and the library's words for folders."""

import pytest

from Testing.module.backend.backend_bench import Section


@pytest.fixture
def section(desktop):
    """Opens it, when it is called."""
    sections = []

    def opened(**how) -> Section:
        sections.append(Section(**how))
        return sections[-1]

    yield opened
    for one in sections:
        one.close()


@pytest.fixture
def backendFolders(desktop):
    """The library's words for folders, once there is a desktop."""
    from HLFDSegmentationLib.Backend import InstalledFolders

    return InstalledFolders
