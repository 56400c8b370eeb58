"""What an arena has to run: units, settings and folders."""

from pathlib import Path

import pytest

from hlfd.arena.plan import Plan
from hlfd.arena.rows import parse_rows
from hlfd.arena.settings import ArenaSettings
from hlfd.errors import InputError

STEPS = 70


def plan_of(methods="none,hlfd", **settings):
    """The plan of an arena in the folder `run` on the store `store`."""
    wanted = ArenaSettings.model_validate({"store": "store", "run": "run", "methods": methods, "seeds": 2, **settings})
    return Plan(wanted, parse_rows(methods), STEPS)


def settings_by_name(plan):
    return {model.training.name: model.training.settings for model in plan.students}


def test_students_come_seed_by_seed_behind_the_teachers():
    plan = plan_of()
    assert [model.training.name for model in plan.teachers] == ["teacher, seed 0", "teacher, seed 1"]
    names = ["none, seed 0", "hlfd, seed 0", "none, seed 1", "hlfd, seed 1"]
    assert [model.training.name for model in plan.students] == names


def test_every_model_has_a_folder_of_its_own():
    plan = plan_of("none,hlfd,hlfd:UFD,hlfd@decoder,hlfd[power=4]")
    models = [*plan.teachers, *plan.students]
    units = [unit for model in models for unit in (model.training, *model.measuring.values())]
    for what in ([unit.done for unit in units], [unit.file for unit in units], [unit.name for unit in units]):
        assert len(set(what)) == len(models) * 3
    assert all(Path("run") in path.parents for unit in units for path in (unit.done, unit.file))
    assert all(model.entry.run == Path(model.training.settings["run"]) for model in models)


def test_a_measurement_waits_for_its_training_and_reads_its_bundle():
    model = plan_of().students[1]
    for part in ("validation", "test"):
        unit = model.measuring[part]
        assert unit.after == model.training.done == Path("run/hlfd/seed-0/result.json")
        assert unit.settings["model"] == str(Path("run/hlfd/seed-0/bundle"))
        assert unit.settings["part"] == part and unit.done == Path(f"run/measured/{part}/hlfd/seed-0/summary.json")


def test_without_test_no_unit_measures_test_cases():
    plan = plan_of(test=False)
    for model in (*plan.teachers, *plan.students):
        assert set(model.measuring) == {"validation"} and model.entry.test is None


def test_the_arenas_settings_reach_all_students_alike():
    own = {"crop": 64, "batch": 3, "jitter": 0.1, "tumor_share": 0.7, "lambda": 0.3, "learning_rate": 0.01}
    found = settings_by_name(plan_of("none,kd,hlfd,hlfd@decoder", **own, widths=(8, 8, 16, 16), deterministic=True))
    rows = ("run", "seed", "teacher", "method", "terms", "decoder")
    alike = [{name: value for name, value in one.items() if name not in rows} for one in found.values()]
    assert all(one == alike[0] for one in alike)
    assert {name: alike[0][name] for name in own} == own
    assert (alike[0]["steps"], alike[0]["widths"], alike[0]["deterministic"]) == (STEPS, [8, 8, 16, 16], True)


def test_a_row_changes_its_own_settings_alone():
    found = settings_by_name(plan_of("hlfd,hlfd:UFD+IFD@decoder[map-stride=2,lambda=1]"))
    changed, plain = found["hlfd:UFD+IFD@decoder[map-stride=2,lambda=1], seed 1"], found["hlfd, seed 1"]
    differing = {name: changed[name] for name in changed if changed[name] != plain[name]}
    assert differing.pop("run") == str(Path("run/hlfd_UFD_IFD_decoder_map-stride_2_lambda_1/seed-1"))
    assert differing == {"terms": "UFD,IFD", "decoder": True, "map_stride": "2", "lambda": "1"}


def test_teachers_have_their_own_width_norm_and_steps():
    settings = {"teacher_widths": (8, 8, 16, 16, 32), "teacher_norm": "batch", "crop": 64}
    (teacher, _) = plan_of(**settings).teachers
    told = teacher.training.settings
    assert (told["widths"], told["norm"], told["steps"], told["crop"]) == ([8, 8, 16, 16, 32], "batch", STEPS, 64)
    assert "method" not in told and "lambda" not in told
    assert plan_of(teacher_steps=5).teachers[0].training.settings["steps"] == 5


def test_each_seed_has_its_teacher():
    plan = plan_of(seed=3)
    assert [model.training.settings["seed"] for model in plan.teachers] == [3, 4]
    taught_by = [(one["seed"], one["teacher"]) for one in settings_by_name(plan).values()]
    assert {(seed, str(Path(f"run/teacher/seed-{seed}"))) for seed in (3, 4)} == set(taught_by)


def test_one_teacher_is_shared_by_all_seeds():
    plan = plan_of(one_teacher=True, seed=3)
    assert [model.training.name for model in plan.teachers] == ["teacher, seed 3"]
    assert {one["teacher"] for one in settings_by_name(plan).values()} == {str(Path("run/teacher/seed-3"))}


def test_a_teacher_that_is_there_is_measured_and_not_trained():
    plan = plan_of(teacher="old/seed {seed}")
    assert [(model.training, model.entry.run) for model in plan.teachers] == [
        (None, Path("old/seed 0")),
        (None, Path("old/seed 1")),
    ]
    assert {(one["seed"], one["teacher"]) for one in settings_by_name(plan).values()} == {
        (seed, str(Path(f"old/seed {seed}"))) for seed in (0, 1)
    }
    (shared,) = plan_of(teacher="old").teachers
    assert shared.measuring["test"].settings["model"] == str(Path("old/bundle"))


def test_seed_and_baseline_are_filled_into_what_is_started_from():
    plan = plan_of(
        "none,hlfd@decoder", start_from="pre{}/{baseline}/{seed}", teacher_start_from="pre{trained}/teacher-{seed}"
    )
    assert {name: Path(one["start_from"]).as_posix() for name, one in settings_by_name(plan).items()} == {
        f"{row}, seed {seed}": f"pre{{}}/{baseline}/{seed}"
        for row, baseline in (("none", "none"), ("none@decoder", "none_decoder"), ("hlfd@decoder", "none_decoder"))
        for seed in (0, 1)
    }
    starts = [Path(model.training.settings["start_from"]).as_posix() for model in plan.teachers]
    assert starts == ["pre{trained}/teacher-0", "pre{trained}/teacher-1"]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("hlfd[power=0]", "hlfd[power=0]: --power: Input should be greater than or equal to 1, found '0'; see"),
        ("hlfd[jobs=2]", "hlfd[jobs=2]: --jobs: Extra inputs are not permitted, found '2'; see `hlfd distill --help`"),
        ("hlfd[lambda_=-1]", "--lambda: Input should be greater than or equal to 0, found '-1'"),
    ],
)
def test_a_setting_of_a_row_that_does_not_fit_is_refused_in_a_sentence(row, sentence):
    with pytest.raises(InputError) as refused:
        plan_of(row)
    assert sentence in str(refused.value) and "\n" not in str(refused.value)
