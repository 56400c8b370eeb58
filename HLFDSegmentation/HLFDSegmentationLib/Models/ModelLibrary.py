"""The library of models: a folder for each in the user's home, a bundle of the backend. Files only; no Qt, no MRML."""

import contextlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..BackendPlace import homeFolder, useBackend
from ..Words import Refusal
from ..Words import tr as _
from .Model import Model, listed, modelIn
from .ModelFiles import FILES, checkFiles, diskFaultsInWords, packFiles, readManifest, takeFiles

LONGEST_NAME = 80
ABANDONED_S = 3600.0
"""What was half-written so long ago, nobody writes any more."""


class AlreadyThere(Refusal):
    """The library has this very model; `name` says which it is."""

    def __init__(self, name: str):
        super().__init__(_("This model is already in the library, as “{name}”.").format(name=name))
        self.name = name


class ModelLibrary:
    """The models of a user. Reading is quick; `add` and `export` copy all of a model and belong beside the window.

    Args:
        place: the folder; by default `models` in the home folder of the module.
    """

    def __init__(self, place: Path | None = None):
        self._place = place

    @property
    def place(self) -> Path:
        """The folder that the models' folders are in; it need not be there."""
        return self._place or homeFolder() / "models"

    def names(self) -> list[str]:
        """Names of all models, broken ones too, in alphabetical order."""
        try:
            found = [path.name for path in self.place.iterdir() if path.is_dir() and not path.name.startswith(".")]
        except OSError:
            return []
        return sorted(found, key=str.casefold)

    def folder(self, name: str) -> Path:
        """Where a model is, or would be.

        Raises:
            Refusal: a model cannot have that name.
        """
        if not name or name != _asName(name):
            raise Refusal(_("“{name}” cannot be the name of a model; choose one of the list.").format(name=name))
        return self.place / name

    def read(self, name: str) -> Model:
        """A model; that its weights are undamaged, the backend checks before it uses them.

        Raises:
            Refusal: it is not there any more, or broken.
        """
        folder = self.folder(name)
        if not folder.is_dir():
            sentence = _("The model “{name}” is not in the library any more; import it again under Models.")
            raise Refusal(sentence.format(name=name))
        if missing := [file for file in FILES if not (folder / file).is_file()]:
            sentence = _("The model “{name}” lacks {files}; remove it and import it again.")
            raise Refusal(sentence.format(name=name, files=listed(missing)))
        return modelIn(folder, name)

    def add(self, source: Path | str, name: str = "") -> str:
        """Copy a model into the library, whole or not at all, and check every file of it.

        Args:
            source: folder of a bundle, or of a training that has one, or a .zip of a bundle.
            name: that it should get; by default its maker's. A number is put behind one that is taken.

        Returns:
            The name that it got.

        Raises:
            AlreadyThere: the library has the same model.
            Refusal: the source is no model, or damaged, or the disk refused.
        """
        source = Path(source).expanduser()
        if not source.exists():
            raise Refusal(_("{place} is not there; choose the folder or the .zip of a model.").format(place=source))
        with diskFaultsInWords(), self._beside() as folder:
            with _toldOf(source, folder):
                takeFiles(source, folder)
                checkFiles(folder, readManifest(folder))
                model = modelIn(folder, source.name)
            self._refuseTwice(model.manifest["digest"])
            return self._placeAs(folder, _asName(name or model.title) or _("model"))

    def export(self, name: str, target: Path | str) -> None:
        """Copy a model out of the library, whole or not at all.

        Args:
            name: of the model.
            target: folder that is to be made, or a file that ends with `.zip`, which is replaced.

        Raises:
            Refusal: the model is broken, the folder is there already, or the disk refused.
        """
        useBackend()
        from hlfd.errors import InputError
        from hlfd.files import whole_folder

        target, model = Path(target).expanduser(), self.read(name)
        with diskFaultsInWords():
            checkFiles(model.folder, model.manifest)
            if target.suffix.lower() == ".zip":
                packFiles(model.folder, target)
                return
            try:
                with whole_folder(target) as beside:
                    takeFiles(model.folder, beside)
            except InputError:
                sentence = _("{folder} cannot be made, or is there already; choose another place.")
                raise Refusal(sentence.format(folder=target)) from None

    def remove(self, name: str) -> None:
        """Delete a model.

        Raises:
            Refusal: it is in use, or the disk refused.
        """
        folder = self.folder(name)
        with diskFaultsInWords():
            if folder.is_symlink():
                folder.unlink()
                return
            with contextlib.suppress(FileNotFoundError):
                gone = Path(tempfile.mkdtemp(prefix=_unfinished(), dir=self.place))
                try:
                    folder.rename(gone / name)  # so that it is there whole, or not at all
                finally:
                    shutil.rmtree(gone, ignore_errors=True)

    @contextlib.contextmanager
    def _beside(self) -> Iterator[Path]:
        """A folder in the library's that is gone afterwards, unless it was given its place."""
        useBackend()
        from hlfd.files import sweep_up

        self.place.mkdir(parents=True, exist_ok=True)
        sweep_up(self.place, ABANDONED_S)
        folder = Path(tempfile.mkdtemp(prefix=_unfinished(), dir=self.place))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _refuseTwice(self, digest: str) -> None:
        for name in self.names():
            try:
                other = self.read(name)
            except Refusal:
                continue
            if other.manifest["digest"] == digest:
                raise AlreadyThere(name)

    def _placeAs(self, folder: Path, wanted: str) -> str:
        taken = {name.casefold() for name in self.names()}  # some disks do not tell cases apart
        names = (wanted if number == 1 else f"{wanted} {number}" for number in range(1, len(taken) + 2))
        name = next(name for name in names if name.casefold() not in taken)
        folder.chmod(0o755)
        folder.rename(self.place / name)
        return name


@contextlib.contextmanager
def _toldOf(source: Path, copy: Path) -> Iterator[None]:
    """Let refusals of a copy name what it is a copy of."""
    try:
        yield
    except Refusal as error:
        raise Refusal(str(error).replace(str(copy), str(source))) from None


def _asName(text: str) -> str:
    """A text as the name of a folder that every system can have."""
    name = re.sub(r"[\x00-\x1f<>:\"/\\|?*]+", " ", text)
    name = re.sub(r"\s+", " ", name).strip(" .")[:LONGEST_NAME].strip(" .")
    isReserved = re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name)
    return f"{name} model" if isReserved else name


def _unfinished() -> str:
    useBackend()
    from hlfd.files import UNFINISHED

    return UNFINISHED
