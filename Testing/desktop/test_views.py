"""Layouts, the views in them, and what is to be seen there."""

import numpy as np
import pytest


def test_slicer_opens_with_three_slice_views_and_one_in_3d(desktop):
    import slicer

    manager = slicer.app.layoutManager()
    assert manager.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
    assert manager.sliceViewNames() == ("Red", "Green", "Yellow")
    assert (manager.threeDViewCount, manager.plotViewCount) == (1, 0)
    assert manager.sliceWidget("Red").sliceLogic().GetSliceNode().GetOrientation() == "Axial"
    assert manager.sliceWidget("Blue") is None and manager.plotWidget(0) is None


def test_a_chart_that_is_shown_brings_a_plot_view_with_it(desktop):
    import slicer

    chart = slicer.util.plot(np.array([[0, 1], [1, 3]]), xColumnIndex=0, columnNames=["step", "loss"])
    manager = slicer.app.layoutManager()
    assert manager.plotViewCount == 1
    assert manager.plotWidget(0).mrmlPlotViewNode().GetPlotChartNode() is chart


def test_layouts_and_views_live_on_after_the_scene_was_closed(desktop):
    import slicer

    manager = slicer.app.layoutManager()
    slicer.mrmlScene.Clear(0)
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView)
    assert manager.sliceViewNames() == ("Red", "Green", "Yellow") and manager.threeDViewCount == 1
    volume = slicer.util.addVolumeFromArray(np.zeros((4, 6, 5), np.int16))
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    assert manager.sliceWidget("Green").sliceLogic().GetBackgroundLayer().GetVolumeNode() is volume


def test_resetting_the_views_fits_the_slices_to_the_volume(desktop):
    import slicer

    volume = slicer.util.addVolumeFromArray(np.zeros((40, 60, 50), np.int16))
    volume.SetSpacing(2, 2, 2)
    slicer.util.setSliceViewerLayers(background=volume)
    slicer.util.resetSliceViews()
    field_mm = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode().GetFieldOfView()
    assert 120 <= max(field_mm[:2]) < 160


@pytest.fixture
def aCube(desktop):
    """A volume, dark in the patient's left half and bright in the right, with a magenta cube in its middle."""
    import slicer

    values = np.zeros((40, 40, 40), np.int16)
    values[:, :, 20:] = 100
    volume = slicer.util.addVolumeFromArray(values)
    volume.SetOrigin(-20, -20, -20)
    volume.GetDisplayNode().SetAutoWindowLevel(False)
    volume.GetDisplayNode().SetWindowLevel(100, 50)
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "cube")
    segmentation.CreateDefaultDisplayNodes()
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    name = segmentation.GetSegmentation().AddEmptySegment("cube", "cube", (1, 0, 1))
    mask = np.zeros((40, 40, 40), np.uint8)
    mask[15:25, 15:25, 15:25] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, segmentation, name, volume)
    segmentation.GetDisplayNode().SetOpacity2DFill(1)
    segmentation.CreateClosedSurfaceRepresentation()
    return segmentation


def isMagenta(pixels):
    red, green, blue = np.moveaxis(pixels.astype(int), -1, 0)
    return np.minimum(red, blue) - green > 60


def test_a_slice_view_shows_the_volume_and_the_segmentation_where_they_are(aCube):
    import slicer

    picture = slicer.app.layoutManager().sliceWidget("Red").picture((200, 200))
    assert picture.shape == (200, 200, 3) and picture.dtype == np.uint8
    # The bright half lies at larger R, the patient's right, which is the left side of an axial view.
    assert picture[100, 20].tolist() == [255, 255, 255] and picture[100, 180].tolist() == [0, 0, 0]
    rows, columns = np.nonzero(isMagenta(picture))
    assert abs(rows.mean() - 100) < 4 and abs(columns.mean() - 100) < 4


def test_a_3d_view_shows_the_surface_in_its_middle_after_a_reset(aCube):
    import slicer

    view = slicer.app.layoutManager().threeDWidget(0).threeDView()
    view.resetFocalPoint()
    rows, columns = np.nonzero(isMagenta(view.picture((200, 200))))
    assert len(rows) > 1000 and abs(rows.mean() - 100) < 15 and abs(columns.mean() - 100) < 15


def test_a_plot_view_draws_each_series_in_its_colour(desktop):
    import slicer

    nodes = {}
    slicer.util.plot(np.array([[0, 0.0], [1, 1.0]]), xColumnIndex=0, nodes=nodes)
    nodes["series"][0].SetColor(1, 0, 1)
    nodes["series"][0].SetLineWidth(4)
    picture = slicer.app.layoutManager().plotWidget(0).picture((300, 200))
    rows, columns = np.nonzero(isMagenta(picture))
    assert np.corrcoef(rows, columns)[0, 1] < -0.9  # from the lower left to the upper right
    assert picture[0, 0].tolist() == [255, 255, 255]


def test_the_picture_of_the_window_holds_the_panel_and_every_view(aCube, desktop, tmp_path):
    import qt

    path = desktop.savePicture(tmp_path / "window.png", (900, 600))
    image = qt.QImage(str(path))
    assert (image.width(), image.height()) == (900, 600)
    colours = {image.pixelColor(x, y).name() for x in range(500, 900, 5) for y in range(0, 600, 5)}
    assert {"#f34a33", "#6eb04b", "#edd54c"} <= colours  # the bars of Red, Green and Yellow
