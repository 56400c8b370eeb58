"""The picture that a run shows of itself at each validation."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from hlfd.catalogue import COLORS_RGB
from hlfd.data.splits import Splits
from hlfd.data.store import Store, save_manifest
from hlfd.event_file import read_events
from hlfd.training import preview
from hlfd.training.preview import CAPTION, GAP, SIDE, choose_preview
from Testing.training.tiny_runs import make_store, same

CPU = torch.device("cpu")


class Bright(nn.Module):
    """Calls tumour what is brighter than 0.7 of the window, and nothing kidney."""

    stride = 16

    def forward(self, images):
        assert not self.training
        tumor = (images > 0.7).float()
        return torch.cat([0.5 - 0 * tumor, 0 * tumor, tumor], dim=1)


@pytest.fixture
def store(tmp_path):
    """Its validation case has no tumour on the first slice, and 144 pixels of it on the two others."""
    return Store(make_store(tmp_path / "store"))


def panels(file):
    """CT, expert and network of a picture, h w 3."""
    pixels = np.asarray(Image.open(file))
    assert pixels.shape == (SIDE + CAPTION, 3 * SIDE + 2 * GAP, 3)
    return [pixels[:SIDE, number * (SIDE + GAP) : number * (SIDE + GAP) + SIDE] for number in range(3)]


def colored(panel, name):
    """Pixels of the full colour of a label: its line."""
    return (panel == (255 * np.array(COLORS_RGB[name])).astype(np.uint8)).all(axis=2)


def test_ct_expert_and_network_stand_beside_each_other_in_the_catalogue_s_colours(store, tmp_path):
    file = tmp_path / "preview.png"
    shown = choose_preview(store)
    assert shown.draw(Bright().train(), CPU, 300, file)
    ct, expert, network = panels(file)
    assert (ct[..., 0] == ct[..., 1]).all() and ct.std() > 10
    rows, columns = (slice(places.min(), places.max() + 1) for places in np.nonzero(colored(expert, "tumor")))
    scale = SIDE / 48
    truth = np.argwhere(shown.truth == store.tumor_value)
    for line, places in ((rows, truth[:, 0]), (columns, truth[:, 1])):
        assert abs(line.start - scale * places.min()) <= 1
        assert abs(line.stop - scale * (places.max() + 1)) <= 1
    assert colored(expert, "kidney").any() and not colored(network, "kidney").any()
    assert colored(network, "tumor").any()
    assert not colored(ct, "tumor").any() and not colored(ct, "kidney").any()
    outside = np.ones((SIDE, SIDE), dtype=bool)
    kidney = np.argwhere(shown.truth > 0)
    top, left = np.floor(kidney.min(axis=0) * scale - 1).astype(int)
    bottom, right = np.ceil((kidney.max(axis=0) + 1) * scale + 1).astype(int)
    outside[top:bottom, left:right] = False
    assert (expert[outside] == ct[outside]).all()


def test_it_is_small_and_has_nothing_but_pixels(store, tmp_path):
    choose_preview(store).draw(Bright(), CPU, 1, tmp_path / "preview.png")
    picture = Image.open(tmp_path / "preview.png")
    assert picture.width <= 900 and picture.height <= 320
    assert picture.info == {}


def test_the_slice_is_the_one_with_the_most_tumour_of_all_validation_cases(store):
    everyone = tuple(case.name for case in store.manifest.cases)
    save_manifest(store.folder, store.manifest, Splits(seed=0, training=everyone[:1], validation=everyone[1:], test=()))
    shown, opened = choose_preview(Store(store.folder)), Store(store.folder)
    most = max(int((opened.slices(case).labels == 2).sum(axis=(1, 2)).max()) for case in opened.cases("validation"))
    assert int((shown.truth == 2).sum()) == most > 0


def test_without_tumour_the_slice_shows_the_organ_and_without_a_case_there_is_none(store):
    (case,) = store.cases("validation")
    labels = np.array(store.slices(case).labels)
    labels[:] = 0
    labels[1, 5:9, 5:9] = 1
    np.save(store.folder / "cases" / case.name / "labels.npy", labels)
    counts = np.stack([np.bincount(part.ravel(), minlength=3) for part in labels]).astype(np.int32)
    np.save(store.folder / "cases" / case.name / "counts.npy", counts)
    assert np.array_equal(choose_preview(store).truth, labels[1])
    names = tuple(case.name for case in store.manifest.cases)
    save_manifest(store.folder, store.manifest, Splits(seed=0, training=names, validation=(), test=()))
    assert choose_preview(Store(store.folder)) is None


def test_a_wide_slice_keeps_its_shape():
    assert preview._fitted((100, 200)) == (SIDE, SIDE // 2)
    assert preview._fitted((512, 512)) == (SIDE, SIDE)


def test_drawing_leaves_mode_and_random_numbers_as_they_were(store, tmp_path):
    network = nn.Sequential(Bright())
    network.stride = 16
    before = torch.get_rng_state(), np.random.get_state()
    choose_preview(store).draw(network.train(), CPU, 1, tmp_path / "preview.png")
    assert network.training and network[0].training
    assert same(torch.get_rng_state(), before[0]) and np.array_equal(np.random.get_state()[1], before[1][1])


def test_a_picture_that_cannot_be_written_ends_no_training(store, tmp_path):
    (tmp_path / "preview.png").mkdir()
    assert choose_preview(store).draw(Bright(), CPU, 1, tmp_path / "preview.png") is False
    assert [path.name for path in tmp_path.iterdir() if path.name != "store"] == ["preview.png"]


@pytest.mark.parametrize("made", ["a_taught_run", "a_distilled_run"])
def test_every_validation_of_teacher_and_student_tells_of_a_picture(made, request):
    run = request.getfixturevalue(made)
    told = [event for event in read_events(run / "events.jsonl") if event["event"] in ("validated", "previewed")]
    assert [event["event"] for event in told] == ["validated", "previewed"] * 3
    assert [event["step"] for event in told[1::2]] == [4, 8, 12]
    assert {event["file"] for event in told[1::2]} == {"preview.png"}
    panels(run / "preview.png")
