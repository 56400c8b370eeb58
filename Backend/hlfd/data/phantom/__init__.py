"""Synthetic abdominal CTs with tumours, in HU, annotated: for demonstration and tests, not for medicine.

Drawing them needs numpy alone, so that Slicer can; writing them (`write.py`) needs SimpleITK.
"""

from hlfd.data.phantom.make import Phantom, make_phantom
from hlfd.data.phantom.settings import ORIENTATIONS, PhantomSettings

__all__ = ["ORIENTATIONS", "Phantom", "PhantomSettings", "make_phantom"]
