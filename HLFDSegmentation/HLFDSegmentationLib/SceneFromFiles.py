"""From a CT file and label map files of it to a Slicer scene with pictures.

python -m HLFDSegmentationLib.SceneFromFiles --volume ct.nii.gz --labels [NAME=]seg.nii.gz [--labels ...]
    --manifest manifest.json --out FOLDER
"""

import argparse
import json
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping
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
        sceneFromFiles(options.volume, _named(options.labels), options.manifest, options.out)
    except (ValueError, OSError) as error:
        print(f"SceneFromFiles: {error}", file=sys.stderr)
        return 2
    return 0


def sceneFromFiles(volumePath, labelPaths: Mapping[str, Path], manifestPath, outFolder) -> dict:
    """Write scene.mrb, scene.json and the pictures into a new folder, all of it or nothing.

    labelPaths gives the name of each segmentation node and its label map. Pictures of all are taken from where
    the first one is best seen; in the scene the last one is shown.
    """
    outFolder = Path(outFolder).absolute()
    segmentLabels = labelsFromManifest(_readManifest(manifestPath))
    _checkFolder(outFolder)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{outFolder.name}-", dir=outFolder.parent))
    try:
        summary = _fillFolder(unfinished, volumePath, labelPaths, segmentLabels)
        unfinished.chmod(0o755)
        unfinished.rename(outFolder)
        return summary
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _fillFolder(folder: Path, volumePath, labelPaths, segmentLabels) -> dict:
    with headlessScene() as scene:
        volumeNode = loadVolume(scene, volumePath)
        arrays = {name: loadLabelArray(scene, path, volumeNode) for name, path in labelPaths.items()}
        nodes = {
            name: segmentationFromLabelArray(volumeNode, labels_zyx, segmentLabels, name)
            for name, labels_zyx in arrays.items()
        }
        pictures = _renderEach(volumeNode, nodes, folder)
        saveScene(scene, folder / "scene.mrb")
        summary = {
            "scene": "scene.mrb",
            "pictures": pictures,
            "nodes": [_describeNode(node) for node in (volumeNode, *nodes.values())],
            "volume": _describeVolume(volumeNode),
            "segments": {name: _describeSegments(volumeNode, array, segmentLabels) for name, array in arrays.items()},
            "versions": _versions(),
        }
    (folder / "scene.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    return summary


def _renderEach(volumeNode, nodes: dict, folder: Path) -> dict:
    """Pictures of one segmentation at a time, in a folder of its own: name -> view -> file in the folder."""
    pictures = {}
    first = next(iter(nodes.values()))
    for number, (name, node) in enumerate(nodes.items(), start=1):
        for other in nodes.values():
            other.GetDisplayNode().SetVisibility(other is node)
        target = folder / f"view{number}"
        target.mkdir()
        rendered = renderViews(volumeNode, node, target, frameNode=first)
        pictures[name] = {view: path.relative_to(folder).as_posix() for view, path in rendered.items()}
    return pictures


def _named(arguments: list[str]) -> dict[str, Path]:
    """NAME=FILE, or FILE alone, which is then named by itself."""
    named = {}
    for argument in arguments:
        name, equals, file = argument.partition("=")
        if not equals or Path(argument).is_file():
            name, file = Path(argument).name.split(".")[0], argument
        if name in named:
            raise ValueError(f"{name} stands twice; give each label map a name of its own, as NAME=FILE")
        named[name] = Path(file)
    return named


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
    parser.add_argument(
        "--labels", required=True, action="append", metavar="[NAME=]FILE",
        help="label map of the CT, NIfTI or NRRD, and the name of its segmentation; can be given several times",
    )  # fmt: skip
    parser.add_argument("--manifest", required=True, help="JSON with the list 'labels'")
    parser.add_argument("--out", required=True, help="folder to make")
    return parser


if __name__ == "__main__":
    sys.exit(main())
