"""The distiller: which taps a term sees, and the adapters that it learns."""

import pytest
import torch

from hlfd.distillation.distiller import Distiller
from hlfd.distillation.recipes import Recipe
from hlfd.distillation.routes import Route
from hlfd.models.contract import Taps
from Testing.distillation.taps import CHANNELS, CLASSES, FINE_STRIDES, make_distiller, run, students_taps, teachers_taps

PIXEL_TAPS = {"early", "middle1", "middle2", "middle3"}


@pytest.mark.parametrize(("reduction", "expected"), [("sum", 6.0), ("mean", 2.0)])
def test_student_taps_are_summed_or_averaged(reduction, expected):
    # Each of three middle taps is 2 away from the teacher: they look at places that never meet.
    route = Route("IFD", "feature", ("late",), ("middle",), weight=1, reduction=reduction)
    names = ("middle1", "middle2", "middle3")
    distiller = Distiller(Recipe("one", (route,)), {}, dict.fromkeys(names, 16), CLASSES)
    student, teacher = torch.zeros(1, 1, 1, 2), torch.zeros(1, 1, 1, 2)
    student[..., 0], teacher[..., 1] = 1, 1
    (source,) = distiller.sources
    terms = distiller({source.name: teacher}, Taps(dict.fromkeys(names, student), {}))
    assert terms["IFD"].item() == pytest.approx(expected)


def test_upd_sees_the_mean_of_the_middle_heads_and_no_other_head():
    distiller, teacher, student = make_distiller(), teachers_taps(), students_taps()
    before = run(distiller, teacher, student)
    moved = torch.randn_like(teacher.maps["late"])
    shifted = {**teacher.maps, "middle1": teacher.maps["middle1"] + moved, "middle2": teacher.maps["middle2"] - moved}
    torch.testing.assert_close(run(distiller, Taps(teacher.features, shifted), student)["UPD"], before["UPD"])
    others = {**teacher.maps, "early": moved, "late": moved}
    assert torch.equal(run(distiller, Taps(teacher.features, others), student)["UPD"], before["UPD"])
    only_one = {**teacher.maps, "middle1": teacher.maps["middle1"] + moved}
    assert run(distiller, Taps(teacher.features, only_one), student)["UPD"] != before["UPD"]


@pytest.mark.parametrize(
    ("method", "term", "teacher_side", "teacher_taps", "student_taps"),
    [
        ("hlfd", "UFD", "features", {"middle1", "middle2", "middle3"}, {"early"}),
        ("hlfd", "IFD", "features", {"late"}, {"middle1", "middle2", "middle3"}),
        ("hlfd", "UPD", "maps", {"middle1", "middle2"}, {"early"}),
        ("hlfd", "IPD", "maps", {"late"}, {"middle1", "middle2", "middle3"}),
        ("kd", "KD", "maps", {"late"}, {"output"}),
        ("at", "AT", "features", set(CHANNELS), set(CHANNELS)),
        ("skd", "pair-wise", "features", {"late"}, {"late"}),
        ("skd", "pixel-wise", "maps", {"late"}, {"output"}),
        ("imf", "IMF", "features", {"late"}, PIXEL_TAPS),
        ("emkd", "importance", "features", set(CHANNELS), set(CHANNELS)),
        ("emkd", "prediction", "maps", {"late"}, {"output"}),
        ("hifd", "terminal features", "features", {"late"}, set(CHANNELS)),
        ("hifd", "terminal maps", "maps", {"late"}, {*PIXEL_TAPS, "output"}),
    ],
)
def test_a_term_depends_on_its_own_taps_alone(method, term, teacher_side, teacher_taps, student_taps):
    distiller = make_distiller(method, strides=FINE_STRIDES)
    teacher, student = teachers_taps(), students_taps(strides=FINE_STRIDES)
    value = run(distiller, teacher, student)[term]
    for side in ("features", "maps"):
        for name in getattr(teacher, side):
            changed = {"features": dict(teacher.features), "maps": dict(teacher.maps)}
            changed[side][name] = torch.randn_like(changed[side][name])
            matters = run(distiller, Taps(**changed), student)[term] != value
            assert matters == (side == teacher_side and name in teacher_taps), (side, name)
    for name in student.features:
        features = {**student.features, name: torch.randn_like(student.features[name])}
        changed_term = run(distiller, teacher, Taps(features, student.maps))[term]
        assert (changed_term != value) == (name in student_taps), name
    output = Taps(student.features, {"late": torch.randn_like(student.maps["late"])})
    assert (run(distiller, teacher, output)[term] != value) == ("output" in student_taps)


