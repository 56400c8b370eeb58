"""From a CT and a bundle to a segmentation file."""

from dataclasses import dataclass
from pathlib import Path

from hlfd.bundle import BundleManifest, load_bundle
from hlfd.data.frames import Array
from hlfd.data.volumes import Volume, read_ct
from hlfd.errors import InputError
from hlfd.events import Events
from hlfd.files import refuse_existing
from hlfd.inference.output import check_output_name, write_segmentation
from hlfd.inference.predictor import choose_device, predict_volume
from hlfd.stopping import stop_here


@dataclass(frozen=True)
class Found:
    """What a model found in a CT."""

    manifest: BundleManifest
    volumes_ml: dict[str, float]
    """Label name -> millilitres."""


def segment_volume(ct: Volume, bundle: Path, device: str, events: Events) -> tuple[BundleManifest, Array]:
    """Segment a CT that has been read: label values in canonical order."""
    manifest, network = load_bundle(bundle)
    where = choose_device(device)
    events.emit("started", what="Segmenting", of=len(ct.array))

    def on_slices(done: int) -> None:
        stop_here("segment: stopped; nothing is half-written")
        events.emit("item", at=done, note="slices")

    labels = predict_volume(
        network.to(where),
        ct.array,
        ct.spacing_mm,
        manifest.window_hu,
        manifest.pixel_mm,
        where,
        on_slices=on_slices,
    )
    return manifest, labels


def segment_file(
    ct_path: Path, bundle: Path, out: Path, device: str, overwrite: bool, series: str | None, events: Events
) -> Found:
    """Segment a CT and write the result in the CT's own grid.

    Raises:
        InputError: CT, bundle or output name cannot be used; nothing is written then.
    """
    check_output_name(out)
    refuse_existing(out, overwrite)
    if out.exists() and ct_path.exists() and out.samefile(ct_path):
        raise InputError(f"{out}: is the CT itself; choose another name for the result")
    ct = read_ct(ct_path, series)
    manifest, labels = segment_volume(ct, bundle, device, events)
    write_segmentation(out, labels, ct.frame, manifest.labels)
    volumes = {label.name: float((labels == label.value).sum()) * ct.frame.voxel_ml for label in manifest.labels}
    return Found(manifest, volumes)
