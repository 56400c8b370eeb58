"""Curves of a training: from events to arrays, tables and charts."""

import numpy as np
import pytest


def started(at=0):
    return {"event": "started", "what": "Teaching", "at": at, "of": 100}


def step(number, loss):
    return {"event": "step", "step": number, "loss": loss}


def validated(number, **dice):
    return {"event": "validated", "step": number, **dice}


@pytest.fixture
def learnt():
    from HLFDSegmentationLib.Distil.LearningCurves import LearningCurves

    return LearningCurves()


def test_steps_and_validations_become_curves(learnt):
    learnt.hear([started(), step(1, 2.0), step(10, 1.5), validated(10, tumor_dice=0.25), validated(20), step(20, 1.0)])
    steps, losses = learnt.loss()
    assert steps.tolist() == [1, 10, 20]
    assert losses.tolist() == [2.0, 1.5, 1.0]
    assert [values.tolist() for values in learnt.dice()] == [[10], [0.25]]
    assert learnt.bestDice() == 0.25


def test_steps_that_a_resumed_training_does_again_are_drawn_once(learnt):
    learnt.hear([started(), step(10, 2.0), step(20, 9.0), validated(20, tumor_dice=0.9)])
    learnt.hear([started(at=10), step(20, 1.0), step(30, 0.5)])
    assert learnt.loss()[0].tolist() == [10, 20, 30]
    assert learnt.loss()[1].tolist() == [2.0, 1.0, 0.5]
    assert learnt.bestDice() is None


def test_a_training_that_went_back_loses_what_came_after(learnt):
    learnt.hear([started(), step(10, 2.0), step(20, 5.0), {"event": "went_back", "step": 10}, step(20, 1.0)])
    assert learnt.loss()[1].tolist() == [2.0, 1.0]


def test_a_step_that_is_told_twice_is_drawn_once(learnt):
    learnt.hear([step(10, 2.0), validated(10, tumor_dice=0.1), step(10, 3.0), validated(10, tumor_dice=0.2)])
    assert learnt.loss()[1].tolist() == [3.0]
    assert learnt.dice()[1].tolist() == [0.2]


def test_there_is_news_only_until_it_was_seen(learnt):
    assert not learnt.hasNews
    learnt.hear([step(1, 1.0)])
    assert learnt.hasNews
    learnt.seen()
    learnt.hear([{"event": "note", "say": "nothing to draw"}])
    assert not learnt.hasNews


def test_a_loss_that_is_no_number_is_left_out_of_the_curve(learnt):
    learnt.hear([step(1, 1.0), step(2, float("nan")), step(3, 3.0)])
    assert learnt.loss()[0].tolist() == [1, 3]


def test_a_long_curve_is_thinned_to_means_of_neighbours():
    from HLFDSegmentationLib.Distil.LearningCurves import thinned

    steps, values = thinned(np.arange(1.0, 13.0), np.arange(12.0), most=4)
    assert steps.tolist() == [3, 6, 9, 12]
    assert values.tolist() == [1, 4, 7, 10]
    assert len(thinned(np.arange(1001.0), np.ones(1001), most=400)[0]) == 400
    assert set(thinned(np.arange(1001.0), np.ones(1001), most=400)[1].tolist()) == {1.0}


@pytest.fixture
def curves(scene):
    from HLFDSegmentationLib.Distil.Curves import Curves

    return Curves(scene, "kidney")


def ours(scene):
    from HLFDSegmentationLib.Distil.Curves import MARK

    nodes = [scene.GetNthNode(number) for number in range(scene.GetNumberOfNodes())]
    return [node for node in nodes if node.GetAttribute(MARK)]


def test_curves_become_one_chart_for_each_kind_with_a_series_for_each_network(scene, curves):
    import slicer

    curves.draw("loss", "teacher", np.array([1.0, 2.0]), np.array([0.5, 0.25]))
    curves.draw("loss", "student", np.array([1.0]), np.array([0.75]))
    curves.draw("dice", "student", np.array([5.0]), np.array([0.5]))
    charts = {kind: scene.GetNodeByID(curves.chartId(kind)) for kind in ("loss", "dice")}
    assert charts["loss"].GetNumberOfPlotSeriesNodes() == 2
    assert charts["dice"].GetNumberOfPlotSeriesNodes() == 1
    table = charts["loss"].GetNthPlotSeriesNode(0).GetTableNode()
    assert slicer.util.arrayFromTableColumn(table, "Step").tolist() == [1, 2]
    assert slicer.util.arrayFromTableColumn(table, "Loss").tolist() == [0.5, 0.25]


