"""A segmentation as a job: the same file as from `hlfd segment`, or a sentence."""

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from hlfd.bundle import save_bundle
from hlfd.jobs import states
from hlfd.jobs.client import resume, wait_for_end
from hlfd.jobs.folder import find
from hlfd.models.registry import Architecture, build
from Testing.jobs.acting import SOON_S

STUDENT = {"widths": [4, 8, 8, 16], "blocks": [1, 1, 1, 1], "stem_pool": False}


@pytest.fixture
def case(tmp_path, facts_of_a_bundle, monkeypatch):
    """A folder with a CT and a bundle, in which the test stands."""
    torch.manual_seed(3)
    network = build(Architecture(network="resnet", classes=3, settings=STUDENT)).eval()
    save_bundle(tmp_path / "bundle", network, facts_of_a_bundle("resnet", STUDENT))
    body = np.random.default_rng(1).integers(-100, 400, (3, 48, 64), np.int16)
    image = sitk.GetImageFromArray(body)
    image.SetSpacing((0.75, 0.75, 2.5))
    sitk.WriteImage(image, str(tmp_path / "ct.nrrd"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_segmentation_that_failed_begins_anew_and_is_then_the_one_of_the_terminal(case, jobs, command):
    (case / "ct.nrrd").rename(case / "later.nrrd")
    options = ["segment", "ct.nrrd", "--model", "bundle", "--device", "cpu", "--out"]
    assert command("jobs", "start", "--folder", jobs, *options, "here.nrrd").status == 0
    job = find(jobs, "segment-1")
    view = wait_for_end(job, SOON_S)
    assert view.state == states.FAILED
    assert view.say.startswith("ct.nrrd: ")
    assert job.result()["outputs"] == []

    (case / "later.nrrd").rename(case / "ct.nrrd")
    resume(job)
    assert command(*options, "there.nrrd").status == 0
    view = wait_for_end(job, SOON_S)
    assert view.state == states.DONE, view
    assert (view.step, view.of) == (3, 3)
    assert job.result()["outputs"] == [str(case / "here.nrrd")]
    here, there = (sitk.GetArrayFromImage(sitk.ReadImage(name)) for name in ("here.nrrd", "there.nrrd"))
    assert len(np.unique(here)) > 1
    np.testing.assert_array_equal(here, there)
