"""A bundle is whole and untouched, or it is refused; loading one runs no code."""

import hashlib
import json
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from hlfd.bundle import load_bundle, read_manifest, save_bundle
from hlfd.catalogue import make_labels
from hlfd.cli import main
from hlfd.errors import InputError
from hlfd.models.contract import parameter_count
from hlfd.models.registry import Architecture, build

ARCHITECTURE = Architecture(network="resnet", classes=3, settings={"widths": [3, 4, 5, 6], "blocks": [1, 1, 1, 1]})
FILES = ["MODEL_CARD.md", "manifest.json", "weights.safetensors"]


@pytest.fixture
def a_network():
    """A student with random weights and batch norms that have seen something."""
    torch.manual_seed(0)
    network = build(ARCHITECTURE)
    network(torch.rand(4, 1, 64, 64))
    return network.eval()


def facts(**others):
    training = {
        "training_cases": 3,
        "training_cases_with_tumor": 2,
        "validation_cases": 1,
        "slice_mm": [1.0, 5.0],
        "in_plane_mm": [0.6, 0.9],
        "settings": {"steps": 10, "batch": 2, "crop": 32, "seed": 0},
        "validation_tumor_dice": 0.5,
        "best_step": 8,
    }
    return {
        "name": "kidney tumor student, hlfd",
        "role": "student",
        "method": "hlfd",
        "organ": "kidney",
        "labels": make_labels(("kidney", "tumor"), "kidney"),
        "window_hu": (-200, 300),
        "pixel_mm": 0.8,
        "architecture": ARCHITECTURE,
        "synthetic": False,
        "training": training,
        **others,
    }


@pytest.fixture
def a_bundle(a_network, tmp_path):
    """A folder that `save_bundle` wrote."""
    save_bundle(tmp_path / "bundle", a_network, facts())
    return tmp_path / "bundle"


def edit_manifest(bundle, sign=True, **changes):
    """Change the manifest as someone would who knows the format: the digest is made anew."""
    content = json.loads((bundle / "manifest.json").read_text())
    digest = content.pop("digest")
    content |= changes
    if sign:
        digest = hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    (bundle / "manifest.json").write_text(json.dumps({**content, "digest": digest}))


def test_a_round_trip_gives_logits_that_are_equal_bit_for_bit(a_network, a_bundle):
    images = torch.rand(2, 1, 64, 96)
    manifest, network = load_bundle(a_bundle)
    with torch.no_grad():
        assert torch.equal(network(images), a_network(images))
    assert not network.training
    assert manifest.label_values() == {"kidney": 1, "tumor": 2}
    assert (manifest.window_hu, manifest.pixel_mm) == ((-200, 300), 0.8)
    assert manifest.parameters == parameter_count(a_network)


def test_a_bundle_is_three_files(a_bundle):
    assert sorted(path.name for path in a_bundle.iterdir()) == FILES
    manifest = read_manifest(a_bundle)
    assert sorted(manifest.files) == ["MODEL_CARD.md", "weights.safetensors"]
    assert manifest.versions.keys() == {"hlfd", "torch", "monai"}


def test_a_bundle_may_be_moved(a_bundle, tmp_path):
    shutil.move(a_bundle, tmp_path / "elsewhere")
    assert load_bundle(tmp_path / "elsewhere")[0].organ == "kidney"


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(a_bundle, name):
    (a_bundle / name).unlink()
    with pytest.raises(InputError, match=rf"{name}.*(is missing; copy or export|no such file)"):
        load_bundle(a_bundle)


@pytest.mark.parametrize("name", FILES)
def test_an_altered_file_is_named(a_bundle, name):
    content = bytearray((a_bundle / name).read_bytes())
    place = content.index(b"0.8") if name == "manifest.json" else len(content) - 2
    content[place] ^= 1
    (a_bundle / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"{name} was altered"):
        load_bundle(a_bundle)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_refused(a_bundle, name):
    content = (a_bundle / name).read_bytes()
    (a_bundle / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=name):
        load_bundle(a_bundle)


