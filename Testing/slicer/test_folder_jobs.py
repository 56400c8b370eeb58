"""Which of the jobs that segment folders is shown when Slicer is opened."""

import json

import pytest


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    """Makes a job and gives it; `jobs.latest()` is what is found."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    pytest.importorskip("slicer")
    from hlfd.jobs.folder import create, default_folder
    from HLFDSegmentationLib.Segment.FolderJobs import latestFolderJob

    def make(name: str, state: str, hasResults: bool, command: str = "segment-folder"):
        settings = {"folder": str(tmp_path / "cts"), "out": str(tmp_path / name)}
        job = create(default_folder(), command, settings, tmp_path, name)
        job.write_status(state)
        if hasResults:
            (tmp_path / name).mkdir()
        return job

    make.latest = latestFolderJob
    return make


def test_the_last_job_with_results_is_found_whether_it_has_ended_or_not(jobs, tmp_path):
    jobs("first", "done", hasResults=True)
    jobs("second", "failed", hasResults=True)
    jobs("without", "failed", hasResults=False)
    jobs("another", "done", hasResults=True, command="teach")
    found = jobs.latest()
    assert (found.job.name, found.folder, found.results) == ("second", tmp_path / "cts", tmp_path / "second")


@pytest.mark.parametrize(
    "request_",
    [{"format": 1, "command": "segment-folder", "settings": {}, "where": "/"}, {"format": 99}, [], {"format": 1}],
)
def test_a_job_of_another_version_is_passed_over(jobs, request_):
    jobs("good", "done", hasResults=True)
    odd = jobs("odd", "done", hasResults=True)
    (odd.folder / "request.json").write_text(json.dumps(request_))
    assert jobs.latest().job.name == "good"


def test_without_jobs_none_is_found(jobs):
    assert jobs.latest() is None
