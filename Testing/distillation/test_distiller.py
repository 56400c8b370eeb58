"""The distiller: routes, their weights, and the adapters that it learns."""

import pytest
import torch

from hlfd.distillation.distiller import Distiller
from hlfd.distillation.hlfd import hlfd
from hlfd.distillation.methods import METHODS
from hlfd.distillation.routes import Route
from hlfd.models.contract import Taps

CHANNELS = {"early": 2, "middle1": 2, "middle2": 2, "middle3": 2, "late": 2}
TERMS = {"UFD": torch.tensor(2.0), "IFD": torch.tensor(3.0), "UPD": torch.tensor(5.0), "IPD": torch.tensor(7.0)}


@pytest.fixture
def a_distiller():
    """HLFD for a student of two channels and two classes."""
    torch.manual_seed(0)
    return Distiller(hlfd(), CHANNELS, classes=2)


def random_taps(seed, maps=()):
    """All taps of one size, so that nothing is rescaled."""
    generator = torch.Generator().manual_seed(seed)
    features = {name: torch.randn(2, 2, 4, 4, generator=generator) for name in CHANNELS}
    return Taps(features, {name: torch.randn(2, 2, 4, 4, generator=generator) for name in maps})


def the_teachers_taps(seed=1):
    return random_taps(seed, ("early", "middle1", "middle2", "late"))


def test_hlfd_is_the_four_routes_of_the_paper():
    assert hlfd(beta=0.9, lambda_=0.1) == (
        Route("UFD", "feature", "middle", "early", 0.9, "sum"),
        Route("IFD", "feature", "late", "middle", 0.9, "sum"),
        Route("UPD", "pixel", "middle", "early", 0.1, "sum"),
        Route("IPD", "pixel", "late", "middle", 0.1, "mean"),
    )
    assert METHODS["hlfd"](0.9, 0.1) == hlfd()
    assert METHODS["none"](0.9, 0.1) == ()


@pytest.mark.parametrize(
    ("beta", "lambda_", "expected"),
    [(1, 0, 5), (0, 1, 12), (0.9, 0.1, 5.7), (1.8, 0.1, 10.2), (0.9, 0.2, 6.9)],
)
def test_beta_weighs_the_feature_level_and_lambda_the_pixel_level(beta, lambda_, expected):
    distiller = Distiller(hlfd(beta, lambda_), CHANNELS, classes=2)
    assert distiller.total(TERMS).item() == pytest.approx(expected)


def test_identical_taps_cost_nothing(a_distiller):
    # Every layer looks alike and every adapter hands its two channels on, so each term compares equals.
    with torch.no_grad():
        for adapter in a_distiller.adapters.values():
            adapter.weight.copy_(torch.eye(2)[:, :, None, None])
            adapter.bias.zero_()
    same = torch.randn(2, 2, 4, 4)
    student = Taps(dict.fromkeys(CHANNELS, same), {})
    teacher = Taps(dict.fromkeys(CHANNELS, same), dict.fromkeys(("early", "middle1", "middle2", "late"), same))
    terms = a_distiller(teacher, student)
    assert list(terms) == ["UFD", "IFD", "UPD", "IPD"]
    assert all(abs(value.item()) < 1e-6 for value in terms.values())
    assert all(value.item() > 1e-3 for value in a_distiller(the_teachers_taps(), random_taps(2)).values())


@pytest.mark.parametrize(("reduction", "expected"), [("sum", 6.0), ("mean", 2.0)])
def test_student_taps_are_summed_or_averaged(reduction, expected):
    # Each of three middle taps is 2 away from the teacher: they look at places that never meet.
    route = Route("IFD", "feature", teacher="late", student="middle", weight=1, reduction=reduction)
    student, teacher = torch.zeros(1, 1, 1, 2), torch.zeros(1, 1, 1, 2)
    student[..., 0], teacher[..., 1] = 1, 1
    taps = Taps({f"middle{j}": student for j in (1, 2, 3)}, {})
    terms = Distiller([route], {}, classes=2)(Taps({"late": teacher}, {}), taps)
    assert terms["IFD"].item() == pytest.approx(expected)


