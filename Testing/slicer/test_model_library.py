"""The library keeps what the backend exports: whole, unaltered, once; and lives with what is broken."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest
import torch
from torch import nn

from hlfd.bundle import CARD, load_bundle, read_manifest, save_bundle
from HLFDSegmentationLib.Models.ModelFiles import FILES, MANIFEST, WEIGHTS, digestOf
from HLFDSegmentationLib.Models.ModelLibrary import AlreadyThere, ModelLibrary
from HLFDSegmentationLib.Words import Refusal

WIDTHS = {"widths": [2, 2, 2, 2], "blocks": [1, 1, 1, 1]}


@pytest.fixture
def library(tmp_path) -> ModelLibrary:
    return ModelLibrary(tmp_path / "home" / "models")


@pytest.fixture
def aBundle(tmp_path, facts_of_a_bundle):
    """Makes a bundle by the backend's own hand; a network with other weights for another seed."""

    def make(seed: int = 0, **facts) -> Path:
        torch.manual_seed(seed)
        save_bundle(tmp_path / "exported", nn.Conv2d(1, 3, 1), {**facts_of_a_bundle("resnet", WIDTHS), **facts}, True)
        return tmp_path / "exported"

    return make


def altered(folder: Path, **changes) -> Path:
    """Change a manifest, and its digest with it, as somebody would who knows how."""
    content = {**json.loads((folder / MANIFEST).read_text()), **changes}
    (folder / MANIFEST).write_text(json.dumps({**content, "digest": digestOf(content)}))
    return folder


def zipped(folder: Path, place: Path, inside: str = "a model/") -> Path:
    with zipfile.ZipFile(place, "w") as packed:
        for path in sorted(folder.iterdir()):
            packed.write(path, inside + path.name)
    return place


def leftovers(library: ModelLibrary) -> list[str]:
    return [path.name for path in library.place.glob(".*")] if library.place.is_dir() else []


def test_what_the_backend_exports_is_added_and_the_backend_reads_it_again(library, aBundle):
    name = library.add(aBundle())
    assert library.names() == [name] == ["kidney tumour student, by hand"]
    assert sorted(path.name for path in library.folder(name).iterdir()) == sorted(FILES)
    assert read_manifest(library.folder(name)).organ == "kidney"
    assert leftovers(library) == []


def test_a_model_tells_what_its_manifest_says(library, aBundle):
    training = {**read_manifest(aBundle()).training, "slice_mm": [1.0, 5.0], "training_cases": 12}
    real = {**training, "validation_tumor_dice": 0.61}
    model = library.read(library.add(aBundle(synthetic=False, training=real)))
    assert [(label.name, label.value) for label in model.labels] == [("kidney", 1), ("tumor", 2)]
    assert (model.sliceMm, model.pixelMm, model.windowHu) == ((1, 5), 0.75, (0, 300))
    assert (model.organ, model.cases, model.tumorDice, model.isSynthetic) == ("kidney", 12, 0.61, False)
    assert model.madeFor == "Segments kidney and tumor in CT. Learnt from 12 CTs, slices 1 to 5 mm."
    assert model.card == (model.folder / CARD).read_text(encoding="utf-8")


def test_a_model_of_synthetic_cts_says_so(library, aBundle):
    model = library.read(library.add(aBundle()))
    assert model.isSynthetic
    assert "synthetic CTs" in model.madeFor
    assert "not for patients" in model.madeFor


def test_both_sides_agree_on_the_digest(aBundle):
    content = json.loads((aBundle() / MANIFEST).read_text())
    assert digestOf(content) == content["digest"]


def test_the_same_model_is_there_once(library, aBundle):
    source = aBundle()
    name = library.add(source)
    with pytest.raises(AlreadyThere, match=f"already in the library, as “{name}”") as refused:
        library.add(shutil.copytree(source, source.with_name("copy")), "by another name")
    assert refused.value.name == name
    assert library.names() == [name]


def test_another_model_of_the_same_name_gets_a_number(library, aBundle):
    names = [library.add(aBundle(seed)) for seed in range(3)]
    assert names == [names[0], f"{names[0]} 2", f"{names[0]} 3"]
    assert len({library.read(name).manifest["digest"] for name in names}) == 3


@pytest.mark.parametrize("wanted", ["../../elsewhere", "a/b\\c:d", "  .hidden. ", "NUL", "…/" + "x" * 300])
def test_no_name_leads_out_of_the_library(library, aBundle, wanted):
    name = library.add(aBundle(), wanted)
    assert library.folder(name).parent == library.place
    assert library.names() == [name]
    assert len(name) <= 90


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hlfd-part-x", "C:\\x"])
def test_what_cannot_be_a_name_is_refused(library, name):
    with pytest.raises(Refusal, match="cannot be the name of a model"):
        library.read(name)


