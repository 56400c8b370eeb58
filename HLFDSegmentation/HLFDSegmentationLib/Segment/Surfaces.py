"""Surfaces of the segments of a label image, made with plain VTK: so that a thread can do it beside the window.

They are those that Slicer's own conversion makes with its default smoothing.
"""

import slicer
import vtk

CLOSED_SURFACE = "Closed surface"
SMOOTHING_FACTOR = 0.5
"""Slicer's default; 0 is none, 1 is very smooth."""


def surfacesOf(image, count: int) -> list:
    """A closed surface (vtkPolyData, RAS in mm) of each number from 1 to `count`; empty where no voxel has it.

    Args:
        image: vtkOrientedImageData of whole numbers; voxels at its borders are closed off there.
        count: of segments.
    """
    padded = _paddedInIndices(image)
    toWorld = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(toWorld)
    return [_surfaceOf(padded, number, toWorld) for number in range(1, count + 1)]


def addSurfaces(segmentationNode, surfaces) -> None:
    """Give the segments, in order, their surfaces and show these in 3D views; slice views keep the voxels' outlines."""
    segmentation = segmentationNode.GetSegmentation()
    for index, surface in enumerate(surfaces):
        segmentation.GetNthSegment(index).AddRepresentation(CLOSED_SURFACE, surface)
    display = segmentationNode.GetDisplayNode()
    display.SetPreferredDisplayRepresentationName2D("Binary labelmap")
    display.SetPreferredDisplayRepresentationName3D(CLOSED_SURFACE)
    display.SetVisibility3D(True)


def _paddedInIndices(image):
    """The image with a border of zeros, in coordinates of voxel indices: smoothing is to know no direction."""
    extent = list(image.GetExtent())
    plain = slicer.vtkOrientedImageData()
    plain.ShallowCopy(image)
    plain.SetGeometryFromImageToWorldMatrix(vtk.vtkMatrix4x4())
    pad = vtk.vtkImageConstantPad()
    pad.SetInputData(plain)
    pad.SetConstant(0)
    pad.SetOutputWholeExtent([side + (1 if index % 2 else -1) for index, side in enumerate(extent)])
    pad.Update()
    return pad.GetOutput()


def _surfaceOf(padded, number: int, toWorld):
    edges = vtk.vtkDiscreteFlyingEdges3D()
    edges.SetInputData(padded)
    edges.GenerateValues(1, number, number)
    edges.ComputeGradientsOff()
    edges.ComputeNormalsOff()
    edges.Update()
    if edges.GetOutput().GetNumberOfPolys() == 0:
        return vtk.vtkPolyData()
    normals = _pipedInto(_turned(_smoothed(edges), toWorld), vtk.vtkPolyDataNormals())
    normals.ConsistencyOn()
    normals.SplittingOff()
    normals.Update()
    return normals.GetOutput()


def _smoothed(edges):
    smooth = _pipedInto(edges, vtk.vtkWindowedSincPolyDataFilter())
    smooth.SetNumberOfIterations(int(20 + SMOOTHING_FACTOR * 40))
    smooth.SetPassBand(10 ** (-4 * SMOOTHING_FACTOR))
    smooth.BoundarySmoothingOff()
    smooth.FeatureEdgeSmoothingOff()
    smooth.NonManifoldSmoothingOn()
    smooth.NormalizeCoordinatesOn()
    return smooth


def _turned(source, toWorld):
    transform = vtk.vtkTransform()
    transform.SetMatrix(toWorld)
    turn = _pipedInto(source, vtk.vtkTransformPolyDataFilter())
    turn.SetTransform(transform)
    return turn


def _pipedInto(source, target):
    target.SetInputConnection(source.GetOutputPort())
    return target