@pytest.mark.parametrize("name", ["weights.pt", "hubconf.py", "sub/__init__.py", "conftest.py"])
def test_a_smuggled_file_is_refused_and_never_run(a_bundle, tmp_path, name):
    mark = tmp_path / "was-run"
    file = a_bundle / name
    file.parent.mkdir(exist_ok=True)
    if file.suffix == ".py":
        file.write_text(f"open({str(mark)!r}, 'w')\n")
    else:
        file.write_bytes(pickle.dumps(Payload(mark)))
    with pytest.raises(InputError, match=rf"{name} does not belong to the bundle; remove it"):
        load_bundle(a_bundle)
    assert not mark.exists()


def test_a_pickle_in_place_of_the_weights_is_refused_and_never_run(a_bundle, tmp_path):
    mark = tmp_path / "was-run"
    weights = a_bundle / "weights.safetensors"
    torch.save({"head.weight": Payload(mark)}, weights)
    manifest = read_manifest(a_bundle)
    edit_manifest(a_bundle, files={**manifest.files, weights.name: hashlib.sha256(weights.read_bytes()).hexdigest()})
    with pytest.raises(InputError, match="the weights do not fit the network of the manifest"):
        load_bundle(a_bundle)
    assert not mark.exists()


class Payload:
    """What a stranger might put into a pickle."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_an_extra_file_that_the_manifest_names_is_refused_too(a_bundle):
    (a_bundle / "plugin.py").write_text("")
    digest = hashlib.sha256(b"").hexdigest()
    edit_manifest(a_bundle, files={**read_manifest(a_bundle).files, "plugin.py": digest})
    with pytest.raises(InputError, match=r"plugin\.py does not belong"):
        load_bundle(a_bundle)


def test_weights_that_the_manifest_does_not_name_are_refused(a_bundle):
    files = read_manifest(a_bundle).files
    edit_manifest(a_bundle, files={"MODEL_CARD.md": files["MODEL_CARD.md"]})
    with pytest.raises(InputError, match=r"weights\.safetensors was altered"):
        load_bundle(a_bundle)


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", "._weights.safetensors"])
def test_what_file_managers_leave_is_no_part_of_it(a_bundle, name):
    (a_bundle / name).write_bytes(b"left by a system")
    assert load_bundle(a_bundle)[0].organ == "kidney"


@pytest.mark.parametrize("change", ["shape", "fewer", "more"])
def test_weights_of_another_network_are_refused(a_bundle, change):
    weights = load_file(a_bundle / "weights.safetensors")
    if change == "shape":
        weights["head.weight"] = torch.zeros(4, 6, 1, 1)
    elif change == "fewer":
        del weights["head.bias"]
    else:
        weights["adapters.early.weight"] = torch.zeros(1)
    save_file(weights, a_bundle / "weights.safetensors")
    digest = hashlib.sha256((a_bundle / "weights.safetensors").read_bytes()).hexdigest()
    edit_manifest(a_bundle, files={**read_manifest(a_bundle).files, "weights.safetensors": digest})
    with pytest.raises(InputError, match="the weights do not fit the network of the manifest; export it again"):
        load_bundle(a_bundle)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format": 2}, "not a bundle of format 1; export it again with this version"),
        ({"pixel_mm": "wide"}, r"manifest\.json does not fit this version"),
        ({"plugin": "os.system"}, r"manifest\.json does not fit this version"),
        ({"architecture": {"network": "swin", "classes": 3, "settings": {}}}, "network 'swin' is unknown"),
        ({"architecture": {"network": "os.system", "classes": 3, "settings": {}}}, "network 'os.system' is unknown"),
    ],
)
def test_a_manifest_of_another_version_is_refused(a_bundle, changes, sentence):
    edit_manifest(a_bundle, **changes)
    with pytest.raises(InputError, match=sentence):
        load_bundle(a_bundle)


def test_a_manifest_edited_by_hand_is_refused(a_bundle):
    edit_manifest(a_bundle, sign=False, window_hu=[-100, 300])
    with pytest.raises(InputError, match=r"manifest\.json was altered after export"):
        load_bundle(a_bundle)


@pytest.mark.parametrize("text", ["", "[]", "[1]", "null", "{", "\x00"])
def test_a_manifest_that_is_none_is_refused(a_bundle, text):
    (a_bundle / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=r"the manifest of a bundle|not a bundle of format 1"):
        load_bundle(a_bundle)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such bundle; name the folder that teach or distill exported"):
        load_bundle(tmp_path / "nothing")


def test_segmenting_with_a_bad_bundle_ends_with_status_2_and_writes_nothing(a_bundle, tmp_path, capsys):
    import SimpleITK as sitk

    sitk.WriteImage(sitk.Image(32, 32, 2, sitk.sitkInt16), str(tmp_path / "ct.nii.gz"))
    (a_bundle / "extra.bin").write_bytes(b"")
    out = tmp_path / "out.nii.gz"
    assert main(["segment", str(tmp_path / "ct.nii.gz"), "--model", str(a_bundle), "--out", str(out)]) == 2
    assert "extra.bin does not belong to the bundle" in capsys.readouterr().err
    assert not out.exists()


def test_a_bundle_is_not_replaced_unasked(a_network, a_bundle):
    before = {path.name: path.read_bytes() for path in a_bundle.iterdir()}
    with pytest.raises(InputError, match="already exists"):
        save_bundle(a_bundle, a_network, facts(organ="liver"))
    assert before == {path.name: path.read_bytes() for path in a_bundle.iterdir()}
    save_bundle(a_bundle, a_network, facts(organ="liver"), overwrite=True)
    assert load_bundle(a_bundle)[0].organ == "liver"


def test_a_folder_that_is_no_bundle_is_never_replaced(a_network, tmp_path):
    (tmp_path / "ct.nii.gz").write_text("a CT")
    with pytest.raises(InputError, match=r"has no manifest\.json, so it is not replaced"):
        save_bundle(tmp_path, a_network, facts(), overwrite=True)
    assert (tmp_path / "ct.nii.gz").exists()


def test_facts_that_do_not_fit_leave_nothing_behind(a_network, tmp_path):
    with pytest.raises(ValueError, match="role"):
        save_bundle(tmp_path / "bundle", a_network, facts(role="assistant"))
    assert list(tmp_path.iterdir()) == []


def test_the_card_says_what_the_model_is_and_is_not(a_bundle):
    card = (a_bundle / "MODEL_CARD.md").read_text()
    said = (
        "# kidney tumor student, hlfd",
        "Not a medical device",
        "| training cases (with tumour) | 3 (2) |",
        "1 to 5",
        "0.6 to 0.9, resized to 0.8",
        "-200 to 300",
        "0.500, at step 8",
        "arXiv 2311.16700",
    )
    assert not [words for words in said if words not in card]
    assert "synthetic" not in card.lower()


def test_the_card_of_a_synthetic_model_says_so_first(a_network, tmp_path):
    save_bundle(tmp_path / "bundle", a_network, facts(synthetic=True))
    card = Path(tmp_path / "bundle" / "MODEL_CARD.md").read_text()
    assert "**Trained on synthetic CTs.**" in card.splitlines()[2]


def test_a_network_on_autocast_or_in_views_is_saved_whole(a_network, tmp_path):
    # safetensors refuses memory that is not laid out in one piece.
    weight = a_network.head.weight
    weight.data = weight.data.repeat_interleave(2, 1)[:, ::2]
    assert not weight.is_contiguous()
    save_bundle(tmp_path / "bundle", a_network, facts())
    _, loaded = load_bundle(tmp_path / "bundle")
    assert torch.equal(loaded.head.weight, weight)
