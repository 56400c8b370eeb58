"""A desktop for each test of the stand-in itself."""

import pytest


@pytest.fixture
def desktop():
    """A desktop of its own; complaints are for the test to look at."""
    from Testing.desktop import start

    desktop = start()
    try:
        yield desktop
    finally:
        desktop.close()
