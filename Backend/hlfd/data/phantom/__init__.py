"""Synthetic abdominal CTs with tumours, in HU, annotated: for demonstration and tests, not for medicine."""

from hlfd.data.phantom.make import Phantom, make_phantom
from hlfd.data.phantom.settings import ORIENTATIONS, PhantomSettings
from hlfd.data.phantom.write import write_phantoms

__all__ = ["ORIENTATIONS", "Phantom", "PhantomSettings", "make_phantom", "write_phantoms"]
