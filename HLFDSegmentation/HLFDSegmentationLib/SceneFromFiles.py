"""From a CT file and a label map file to a Slicer scene with pictures.

python -m HLFDSegmentationLib.SceneFromFiles --volume ct.nii.gz --labels seg.nii.gz --manifest manifest.json
    --out FOLDER [--name NAME]
"""

import argparse
import json
import platform
import shutil
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import numpy as np
import vtk

from .Grids import dimensionsOf, ijkToRasOf
from .Headless import headlessScene
from .Labels import labelsFromManifest
from .SceneFiles import loadLabelArray, loadVolume, saveScene
from .SegmentationNodes import segmentationFromLabelArray
from .Views import renderViews


def main(arguments=None) -> int:
    """Exit status: 0 if the folder was written, 2 if the input was no good."""
    options = _parser().parse_args(arguments)
    try:
        sceneFromFiles(options.volume, options.labels, options.manifest, options.out, options.name)
    except (ValueError, OSError) as error:
        print(f"SceneFromFiles: {error}", file=sys.stderr)
        return 2
    return 0


def sceneFromFiles(volumePath, labelsPath, manifestPath, outFolder, name: str | None = None) -> dict:
    """Write scene.mrb, scene.json and the pictures into a new folder, all of it or nothing."""
    outFolder = Path(outFolder).absolute()
    segmentLabels = labelsFromManifest(_readManifest(manifestPath))
    _checkFolder(outFolder)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{outFolder.name}-", dir=outFolder.parent))
    try:
        summary = _fillFolder(unfinished, volumePath, labelsPath, segmentLabels, name)
        unfinished.chmod(0o755)
        unfinished.rename(outFolder)
        return summary
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _fillFolder(folder: Path, volumePath, labelsPath, segmentLabels, name) -> dict:
    with headlessScene() as scene:
        volumeNode = loadVolume(scene, volumePath)
        labels_zyx = loadLabelArray(scene, labelsPath, volumeNode)
        name = name or f"{volumeNode.GetName()} segmentation"
        segmentationNode = segmentationFromLabelArray(volumeNode, labels_zyx, segmentLabels, name)
        pictures = renderViews(volumeNode, segmentationNode, folder)
        saveScene(scene, folder / "scene.mrb")
        summary = {
            "scene": "scene.mrb",
            "pictures": {view: path.name for view, path in pictures.items()},
            "nodes": [_describeNode(volumeNode), _describeNode(segmentationNode)],
            "volume": _describeVolume(volumeNode),
            "segments": _describeSegments(volumeNode, labels_zyx, segmentLabels),
            "versions": _versions(),
        }
    (folder / "scene.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    return summary


def _describeNode(node) -> dict:
    return {"id": node.GetID(), "class": node.GetClassName(), "name": node.GetName()}


def _describeVolume(volumeNode) -> dict:
    return {
        "dimensions": list(dimensionsOf(volumeNode)),
        "spacing_mm": list(volumeNode.GetSpacing()),
        "ijk_to_ras": ijkToRasOf(volumeNode).tolist(),
    }


def _describeSegments(volumeNode, labels_zyx: np.ndarray, segmentLabels) -> list[dict]:
    voxel_ml = abs(np.linalg.det(ijkToRasOf(volumeNode)[:3, :3])) / 1000
    counts = [int(np.count_nonzero(labels_zyx == label.value)) for label in segmentLabels]
    return [
        {"name": label.name, "value": label.value, "voxels": count, "volume_ml": round(count * voxel_ml, 4)}
        for label, count in zip(segmentLabels, counts, strict=True)
    ]


def _versions() -> dict:
    try:
        slicerCore = metadata.version("slicer-core")
    except metadata.PackageNotFoundError:
        slicerCore = None
    versions = {"slicer-core": slicerCore, "vtk": vtk.vtkVersion.GetVTKVersion()}
    return versions | {"numpy": np.__version__, "python": platform.python_version()}


def _readManifest(path) -> dict:
    if not Path(path).is_file():
        raise ValueError(f"{path} is not a file; give the manifest of the model")
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{Path(path).name} is not JSON: {error}") from error


def _checkFolder(outFolder: Path) -> None:
    if outFolder.exists():
        raise ValueError(f"{outFolder} exists already; give the name of a new folder")
    if not outFolder.parent.is_dir():
        raise ValueError(f"{outFolder.parent} is not a folder; make it first")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="SceneFromFiles", description="Make a Slicer scene with pictures.")
    parser.add_argument("--volume", required=True, help="CT, NIfTI or NRRD")
    parser.add_argument("--labels", required=True, help="label map of the CT, NIfTI or NRRD")
    parser.add_argument("--manifest", required=True, help="JSON with the list 'labels'")
    parser.add_argument("--out", required=True, help="folder to make")
    parser.add_argument("--name", help="name of the segmentation node")
    return parser


if __name__ == "__main__":
    sys.exit(main())
