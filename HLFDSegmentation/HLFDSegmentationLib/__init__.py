"""Library of the HLFD Segmentation module: label maps become Slicer segmentation nodes, scenes and pictures.

Imports only slicer, vtk, numpy and the standard library, so that it runs inside 3D Slicer and, through the
PyPI package slicer-core, outside of it.
"""
