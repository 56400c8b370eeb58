"""SlicerHLFD's backend: distils a CT tumour-segmentation teacher into a compact student, and runs the student."""

__version__ = "0.1.0"