def test_upd_sees_the_mean_of_the_middle_heads_and_no_other_head(a_distiller):
    teacher, student = the_teachers_taps(), random_taps(2)
    before = a_distiller(teacher, student)
    moved = torch.randn(2, 2, 4, 4)
    shifted = {**teacher.maps, "middle1": teacher.maps["middle1"] + moved, "middle2": teacher.maps["middle2"] - moved}
    torch.testing.assert_close(a_distiller(Taps(teacher.features, shifted), student)["UPD"], before["UPD"])
    others = {**teacher.maps, "early": moved, "late": moved}
    assert torch.equal(a_distiller(Taps(teacher.features, others), student)["UPD"], before["UPD"])
    only_one = {**teacher.maps, "middle1": teacher.maps["middle1"] + moved}
    assert a_distiller(Taps(teacher.features, only_one), student)["UPD"] != before["UPD"]


@pytest.mark.parametrize(
    ("term", "teacher_side", "teacher_taps", "student_taps"),
    [
        ("UFD", "features", {"middle1", "middle2", "middle3"}, {"early"}),
        ("IFD", "features", {"late"}, {"middle1", "middle2", "middle3"}),
        ("UPD", "maps", {"middle1", "middle2"}, {"early"}),
        ("IPD", "maps", {"late"}, {"middle1", "middle2", "middle3"}),
    ],
)
def test_a_term_depends_on_its_own_taps_alone(a_distiller, term, teacher_side, teacher_taps, student_taps):
    teacher, student = the_teachers_taps(), random_taps(2)
    value = a_distiller(teacher, student)[term]
    for side in ("features", "maps"):
        for name in getattr(teacher, side):
            changed = {"features": dict(teacher.features), "maps": dict(teacher.maps)}
            changed[side][name] = torch.randn(2, 2, 4, 4)
            matters = a_distiller(Taps(**changed), student)[term] != value
            assert matters == (side == teacher_side and name in teacher_taps), (side, name)
    for name in student.features:
        features = {**student.features, name: torch.randn(2, 2, 4, 4)}
        assert (a_distiller(teacher, Taps(features, {}))[term] != value) == (name in student_taps), name


def test_gradients_reach_student_and_adapters_and_not_the_teacher(a_distiller):
    teacher, student = the_teachers_taps(), random_taps(2)
    for tensor in (*teacher.features.values(), *teacher.maps.values(), *student.features.values()):
        tensor.requires_grad_()
    a_distiller.total(a_distiller(teacher, student)).backward()
    reached = {name for name, tensor in student.features.items() if tensor.grad is not None and tensor.grad.any()}
    assert reached == {"early", "middle1", "middle2", "middle3"}
    assert all(adapter.weight.grad.any() and adapter.bias.grad.any() for adapter in a_distiller.adapters.values())
    assert all(tensor.grad is None for tensor in (*teacher.features.values(), *teacher.maps.values()))


def test_there_is_one_learned_adapter_for_each_tap_that_predicts_pixels(a_distiller):
    assert list(a_distiller.adapters) == ["early", "middle1", "middle2", "middle3"]
    shapes = {name: tuple(value.shape) for name, value in a_distiller.named_parameters()}
    assert shapes["adapters.early.weight"] == (2, 2, 1, 1)
    assert shapes["adapters.early.bias"] == (2,)
    assert len(shapes) == 8
    assert all(parameter.requires_grad for parameter in a_distiller.parameters())


def test_adapters_have_the_channels_of_their_tap():
    distiller = Distiller(hlfd(), {"early": 7, "middle1": 5, "late": 3}, classes=4)
    shapes = {name: tuple(adapter.weight.shape) for name, adapter in distiller.adapters.items()}
    assert shapes == {"early": (4, 7, 1, 1), "middle1": (4, 5, 1, 1)}


def test_feature_routes_need_no_adapters():
    assert not list(Distiller(hlfd()[:2], CHANNELS, classes=2).parameters())


def test_nothing_is_drawn_at_random_after_the_distiller_is_made(a_distiller):
    teacher, student = the_teachers_taps(), random_taps(2)
    state = torch.get_rng_state()
    first, second = a_distiller(teacher, student), a_distiller(teacher, student)
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(first[term], second[term]) for term in first)


@pytest.mark.parametrize("size", [2, 8, 32])
def test_zero_maps_of_any_size_give_finite_terms_and_gradients(a_distiller, size):
    zeros = {name: torch.zeros(1, 2, size, size, requires_grad=True) for name in CHANNELS}
    teacher = Taps(dict(zeros), {name: torch.zeros(1, 2, size, size) for name in ("middle1", "late")})
    terms = a_distiller(teacher, Taps(zeros, {}))
    a_distiller.total(terms).backward()
    assert terms["UFD"] == terms["IFD"] == 0
    assert all(value.isfinite() for value in terms.values())
    assert all(zeros[name].grad.isfinite().all() for name in ("early", "middle1", "middle2", "middle3"))
