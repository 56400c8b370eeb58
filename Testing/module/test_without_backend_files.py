"""An extension whose backend did not come with it: the module opens, and says what is wrong."""

from Testing.module.conftest import MODULE_FILE


def test_every_section_is_there_and_backend_says_what_is_missing(desktop, tmp_path, monkeypatch):
    from HLFDSegmentationLib import BackendPlace

    monkeypatch.setattr(BackendPlace, "__file__", str(tmp_path / "extension" / "module" / "library" / "place.py"))
    widget = desktop.loadModule(MODULE_FILE)
    assert set(widget.panels) == {"segment", "cases", "distil", "models", "backend"}
    ui = widget.panels["backend"].ui
    assert ui.stateLabel.text.startswith("The backend is missing from")
    assert ui.stateLabel.text.endswith("install the extension again.")
    widget.showSection("backend")
    for name in ("choicesBox", "installButton", "installedBox", "faultNote"):
        assert not getattr(ui, name).visible, name
