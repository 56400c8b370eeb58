"""The report: says what its folders hold, and no more."""

import csv
import json
from dataclasses import replace

import pytest

from hlfd.errors import InputError
from hlfd.evaluation.metrics import Score
from hlfd.report.page import Entry, Picture, Story, verdict, write_report

ONE_PIXEL_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)


def a_summary(dice, parameters=1_000_000):
    return {"volume": {"dice_mean": dice}, "parameters": parameters}


def summaries(teacher, alone, distilled):
    return {"teacher": a_summary(teacher, 36_000_000), "none": a_summary(alone), "hlfd": a_summary(distilled)}


def test_the_share_of_the_gap_is_that_of_the_paper_for_the_figures_of_the_paper():
    text = verdict(summaries(0.6450, 0.4130, 0.5218))
    assert "+10.9 points (41.3 to 52.2 %)" in text
    assert "47 % of the gap" in text
    assert "36.0 times smaller" in text


def test_a_loss_by_distillation_is_told_as_a_loss():
    text = verdict(summaries(0.60, 0.40, 0.35))
    assert "-5.0 points" in text
    assert "lost" in text and "-25 % of the gap" not in text


def test_a_teacher_that_does_not_lead_is_said_to_have_nothing_to_teach():
    assert "nothing to teach" in verdict(summaries(0.40, 0.40, 0.45))


def test_nothing_is_compared_where_no_test_case_has_tumour():
    assert "nothing to compare" in verdict(summaries(None, None, None))


def test_no_verdict_is_given_where_one_of_the_three_models_is_missing():
    assert verdict({"teacher": a_summary(0.5), "hlfd": a_summary(0.4)}) == ""


@pytest.fixture
def an_entry(tmp_path):
    """Makes the folders of a run and its evaluation with a tumour Dice of each case."""

    def make(key, title, dices, terms=False, steps=20):
        run, evaluation = tmp_path / key, tmp_path / f"{key}-evaluation"
        run.mkdir()
        evaluation.mkdir()
        parts = {"UFD": 0.5, "IFD": 1.5, "UPD": 0.2, "IPD": 0.1} if terms else {}
        events = [{"event": "step", "step": step, "loss": 1 / step, "seg": 1 / step, **parts} for step in (1, 10, 20)]
        events.append({"event": "validated", "step": 20, "tumor_dice": 0.5})
        (run / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
        (run / "result.json").write_text(
            json.dumps({"parameters": 2_500_000, "seconds": 90, "steps": steps, "settings": {"seed": 3}})
        )
        total = {
            "label": "tumor",
            "cases": len(dices),
            "dice_mean": sum(dices) / len(dices),
            "dice_std": 0.1,
            "rvd_mean": -0.25,
        }
        totals = [{"protocol": protocol, **total} for protocol in ("volume", "paper")]
        (evaluation / "summary.json").write_text(json.dumps({"totals": totals, "cases": len(dices) + 1}))
        with (evaluation / "cases.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(Score.model_fields))
            writer.writeheader()
            for number, dice in enumerate(dices):
                writer.writerow({"case": f"case_{number}", "protocol": "volume", "label": "tumor", "dice": dice})
            writer.writerow({"case": "without", "protocol": "volume", "label": "tumor"})
        return Entry(key, title, run, evaluation)

    return make


@pytest.fixture
def a_story(an_entry, tmp_path):
    png = tmp_path / "view.png"
    png.write_bytes(ONE_PIXEL_PNG)
    return Story(
        title="Kidney <tumours> & co",
        introduction="What was done.",
        synthetic=True,
        entries=(
            an_entry("teacher", "Teacher", [0.6, 0.7]),
            an_entry("none", "Student alone", [0.3, 0.5]),
            an_entry("hlfd", "Student, HLFD", [0.45, 0.55], terms=True),
        ),
        pictures=(Picture("Expert", "truth", {"Axial": png, "3D": png}),),
        stages=({"title": "Teacher", "command": "hlfd teach store run", "seconds": 61.2},),
        facts={"Seed": "7"},
        limits=("One seed.",),
    )


def test_the_page_shows_each_models_figures_as_its_folders_have_them(a_story, tmp_path):
    write_report(tmp_path / "report.html", a_story)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for figure in ("<strong>65.0</strong>", "<strong>40.0</strong>", "<strong>50.0</strong>", "-0.25", "2.50 M"):
        assert figure in page
    assert "40 % of the gap" in page
    assert "standard deviation over 2 test cases with tumour (of 3)" in page
    assert "hlfd teach store run" in page and "61 s" in page and "One seed." in page


def test_the_page_needs_nothing_but_itself(a_story, tmp_path):
    write_report(tmp_path / "report.html", a_story)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 2
    assert page.count("<svg") == 3
    assert "<script" not in page and "<link" not in page and 'src="http' not in page


def test_equal_steps_and_seeds_are_claimed_only_where_they_are_equal(a_story, an_entry, tmp_path):
    claim = "the same number of steps and the same seed"
    write_report(tmp_path / "alike.html", a_story)
    longer = an_entry("longer", "Another", [0.5, 0.6], steps=40)
    write_report(tmp_path / "unlike.html", replace(a_story, entries=(*a_story.entries, longer)))
    assert claim in (tmp_path / "alike.html").read_text(encoding="utf-8")
    assert claim not in (tmp_path / "unlike.html").read_text(encoding="utf-8")


def test_synthetic_data_is_said_to_be_synthetic_at_the_top(a_story, tmp_path):
    write_report(tmp_path / "report.html", a_story)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 0 < page.index("<strong>Synthetic CTs.</strong>") < page.index("<table>")


def test_text_is_escaped(a_story, tmp_path):
    write_report(tmp_path / "report.html", a_story)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Kidney &lt;tumours&gt; &amp; co" in page


def test_a_run_without_a_result_is_told_in_a_sentence(a_story, tmp_path):
    (a_story.entries[0].run / "result.json").unlink()
    with pytest.raises(InputError, match=r"result\.json: no such file"):
        write_report(tmp_path / "report.html", a_story)
    assert not (tmp_path / "report.html").exists()