def test_gradients_reach_student_and_adapters_and_not_the_targets():
    distiller, teacher, student = make_distiller(), teachers_taps(), students_taps()
    for tensor in (*teacher.features.values(), *teacher.maps.values(), *student.features.values()):
        tensor.requires_grad_()
    sum(run(distiller, teacher, student).values()).backward()
    reached = {name for name, tensor in student.features.items() if tensor.grad is not None and tensor.grad.any()}
    assert reached == PIXEL_TAPS
    assert all(adapter.weight.grad.any() and adapter.bias.grad.any() for adapter in distiller.adapters.values())
    assert all(tensor.grad is None for tensor in (*teacher.features.values(), *teacher.maps.values()))


def test_there_is_one_learned_adapter_for_each_tap_that_predicts_pixels():
    distiller = make_distiller()
    assert set(distiller.adapters) == PIXEL_TAPS
    shapes = {name: tuple(adapter.weight.shape) for name, adapter in distiller.adapters.items()}
    assert shapes == {name: (CLASSES, CHANNELS[name], 1, 1) for name in PIXEL_TAPS}
    assert all(parameter.requires_grad for parameter in distiller.parameters())


def test_the_output_needs_no_adapter_and_features_need_none():
    assert not list(make_distiller("kd").parameters())
    assert not list(make_distiller("at").parameters())
    assert set(make_distiller("hifd").adapters) == PIXEL_TAPS


def test_random_adapters_get_no_gradient_but_let_it_through():
    distiller, student = make_distiller("random"), students_taps()
    for tensor in student.features.values():
        tensor.requires_grad_()
    sum(run(distiller, teachers_taps(), student).values()).backward()
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in distiller.parameters())
    assert student.features["middle1"].grad.any()


def test_nothing_is_drawn_at_random_after_the_distiller_is_made():
    distiller, teacher, student = make_distiller(), teachers_taps(), students_taps()
    state = torch.get_rng_state()
    first, second = run(distiller, teacher, student), run(distiller, teacher, student)
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(first[term], second[term]) for term in first)


def zeros_like(taps):
    features, maps = (
        {name: torch.zeros_like(tensor) for name, tensor in side.items()} for side in (taps.features, taps.maps)
    )
    return Taps(features, maps)


@pytest.mark.parametrize("method", ["at", "skd", "imf", "emkd", "hifd", "hlfd", "kd"])
def test_zero_features_and_maps_give_finite_terms_and_gradients(method):
    distiller = make_distiller(method, strides=FINE_STRIDES)
    teacher, student = (
        Taps(
            *({name: torch.zeros_like(tensor) for name, tensor in side.items()} for side in (taps.features, taps.maps))
        )
        for taps in (teachers_taps(), students_taps(strides=FINE_STRIDES))
    )
    for tensor in (*student.features.values(), *student.maps.values()):
        tensor.requires_grad_()
    terms = run(distiller, teacher, student)
    sum(terms.values()).backward()
    assert all(value.isfinite() for value in terms.values())
    shown = (*student.features.values(), *student.maps.values())
    assert all(tensor.grad is None or tensor.grad.isfinite().all() for tensor in shown)


def test_a_source_that_two_terms_need_is_asked_for_once():
    names = [source.name for source in make_distiller("hifd").sources]
    assert names == ["feature-late-16-p2", "pixel-late-4"]


def test_hlfd_asks_for_four_small_things():
    names = [source.name for source in make_distiller("hlfd", power=4.0, map_stride=2).sources]
    assert names == [
        "feature-middle1+middle2+middle3-8-p4",
        "feature-late-16-p4",
        "pixel-middle1+middle2-2",
        "pixel-late-2",
    ]


def test_layers_of_the_same_depth_meet_at_the_coarser_stride_as_far_as_crops_can_be_cut():
    assert [source.stride for source in make_distiller("at").sources] == [2, 4, 8, 16, 16]
    assert [source.stride for source in make_distiller("at", strides=FINE_STRIDES).sources] == [2, 2, 4, 8, 16]
