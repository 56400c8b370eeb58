"""Scenes come and go while the module is there: what it keeps with them, and what it does not."""

import sys

import pytest


def test_a_scene_that_is_closed_takes_the_choices_with_it(module):
    import slicer

    module.bench.parameters.model = "of the old scene"
    module.ui.researchSection.collapsed = False
    slicer.mrmlScene.Clear(0)
    assert module.bench.parameters.model == ""
    assert module.ui.researchSection.collapsed


def test_a_parameter_node_that_somebody_deleted_is_made_anew_when_the_module_is_opened(module):
    import slicer

    slicer.mrmlScene.RemoveNode(module.bench.parameters.parameterNode)
    module.enter()
    module.bench.parameters.model = "chosen"
    assert module.logic.getParameterNode().model == "chosen"


def test_coming_back_to_the_module_keeps_the_choices_that_are_at_work(module):
    before = module.bench.parameters
    module.enter()
    assert module.bench.parameters is before


@pytest.fixture
def modulesOfBefore(module):
    """Puts the backend's modules back, which tests of this process share; a reload of ours takes new ones."""
    before = {name: one for name, one in sys.modules.items() if name.split(".")[0] == "hlfd"}
    yield
    for name in [one for one in sys.modules if one.split(".")[0] == "hlfd"]:
        del sys.modules[name]
    sys.modules.update(before)


def test_a_reload_takes_the_library_anew(module, modulesOfBefore):
    library = sys.modules["HLFDSegmentationLib.Bench"]
    module.onReload()
    assert module.bench is None
    assert sys.modules["HLFDSegmentationLib.Bench"] is not library


def test_one_panel_that_fails_leaves_the_others_following(module, caplog):
    from HLFDSegmentationLib.Bench import MODELS

    heard = []
    module.bench.listen(MODELS, lambda: 1 / 0)
    module.bench.listen(MODELS, lambda: heard.append(True))
    module.bench.tell(MODELS)
    assert heard == [True]
    assert "could not follow the news: models" in caplog.text
