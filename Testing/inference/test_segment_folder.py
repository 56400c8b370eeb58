"""`hlfd segment-folder`: every CT of a folder is done once, a bad one is told, and a stop leaves whole files."""

import csv
import json
import os
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk

from hlfd import attached
from hlfd.event_file import read_events
from hlfd.events import Events
from hlfd.files import whole_file
from hlfd.inference.ct_folder import find_cts
from hlfd.inference.segment_folder import segment_folder
from hlfd.models.registry import NETWORKS


def a_file(folder, name, content=b"x"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "cts"
    made.mkdir()
    return made


@pytest.fixture
def save(folder, body, oriented):
    """Writes a CT of the body, its first slices by number, into the folder."""

    def write(name, slices=6):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(oriented(body[:, :, :slices]), str(path))
        return path

    return write


@pytest.fixture
def out(tmp_path):
    return tmp_path / "results"


@pytest.fixture
def segment(command, folder, out, threshold_bundle):
    return lambda *more: command("segment-folder", folder, "--model", threshold_bundle, "--out", out, *more)


def table(out):
    with (out / "summary.csv").open(encoding="utf-8", newline="") as stream:
        return {row["name"]: row for row in csv.DictReader(stream)}


def files(out):
    return sorted(path.name for path in out.iterdir() if path.name != ".lock")


def test_cts_of_every_kind_are_found_and_label_maps_are_left_out_and_said_so(folder, out, body, oriented, a_series):
    for name in ("a.nii.gz", "b.NRRD", "c.mha", "case_1/imaging.nii.gz", "case_1/segmentation.nii.gz", "notes.txt"):
        a_file(folder, name)
    labels = ("a.seg.nrrd", "segmentation-3.nii", "Labels.nrrd", "a_seg.nii.gz", "a-label.nrrd")
    for name in (*labels, ".hidden.nrrd", "empty/notes.txt"):
        a_file(folder, name)
    (folder / "scan").mkdir()
    a_series(oriented(body), folder / "scan")
    content = find_cts(folder, out)
    assert [ct.name for ct in content.cts] == ["a", "b", "c", "case_1", "scan"]
    said = "\n".join(content.left_out)
    assert len(content.left_out) == len(labels) + 1
    assert all(name in said for name in (*labels, "empty"))


def test_a_ct_whose_name_begins_like_that_of_a_label_map_is_a_ct(folder, out):
    for name in ("labelled.nrrd", "segmented.nrrd", "outset.nrrd"):
        a_file(folder, name)
    assert len(find_cts(folder, out).cts) == 3


def test_cts_of_one_name_keep_their_endings_and_further_ones_change_no_other_name(folder, out):
    for name in ("a.nii.gz", "a.nrrd", "b.mha", "b/imaging.nrrd", "c.nrrd"):
        a_file(folder, name)
    assert [ct.name for ct in find_cts(folder, out).cts] == ["a.nii.gz", "a.nrrd", "b", "b.mha", "c"]


def test_names_that_stay_alike_are_refused(folder, out, refused, threshold_bundle):
    for name in ("a.nrrd", "a.nii.gz", "a.nrrd.mha"):
        a_file(folder, name)
    sentence = refused("segment-folder", folder, "--model", threshold_bundle, "--out", out)
    assert "a.nrrd and a.nrrd.mha would have results of one name; rename one of them" in sentence
    assert not out.exists()


def test_each_of_several_series_of_a_folder_is_a_ct_named_by_its_uid(folder, out, body, oriented, a_series):
    (folder / "scan").mkdir()
    a_series(oriented(body), folder / "scan", series="1.2.3.1")
    a_series(oriented(body), folder / "scan", series="1.2.3.2")
    found = find_cts(folder, out).cts
    assert [(ct.name, ct.series) for ct in found] == [("scan-1.2.3.1", "1.2.3.1"), ("scan-1.2.3.2", "1.2.3.2")]
    assert [ct.name for ct in find_cts(folder / "scan", out).cts] == [ct.name for ct in found]


def test_each_ct_gets_its_result_its_report_and_its_row(segment, save, out, body, answer_by_threshold):
    save("a.nii.gz")
    save("case_1/imaging.nrrd", slices=2)
    answer = segment()
    assert answer.status == 0, answer
    assert f"2 of 2 CTs segmented; {out / 'summary.csv'} has a row for each\n" in answer.error
    assert files(out) == ["a.json", "a.seg.nrrd", "case_1.json", "case_1.seg.nrrd", "summary.csv"]
    for name, slices in (("a", 6), ("case_1", 2)):
        wanted = answer_by_threshold(body[:, :, :slices])
        found = sitk.GetArrayFromImage(sitk.ReadImage(str(out / f"{name}.seg.nrrd")))
        np.testing.assert_array_equal(found, wanted.transpose())
        told, row = json.loads((out / f"{name}.json").read_text(encoding="utf-8")), table(out)[name]
        assert float(row["tumor_ml"]) == pytest.approx((wanted == 2).sum() * 0.75 * 0.75 * 2.5 / 1000, abs=6e-4)
        assert row["status"] == "done" and row["say"] == ""
        assert int(row["lesions"]) == len(told["lesions"]) > 0
        longest_mm = max(lesion["longest_axial_mm"] for lesion in told["lesions"])
        assert float(row["longest_axial_mm"]) == pytest.approx(longest_mm, abs=6e-3)


def test_a_bad_ct_is_told_and_the_others_are_done(segment, save, folder, out):
    save("a.nrrd")
    a_file(folder, "b.nrrd", b"no volume")
    save("c.nrrd")
    answer = segment()
    assert answer.status == 1
    assert "b.nrrd: not a volume that can be read" in answer.error
    assert answer.error.endswith(f"hlfd: 1 of 3 CTs could not be segmented; {out / 'summary.csv'} says why\n")
    rows = table(out)
    assert [row["status"] for row in rows.values()] == ["done", "failed", "done"]
    assert "not a volume" in rows["b"]["say"] and rows["b"]["tumor_ml"] == ""
    assert not list(out.glob("b.*"))


def test_what_is_done_is_kept_until_it_is_to_be_overwritten(segment, save, out):
    save("a.nrrd")
    assert segment().status == 0
    (out / "a.seg.nrrd").write_text("looked at by hand", encoding="utf-8")
    lesions = table(out)["a"]["lesions"]
    save("b.nrrd")
    assert segment().status == 0
    assert (out / "a.seg.nrrd").read_text(encoding="utf-8") == "looked at by hand"
    assert {name: row["status"] for name, row in table(out).items()} == {"a": "kept", "b": "done"}
    assert table(out)["a"]["lesions"] == lesions
    assert segment("--overwrite").status == 0
    assert sitk.ReadImage(str(out / "a.seg.nrrd")).GetSize() == (13, 10, 6)


def test_a_result_that_is_not_ours_is_not_replaced(segment, save, out):
    save("a.nrrd")
    a_file(out, "a.seg.nrrd", b"by the expert")
    answer = segment()
    assert answer.status == 1
    assert "a.seg.nrrd: already exists" in answer.error
    assert (out / "a.seg.nrrd").read_bytes() == b"by the expert"


def test_results_of_two_models_are_not_mixed(segment, save, out, refused, folder, threshold_bundle):
    save("a.nrrd")
    assert segment().status == 0
    report = out / "a.json"
    told = json.loads(report.read_text(encoding="utf-8"))
    told["model"]["weights_sha256"] = "of another"
    report.write_text(json.dumps(told), encoding="utf-8")
    save("b.nrrd")
    sentence = refused("segment-folder", folder, "--model", threshold_bundle, "--out", out)
    assert "a.json: was made by another model; choose another folder, or add --overwrite" in sentence
    assert not (out / "b.json").exists()


def test_a_folder_that_cannot_serve_is_refused_before_any_work(folder, save, out, refused, threshold_bundle, tmp_path):
    def sentence(source, target):
        return refused("segment-folder", source, "--model", threshold_bundle, "--out", target)

    assert "cts: no CT found; expected .nii.gz" in sentence(folder, out)
    assert "none: no such folder" in sentence(tmp_path / "none", out)
    save("a.nrrd")
    assert "cts: holds the CTs; choose another folder" in sentence(folder, folder)
    assert "a.nrrd: is a file, and results go into a folder" in sentence(folder, folder / "a.nrrd")
    a_file(out, "summary.csv", b"patient,age\n")
    assert "summary.csv: is not a table of hlfd" in sentence(folder, out)
    assert files(out) == ["summary.csv"]


def test_results_may_lie_in_the_folder_of_the_cts(command, save, folder, threshold_bundle):
    save("a.nrrd")
    for status in ("done", "kept"):
        assert command("segment-folder", folder, "--model", threshold_bundle, "--out", folder / "r").status == 0
        assert {name: row["status"] for name, row in table(folder / "r").items()} == {"a": status}


@pytest.fixture
def stopped_in(monkeypatch, threshold_bundle, tmp_path):
    """A job whose stop is asked when the model has seen so many batches of slices; gives its events afterwards."""
    job = tmp_path / "job"
    job.mkdir()
    monkeypatch.setenv(attached.JOB_VARIABLE, str(job))
    network, settings = NETWORKS["threshold"]

    def arrange(batches):
        class Stopping(network):
            def forward(self, images):
                if len(self.batches) + 1 == batches:
                    (job / attached.STOP).touch()
                return super().forward(images)

        monkeypatch.setitem(NETWORKS, "threshold", (Stopping, settings))
        return SimpleNamespace(stop=job / attached.STOP, events=lambda: read_events(job / attached.EVENTS))

    return arrange


@pytest.mark.parametrize(("batches", "done"), [(1, []), (3, ["a"])])
def test_a_stop_leaves_whole_files_and_the_same_command_goes_on(
    batches, done, stopped_in, command, save, folder, out, threshold_bundle
):
    for name in ("a.nrrd", "b.nrrd", "c.nrrd"):
        save(name)  # two batches each
    job = stopped_in(batches)
    begin = ("segment-folder", folder, "--model", threshold_bundle, "--out", out)
    answer = command(*begin)
    assert answer.status == 130
    assert "segment-folder: stopped; what is done is kept, the same command goes on from there" in answer.error
    assert [path.stem for path in sorted(out.glob("*.json"))] == done
    assert not list(out.glob(".hlfd-part-*"))
    job.stop.unlink()
    job = stopped_in(0)
    assert command(*begin).status == 0
    began = [event for event in job.events() if event["event"] == "started"][-1]
    assert (began["at"], began["of"]) == (len(done), 3)  # what is kept takes no time: the pace leaves it out
    assert (job.events()[-2]["event"], job.events()[-2]["at"]) == ("item", 3)
    assert [row["status"] for row in table(out).values()] == ["kept"] * len(done) + ["done"] * (3 - len(done))


def test_events_tell_how_many_there_are_and_each_as_it_is_done(
    stopped_in, command, save, folder, out, threshold_bundle
):
    save("a.nrrd", slices=2)
    a_file(folder, "b.nrrd", b"no volume")
    job = stopped_in(0)
    assert command("segment-folder", folder, "--model", threshold_bundle, "--out", out).status == 1
    told = [(event["event"], event.get("at"), event.get("of")) for event in job.events()]
    assert told[0] == ("started", 0, 2)
    assert [place for name, place, _ in told if name == "item"] == [0, 1, 2]
    sentences = [event["say"] for event in job.events() if event["event"] == "told"]
    assert [sentence.partition(":")[0] for sentence in sentences] == ["a", str(folder / "b.nrrd")]
    assert job.events()[-1]["event"] == "done"
    assert job.events()[-1]["say"].startswith("1 of 2 CTs segmented")


def test_a_full_disk_ends_all_of_it_for_it_is_no_fault_of_one_ct(save, folder, out, threshold_bundle, monkeypatch):
    save("a.nrrd")
    save("b.nrrd")

    def full(path, *_):
        with whole_file(path):
            raise OSError(28, os.strerror(28), str(path))

    monkeypatch.setattr("hlfd.inference.segment.write_segmentation", full)
    with pytest.raises(OSError, match="No space left"):
        segment_folder(folder, threshold_bundle, out, "cpu", False, Events())
    assert files(out) == []


def test_what_a_killed_process_left_is_swept_up_and_two_do_not_write_at_once(
    segment, save, out, folder, threshold_bundle
):
    save("a.nrrd")
    a_file(out, ".hlfd-part-x.seg.nrrd")
    inner = []

    class Second:
        def hear(self, event):
            if event["event"] == "started":
                inner.append(segment())

        def close(self):
            pass

    segment_folder(folder, threshold_bundle, out, "cpu", False, Events(Second()))
    assert inner[0].status == 2 and "another process segments into it" in inner[0].error
    assert files(out) == ["a.json", "a.seg.nrrd", "summary.csv"]
