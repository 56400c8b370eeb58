"""The whole way through the module, clicked: cases, a distillation, its student, a segmentation; a scene reopened."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from Testing.module.annotated_cts import addAnnotated, addFour
from Testing.module.segment.segment_bench import MODULE, REPORT, ActingBackend, addCt, addModel, writeEnvironment

PARTS = ("Training", "Training", "Validation", "Test")
REOPENED = Path(__file__).with_name("reopened.py")


@pytest.fixture
def window(home, desktop):
    """The whole panel, where the backend is installed, with what a user does in it."""
    from Testing.module.whole_way import WholeWay

    writeEnvironment(home)
    return WholeWay(desktop.loadModule(MODULE / "HLFDSegmentation.py"))


def test_from_annotated_cts_to_a_student_that_segments(window, home, command, tmp_path):
    volumes = addFour()
    rows = window.findCases()
    assert [(row[0], row[1], row[4]) for row in rows] == [(f"CT {n}", f"CT {n} drawn", "Ready") for n in (1, 2, 3, 4)]
    window.divide(PARTS)
    assert [row[3] for row in window.caseRows()] == list(PARTS)
    window.chooseTiny("kidney")
    window.startDistilling()
    stopAndGoOn(window)
    lookAtTheEnd(window, home)
    window.words.click(window.view.useButton)
    window.words.until(lambda: window.segment.modelSelector.currentText == "kidney", 60)
    assert window.bench.models.names() == ["kidney"]
    window.words.until(lambda: window.words.isSeen(window.segment.segmentButton))
    segmentAndCompare(window, volumes[3], command, home, tmp_path)
    window.findCases()
    assert "Made by a model and left out: CT 4 segmentation." in window.cases.foundLabel.text
    assert [row[1] for row in window.caseRows()] == [f"CT {n} drawn" for n in (1, 2, 3, 4)]


def stopAndGoOn(window) -> None:
    """Watch the teacher learn, stop it, go on with it."""
    words, view, start = window.words, window.view, window.start
    assert window.choices.nameEdit.text == "distillation-1", "the next one is suggested a name of its own"
    window.unfold(view.logSection)
    words.until(lambda: view.curvesButton.enabled and view.curvesButton.isVisible(), 180)
    words.click(view.stopButton)
    words.until(view.resumeButton.isVisible, 60)
    assert "stopped" in view.stageText.text
    assert view.logText.plainText
    words.write(window.choices.nameEdit, "kidney")
    words.until(lambda: "There is a distillation kidney" in start.messageText.text)
    assert not start.startButton.enabled
    words.click(view.curvesButton)
    words.click(view.resumeButton)


def lookAtTheEnd(window, home) -> None:
    """All is done: what is drawn and written is what the report and the runs say."""
    words, view = window.words, window.view
    words.until(lambda: view.stageText.text == "All is done.", 420)
    for who in ("Teacher", "Student"):
        steps, losses = window.drawnLosses(who)
        assert steps == sorted(set(steps))
        assert steps[-1] == window.steps
        assert np.isfinite(losses).all()
    report = json.loads((home / ".hlfd" / "distillations" / "kidney" / "report" / "report.json").read_text())
    dice = {who: f"{report[who]['tumor_dice']:.3f}" for who in ("student", "teacher")}
    said = f"Tumour Dice on 1 test case: student {dice['student']}, teacher {dice['teacher']}."
    assert view.resultText.text == said
    words.until(lambda: window.rowsOf(window.list.trainingsTable)[0][:3] == ["kidney", "done", dice["student"]])
    assert view.reportButton.enabled
    assert view.previewPicture.isVisible()
    assert view.previewText.text.startswith("The student at its last validation")
    words.click(view.curvesButton)


def segmentAndCompare(window, volume, command, home, tmp_path) -> None:
    """The oblique CT, segmented by a click, has the voxels and lesions of `hlfd segment` on its file."""
    from HLFDSegmentationLib.SegmentationNodes import labelArrayFromSegmentation, segmentsOf

    words, ui = window.words, window.segment
    words.choose(ui.volumeSelector, "CT 4")
    words.until(lambda: ui.segmentButton.enabled)
    words.click(ui.segmentButton)
    words.until(lambda: ui.outcomeLabel.isVisible() and ui.outcomeLabel.text, 90)
    assert ui.outcomeLabel.text == "CT 4 was segmented."
    assert slicer.util.mainWindow().moduleSelector().horizontalScrollBar().maximum == 0, "the panel scrolls sideways"
    node = slicer.util.getNode("CT 4 segmentation")
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    parents = [hierarchy.GetItemParent(hierarchy.GetItemByDataNode(one)) for one in (node, volume)]
    assert parents[0] == parents[1]
    codes = [(segment.GetName(), segment.GetTerminology()) for _id, segment in segmentsOf(node)]
    assert [name for name, _code in codes] == ["kidney", "tumor"]
    assert all(code in told for code, (_name, told) in zip(("SCT^64033007", "SCT^108369006"), codes, strict=True))
    wanted, lesions = byCommand(volume, command, home, tmp_path)
    assert lesions
    assert np.unique(wanted).size > 1
    assert np.array_equal(labelArrayFromSegmentation(node, volume, {"kidney": 1, "tumor": 2}), wanted)
    shown = [(row[0], row[2]) for row in window.rowsOf(ui.lesionTable)]
    assert shown == [(f"tumor {one['number']}", f"{one['longest_axial_mm']:.1f}") for one in lesions]


def byCommand(volume, command, home, tmp_path) -> tuple[np.ndarray, list[dict]]:
    """Voxels (k, j, i) and lesions, the largest first, of `hlfd segment` on the CT as Slicer saves it."""
    ct, out, report = tmp_path / "ct.nrrd", tmp_path / "labels.nii.gz", tmp_path / "report.json"
    assert slicer.util.saveNode(volume, str(ct))
    model = home / ".hlfd" / "models" / "kidney"
    answer = command("segment", ct, "--model", model, "--out", out, "--report", report, "--device", "cpu")
    assert answer.status == 0, answer
    lesions = json.loads(report.read_text())["lesions"]
    return sitk.GetArrayFromImage(sitk.ReadImage(str(out))), sorted(lesions, key=lambda one: -one["volume_ml"])


@pytest.fixture
def acting(desktop, monkeypatch):
    """A backend whose segmentations are at work until a test lets them end."""
    backend = ActingBackend("running")
    monkeypatch.setattr("HLFDSegmentationLib.Segment.SegmentRun.startJob", backend)
    return backend


@pytest.fixture
def filledHome(home, desktop, facts_of_a_bundle):
    """A home with a model and two trainings at work."""
    addModel(home, facts_of_a_bundle)
    for name in ("looked-at", "newer"):
        addTrainingAtWork(name)
    return home


def test_a_scene_saved_at_work_shows_the_same_in_another_slicer_and_gets_its_result(
    filledHome, window, desktop, acting, tmp_path
):
    volume = leaveAtWork(window)
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    desktop.unloadModules()
    endSegmentation(acting)
    seen = seenInAnotherSlicer(tmp_path, filledHome)
    wanted = np.digitize(slicer.util.arrayFromVolume(volume), (100, 200))
    assert np.array_equal(np.load(tmp_path / "labels.npy"), wanted)
    assert seen == {
        "isResearchOpen": True,
        "ct": "CT of today",
        "model": "tiny",
        "outcome": "CT of today was segmented.",
        "lesions": len(REPORT["lesions"]),
        "isRunning": False,
        "cases": [["CT 1", "CT 1 drawn", "1", "Test", "Ready"], ["CT 2", "CT 2 drawn", "2", "Training", "Ready"]],
        "steps": 77,
        "name": "later",
        "training": ["looked-at", "teacher learns"],
        "stage": "Teacher: 20 of 100",
        "complaints": [],
    }


def addTrainingAtWork(name: str) -> None:
    """A training by hand, whose teacher has made 20 steps; this process is the one at work."""
    from hlfd.jobs.folder import create, this_host
    from hlfd.jobs.process import start_mark
    from HLFDSegmentationLib.BackendPlace import jobsFolder
    from HLFDSegmentationLib.Distil.Distillation import record
    from HLFDSegmentationLib.Distil.DistillationFolders import makeFolder
    from HLFDSegmentationLib.Distil.DistilSettings import Choices

    this = {"pid": os.getpid(), "mark": start_mark(os.getpid()), "host": this_host()}
    states = {"prepare": "done", "teach": "running", "distill": "queued", "report": "queued"}
    for stage in record(makeFolder(name), Choices(name=name), {"data": "nowhere"}).stages:
        job = create(jobsFolder(), stage.command, stage.settings, jobsFolder(), stage.job)
        job.write_status(states[stage.command], step=20, of=100, **this)


def leaveAtWork(window):
    """Choose something in each section, look at a training, and begin a segmentation; gives its CT."""
    words = window.words
    for number in (1, 2):
        addAnnotated(f"CT {number}", number)
    window.findCases()
    window.divide(("Test", "Training"))
    window.openSection("distil")
    words.write(window.choices.nameEdit, "later")
    window.turn(window.choices.stepsSpin, 77)
    names = [row[0] for row in window.rowsOf(window.list.trainingsTable)]
    window.list.trainingsTable.selectRow(names.index("looked-at"))
    volume = addCt("CT of today")
    words.choose(window.segment.volumeSelector, "CT of today")
    words.until(lambda: window.segment.segmentButton.enabled)
    words.click(window.segment.segmentButton)
    words.until(lambda: window.bench.parameters.segmentation)
    return volume


def endSegmentation(acting) -> None:
    """What the backend does while no Slicer is open."""
    job = acting.jobs[0]
    settings, acting.state = job.request()["settings"], "done"
    shutil.rmtree(job.folder)
    acting(None, "segment", settings, job.name)


def seenInAnotherSlicer(folder: Path, home: Path) -> dict:
    """What the panel shows where the scene is opened anew, by a process that knows nothing but files."""
    environment = {**os.environ, "HOME": str(home), "USERPROFILE": str(home)}
    arguments = [sys.executable, str(REOPENED), str(folder / "scene.mrb"), str(folder)]
    subprocess.run(arguments, env=environment, check=True, timeout=120)
    return json.loads((folder / "seen.json").read_text())
