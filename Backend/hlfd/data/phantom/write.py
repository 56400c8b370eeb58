"""Synthetic cases on disk, in the layout of KiTS19."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from hlfd import __version__
from hlfd.data.image_files import write_image
from hlfd.data.phantom.make import Phantom, make_phantom
from hlfd.data.phantom.settings import PhantomSettings
from hlfd.errors import InputError
from hlfd.files import whole_folder, write_json

DESCRIPTION = "synthetic phantom"
RECORD = "dataset.json"
FAST_COMPRESSION = 1


def write_phantoms(
    out: Path,
    count: int,
    settings: PhantomSettings,
    seed: int,
    on_case: Callable[[int, int], None] | None = None,
    overwrite: bool = False,
) -> list[Path]:
    """Write `count` cases as out/case_00000/{imaging,segmentation}.nii.gz and out/dataset.json, all or none.

    `on_case(index, count)` is called after each case. Returns the case folders.

    Raises:
        InputError: `count` is below 1, or `out` is there and not an empty folder; with `overwrite`, an earlier set
            of phantoms is replaced, and nothing else.
    """
    if count < 1:
        raise InputError(f"count: at least one case must be made, found {count}")
    names, facts = [f"case_{index:05d}" for index in range(count)], {}
    with whole_folder(out, overwrite, RECORD) as folder:
        for index, name in enumerate(names):
            phantom = make_phantom(settings, seed, index)
            _write_case(folder / name, phantom)
            facts[name] = phantom.facts | {"orientation": phantom.orientation}
            if on_case:
                on_case(index, count)
        write_json(folder / RECORD, _record(settings, seed, facts))
    return [out / name for name in names]


def _write_case(folder: Path, phantom: Phantom) -> None:
    folder.mkdir()
    for name, voxels in (("imaging", phantom.image_hu), ("segmentation", phantom.labels)):
        write_image(_to_image(voxels, phantom), folder / f"{name}.nii.gz", FAST_COMPRESSION)


def _to_image(voxels: np.ndarray, phantom: Phantom) -> sitk.Image:
    """An image with its true place in space, its axes in the asked order."""
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing(phantom.spacing_mm)
    image.SetOrigin(phantom.origin)
    image = sitk.DICOMOrient(image, phantom.orientation)
    image.SetMetaData("ITK_FileNotes", DESCRIPTION)  # ITK writes it as the NIfTI header's descrip
    return image


def _record(settings: PhantomSettings, seed: int, cases: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": "Synthetic CT scans made by hlfd; no patient was scanned.",
        "synthetic": True,
        "made_by": f"hlfd {__version__}",
        "version": __version__,
        "seed": seed,
        "labels": {"background": 0, settings.organ: 1, "tumor": 2},
        "settings": asdict(settings),
        "cases": cases,
    }
