"""The section Distil in windows that close after each test."""

import pytest


@pytest.fixture
def aWindow(desktop):
    windows = []

    def make(cases=None):
        from Testing.module.distil.distil_window import FewCases, Window

        windows.append(Window(desktop, cases or FewCases()))
        return windows[-1]

    yield make
    for window in windows:
        window.close()
