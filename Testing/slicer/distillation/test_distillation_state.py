"""What a distillation is at and what came of it, in sentences, whatever became of its jobs."""

import json

import pytest

from Testing.slicer.distillation.jobs_by_hand import aJob, stateOf


@pytest.mark.parametrize(
    ("states", "command", "state", "say"),
    [
        ({"prepare": "running", "teach": "queued"}, "prepare", "running", "Cases: at work."),
        ({"prepare": "done", "teach": "starting", "distill": "queued"}, "teach", "starting", "Teacher: is starting."),
        ({"prepare": "done", "teach": "cancelled", "distill": "cancelled"}, "teach", "cancelled", "Teacher: stopped"),
        ({"prepare": "done", "teach": "done", "distill": "lost"}, "distill", "lost", "Student: interrupted"),
        ({"prepare": "done", "teach": "done"}, "distill", "gone", "Student: was removed"),
        ({one: "done" for one in ("prepare", "teach", "distill", "report")}, "report", "done", "All is done."),
    ],
)
def test_the_first_stage_that_is_not_done_is_what_a_distillation_is_at(aDistillation, states, command, state, say):
    found = stateOf(aDistillation(**states))
    assert (found.command, found.state) == (command, state)
    assert found.say.startswith(say)
    assert found.isActive == (state in ("running", "starting"))
    assert found.canResume == (state in ("cancelled", "lost", "gone"))


def test_progress_is_told_in_a_sentence_and_as_a_share_of_the_whole(aDistillation):
    made = aDistillation(prepare="done")
    aJob(made.stages[1], "running", step=25, of=100, left_s=720.0)
    found = stateOf(made)
    assert found.say == "Teacher: 25 of 100, 12 min left"
    assert found.fraction == pytest.approx((4 + 52 * 0.25) / 100)


def test_a_failure_is_told_in_the_backends_own_sentence(aDistillation):
    made = aDistillation(prepare="done")
    aJob(made.stages[1], "failed", "case 17: image is 512x512x40, label 512x512x41")
    assert stateOf(made).say == "Teacher failed: case 17: image is 512x512x40, label 512x512x41"


def test_a_stage_whose_job_is_gone_is_done_if_what_it_made_is_there(aDistillation):
    made = aDistillation(prepare="done", distill="done", report="done")
    assert stateOf(made).state == "gone"
    (made.folder / "teacher").mkdir()
    (made.folder / "teacher" / "result.json").write_text("{}")
    assert stateOf(made).isDone


def test_results_claim_no_more_than_was_measured(aDistillation):
    from HLFDSegmentationLib.Distil.DistillationResult import resultInSentences

    made = aDistillation(prepare="done", teach="done", distill="cancelled", report="cancelled")
    assert resultInSentences(made, stateOf(made), {}) == ("", "note")
    (made.folder / "student" / "bundle").mkdir(parents=True)
    (made.folder / "student" / "bundle" / "manifest.json").write_text("{}")
    said, kind = resultInSentences(made, stateOf(made), {"teach": 0.5, "distill": 0.25})
    assert "on the validation cases so far: Teacher 0.500, Student 0.250" in said
    assert "has not finished learning" in said
    assert kind == "warning"


@pytest.mark.parametrize(
    ("report", "say"),
    [
        (
            {"test_cases": 3, "student": {"tumor_dice": 0.625}, "teacher": {"tumor_dice": 0.75}},
            "student 0.625, teacher",
        ),
        ({"test_cases": 1, "student": {"tumor_dice": 0.625}, "teacher": None}, "Tumour Dice on 1 test case: student"),
        ({"test_cases": 0, "student": {"tumor_dice": None}, "teacher": None}, "has not been measured"),
    ],
)
def test_a_report_is_told_with_its_number_of_test_cases(aDistillation, report, say):
    from HLFDSegmentationLib.Distil.DistillationResult import resultInSentences

    made = aDistillation(**{one: "done" for one in ("prepare", "teach", "distill", "report")})
    (made.folder / "report").mkdir()
    (made.folder / "report" / "report.json").write_text(json.dumps({"format": 1, **report}))
    said, kind = resultInSentences(made, stateOf(made), {})
    assert say in said
    assert kind == "good"


def test_a_report_that_is_written_anew_is_read_anew(aDistillation):
    made = aDistillation()
    assert made.report() == {}
    path = made.folder / "report" / "report.json"
    path.parent.mkdir()
    for cases in (1, 12):
        path.write_text(json.dumps({"test_cases": cases}))
        assert made.report() == {"test_cases": cases}


def test_a_folder_is_as_large_as_its_files(tmp_path):
    from HLFDSegmentationLib.Distil.DistillationFolders import bytesIn
    from HLFDSegmentationLib.Distil.DistillationState import sizeInWords

    (tmp_path / "deep").mkdir()
    empty = bytesIn(tmp_path)
    (tmp_path / "deep" / "one").write_bytes(bytes(3000))
    (tmp_path / "two").write_bytes(bytes(500))
    assert bytesIn(tmp_path) - empty == 3500
    assert [sizeInWords(size) for size in (0, 12e6, 1.24e9)] == ["1 MB", "12 MB", "1.2 GB"]


def test_times_are_told_as_people_do():
    from HLFDSegmentationLib.Distil.DistillationState import timeInWords

    assert [timeInWords(seconds) for seconds in (10, 90, 3600, 7500)] == [
        "less than a minute",
        "2 min",
        "1 h 0 min",
        "2 h 5 min",
    ]