def test_drawing_again_updates_the_same_nodes(scene, curves):
    import slicer

    curves.draw("loss", "teacher", np.array([1.0]), np.array([0.5]))
    before = [node.GetID() for node in ours(scene)]
    curves.draw("loss", "teacher", np.array([1.0, 2.0]), np.array([0.5, 0.125]))
    assert [node.GetID() for node in ours(scene)] == before
    table = next(node for node in ours(scene) if node.IsA("vtkMRMLTableNode"))
    assert slicer.util.arrayFromTableColumn(table, "Loss").tolist() == [0.5, 0.125]


def test_a_single_point_is_drawn_as_a_line_of_two_which_vtk_can_draw(scene, curves):
    import slicer

    curves.draw("dice", "student", np.array([5.0]), np.array([0.5]))
    table = next(node for node in ours(scene) if node.IsA("vtkMRMLTableNode"))
    assert slicer.util.arrayFromTableColumn(table, "Step").tolist() == [5, 5]


def test_a_chart_without_points_is_not_shown_until_it_has_some(scene, curves):
    from HLFDSegmentationLib.Distil.PlotLayout import LAYOUT_IDS, PlotLayout

    manager = aLayoutManager(scene)
    layout, node = PlotLayout(manager), manager.layoutLogic().GetLayoutNode()
    manager.setLayout(node.SlicerLayoutConventionalView)
    curves.draw("loss", "teacher", np.array([1.0, 2.0]), np.array([0.5, 0.25]))
    curves.draw("dice", "teacher", np.array([]), np.array([]))
    layout.show(scene, curves.chartIds())
    assert node.GetViewArrangement() == LAYOUT_IDS["loss",]
    curves.draw("dice", "teacher", np.array([2.0]), np.array([0.5]))
    layout.show(scene, curves.chartIds())
    assert node.GetViewArrangement() == LAYOUT_IDS["loss", "dice"]
    layout.leave()
    assert node.GetViewArrangement() == node.SlicerLayoutConventionalView


def test_curves_are_drawn_anew_after_the_scene_was_closed(scene, curves):
    curves.draw("loss", "teacher", np.array([1.0]), np.array([0.5]))
    assert curves.isThere()
    scene.Clear(0)
    assert not ours(scene)
    assert not curves.isThere()
    curves.draw("loss", "teacher", np.array([1.0]), np.array([0.5]))
    assert scene.GetNodeByID(curves.chartId("loss")).GetNumberOfPlotSeriesNodes() == 1


def test_curves_are_not_saved_with_the_scene_and_leave_nothing_behind(scene, curves):
    curves.draw("loss", "teacher", np.array([1.0]), np.array([0.5]))
    curves.draw("dice", "teacher", np.array([1.0]), np.array([0.5]))
    assert len(ours(scene)) == 6
    assert not any(node.GetSaveWithScene() for node in ours(scene))
    curves.remove()
    assert not ours(scene)


def test_the_views_show_the_charts_and_go_back_to_the_arrangement_of_before(scene, curves):
    import slicer

    from HLFDSegmentationLib.Distil.PlotLayout import LAYOUT_IDS, PLOT_VIEWS, PlotLayout

    manager = aLayoutManager(scene)
    layout = PlotLayout(manager)
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView)
    charts = {kind: curves.chartId(kind) for kind in PLOT_VIEWS}
    layout.show(scene, charts)
    shown = {kind: scene.GetSingletonNode(tag, "vtkMRMLPlotViewNode") for kind, tag in PLOT_VIEWS.items()}
    assert {kind: view.GetPlotChartNodeID() for kind, view in shown.items()} == charts
    assert layout.isShown
    assert manager.layoutLogic().GetLayoutNode().GetViewArrangement() == LAYOUT_IDS["loss", "dice"]
    layout.leave()
    assert (
        manager.layoutLogic().GetLayoutNode().GetViewArrangement()
        == slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView
    )


def aLayoutManager(scene):
    """The real layout logic, without the application's widgets."""
    import slicer

    class Manager:
        def __init__(self):
            self.logic = slicer.vtkMRMLLayoutLogic()
            self.logic.SetMRMLScene(scene)

        def layoutLogic(self):
            return self.logic

        def setLayout(self, layout):
            self.logic.GetLayoutNode().SetViewArrangement(layout)

    return Manager()


def test_of_a_log_the_last_lines_are_read_and_of_a_progress_bar_what_stood_last(tmp_path):
    from HLFDSegmentationLib.Distil.LogTail import lastLines

    log = tmp_path / "log.txt"
    assert lastLines(log) == ""
    log.write_bytes(b"first\r\nbar 10%\rbar 100%\nlast\n")
    assert lastLines(log) == "first\nbar 100%\nlast"
    assert lastLines(log, lines=1) == "last"
    log.write_text("x" * 100 + "\n" + "y" * 10 + "\n")
    assert lastLines(log, atMostBytes=50) == "y" * 10
