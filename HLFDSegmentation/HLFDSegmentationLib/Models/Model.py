"""A model, as its bundle tells of it: what it segments, and what it was made from."""

from dataclasses import dataclass, field
from pathlib import Path

from ..Labels import SegmentLabel, labelsFromManifest
from ..Words import Refusal
from ..Words import tr as _
from .ModelFiles import CARD, readManifest


@dataclass(frozen=True)
class Model:
    """A model of the library."""

    name: str
    """Its folder's; the library knows it by this."""
    folder: Path
    manifest: dict = field(repr=False)
    labels: tuple[SegmentLabel, ...] = field(repr=False)
    card: str = field(repr=False)
    """Markdown."""

    @property
    def title(self) -> str:
        """What its maker called it."""
        return str(self.manifest["name"])

    @property
    def organ(self) -> str:
        """That carries the tumour, such as `kidney`."""
        return str(self.manifest["organ"])

    @property
    def isSynthetic(self) -> bool:
        """Trained on synthetic CTs: not for patients."""
        return bool(self.manifest.get("synthetic"))

    @property
    def windowHu(self) -> tuple[float, float]:
        """Hounsfield units that it sees; outside of them all is the same to it."""
        low, high = self.manifest["window_hu"]
        return float(low), float(high)

    @property
    def pixelMm(self) -> float | None:
        """In-plane pixel that slices are resized to; None where each keeps its own."""
        return self.manifest.get("pixel_mm")

    @property
    def sliceMm(self) -> tuple[float, float]:
        """Thinnest and thickest slices that it learnt from."""
        low, high = self.manifest["training"]["slice_mm"]
        return float(low), float(high)

    @property
    def cases(self) -> int:
        """CTs that it learnt from."""
        return int(self.manifest["training"]["training_cases"])

    @property
    def tumorDice(self) -> float | None:
        """On the CTs that chose its weights, so that it flatters; None if there were none."""
        return self.manifest["training"].get("validation_tumor_dice")

    @property
    def madeFor(self) -> str:
        """What it segments and what it learnt from, in a sentence or two."""
        low, high = (f"{one:.1f}".removesuffix(".0") for one in self.sliceMm)
        thick = low if low == high else _("{low} to {high}").format(low=low, high=high)
        what = _("Segments {labels} in CT.").format(labels=listed([label.name for label in self.labels]))
        if self.isSynthetic:
            learnt = _(
                "Learnt from {count} synthetic CTs, slices {thick} mm: a show of how it works, not for patients."
            )
        else:
            learnt = _("Learnt from {count} CTs, slices {thick} mm.")
        return f"{what} {learnt.format(count=self.cases, thick=thick)}"


def modelIn(folder: Path, name: str) -> Model:
    """The model in a folder, which the user knows by a name.

    Raises:
        Refusal: its manifest or its card is missing, altered, or does not fit.
    """
    manifest, card = readManifest(folder), _cardOf(folder)
    try:
        model = Model(name, folder, manifest, labelsFromManifest(manifest), card)
        _useAll(model)
    except (KeyError, TypeError, ValueError) as error:
        sentence = _("The manifest of the model “{name}” does not fit this version ({reason}); export it again.")
        raise Refusal(sentence.format(name=name, reason=error)) from None
    return model


def _useAll(model: Model) -> None:
    """Notice here, and not where it is shown, what a manifest lacks."""
    _texts = model.title, model.organ, model.madeFor
    numbers = *model.windowHu, *model.sliceMm, model.pixelMm, model.tumorDice
    _numbers = [float(number) for number in numbers if number is not None]


def _cardOf(folder: Path) -> str:
    try:
        return (folder / CARD).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Refusal(_("{file} cannot be read; copy the model again.").format(file=folder / CARD)) from None


def listed(words: list[str]) -> str:
    """Such as “a, b and c”."""
    *others, last = words
    return _("{others} and {last}").format(others=", ".join(others), last=last) if others else last