def test_the_folder_of_a_training_will_do(library, aBundle, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    aBundle().rename(run / "bundle")
    assert library.add(run) in library.names()


@pytest.mark.parametrize("inside", ["", "a model/", "deep/er/"])
def test_a_zip_will_do(library, aBundle, tmp_path, inside):
    name = library.add(zipped(aBundle(), tmp_path / "model.zip", inside))
    for file in FILES:
        assert (library.folder(name) / file).read_bytes() == (aBundle() / file).read_bytes()


def test_nothing_of_a_zip_is_written_elsewhere(library, aBundle, tmp_path):
    packed = zipped(aBundle(), tmp_path / "evil.zip", "../../../")
    with zipfile.ZipFile(packed, "a") as more:
        more.writestr("../../../../evil.py", "evil")
    name = library.add(packed)
    assert sorted(path.name for path in library.folder(name).iterdir()) == sorted(FILES)
    assert list(tmp_path.parent.glob("**/evil.py")) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evil.zip", "exported", "home"]


def test_two_models_in_one_zip_are_refused(library, aBundle, tmp_path):
    packed = zipped(aBundle(), tmp_path / "two.zip")
    with zipfile.ZipFile(packed, "a") as more:
        more.write(aBundle() / MANIFEST, "b/" + MANIFEST)
    with pytest.raises(Refusal, match=r"two\.zip has 2 files manifest\.json; choose a \.zip of one model"):
        library.add(packed)


def test_a_zip_that_is_cut_off_is_refused(library, aBundle, tmp_path):
    packed = zipped(aBundle(), tmp_path / "model.zip")
    packed.write_bytes(packed.read_bytes()[:-40])
    with pytest.raises(Refusal, match=r"model\.zip is not a whole \.zip file; copy it again"):
        library.add(packed)


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_damaged_model_is_refused_by_its_own_name_and_nothing_is_left(library, aBundle, tmp_path, kind):
    source = aBundle()
    weights = bytearray((source / WEIGHTS).read_bytes())
    weights[-1] ^= 1
    (source / WEIGHTS).write_bytes(weights)
    source = source if kind == "folder" else zipped(source, tmp_path / "model.zip")
    with pytest.raises(Refusal, match=r"weights\.safetensors was altered or damaged after export") as refused:
        library.add(source)
    assert str(source) in str(refused.value)
    assert library.names() == leftovers(library) == []


@pytest.mark.parametrize("missing", FILES)
def test_a_model_that_lacks_a_file_is_refused(library, aBundle, missing):
    source = aBundle()
    (source / missing).unlink()
    with pytest.raises(Refusal, match=missing):
        library.add(source)
    assert library.names() == leftovers(library) == []


def test_an_altered_manifest_is_refused(library, aBundle):
    source = aBundle()
    text = (source / MANIFEST).read_text()
    (source / MANIFEST).write_text(text.replace('"synthetic": true', '"synthetic": false'))
    with pytest.raises(Refusal, match="was altered after export"):
        library.add(source)


@pytest.mark.parametrize(
    "changes", [{"labels": []}, {"labels": 3}, {"training": {}}, {"window_hu": 4}, {"pixel_mm": "wide"}], ids=str
)
def test_a_manifest_that_does_not_fit_is_refused_when_it_comes(library, aBundle, changes):
    with pytest.raises(Refusal, match="does not fit this version"):
        library.add(altered(aBundle(), **changes))
    assert library.names() == []


@pytest.mark.parametrize("place", ["exported", "nothing"])
def test_what_is_no_model_is_refused(library, tmp_path, place):
    (tmp_path / "exported").mkdir()
    with pytest.raises(Refusal, match=r"has no manifest\.json, so it is not a model|is not there"):
        library.add(tmp_path / place)


def test_a_broken_model_is_in_the_list_and_hides_no_other(library, aBundle):
    broken, whole = library.add(aBundle(0), "b"), library.add(aBundle(1), "a")
    (library.folder(broken) / WEIGHTS).unlink()
    assert library.names() == ["a", "b"]
    with pytest.raises(Refusal, match=r"“b” lacks weights\.safetensors; remove it and import it again"):
        library.read(broken)
    assert library.read(whole).name == "a"
    library.remove(broken)
    assert library.names() == ["a"]


def test_a_model_that_was_removed_is_told_and_removing_it_again_is_no_fault(library, aBundle):
    name = library.add(aBundle())
    library.remove(name)
    library.remove(name)
    assert library.names() == leftovers(library) == []
    with pytest.raises(Refusal, match="not in the library any more"):
        library.read(name)


@pytest.mark.parametrize("target", ["given/away", "given away.zip"])
def test_what_is_exported_can_be_imported_elsewhere(library, aBundle, tmp_path, target):
    name = library.add(aBundle())
    library.export(name, tmp_path / target)
    other = ModelLibrary(tmp_path / "other")
    assert other.read(other.add(tmp_path / target)).manifest == library.read(name).manifest


def test_an_export_replaces_no_folder(library, aBundle, tmp_path):
    name = library.add(aBundle())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    with pytest.raises(Refusal, match="is there already; choose another place"):
        library.export(name, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_what_was_damaged_in_the_library_is_not_exported(library, aBundle, tmp_path):
    name = library.add(aBundle())
    (library.folder(name) / WEIGHTS).write_bytes(b"nothing")
    with pytest.raises(Refusal, match="altered or damaged"):
        library.export(name, tmp_path / "away")
    assert not (tmp_path / "away").exists()


def test_an_empty_home_has_no_models(library):
    assert library.names() == []
    assert not library.place.exists()


def test_the_backend_runs_a_model_of_the_library(library, threshold_bundle):
    _manifest, network = load_bundle(library.folder(library.add(threshold_bundle)))
    assert network(torch.zeros(1, 1, 8, 8)).shape == (1, 3, 8, 8)


def test_a_file_that_became_unreadable_is_told(library, aBundle):
    name = library.add(aBundle())
    shutil.rmtree(library.folder(name))
    library.folder(name).write_text("no folder")
    assert library.names() == []
    with pytest.raises(Refusal, match="not in the library any more"):
        library.read(name)
