"""Methods: which routes they are, and what a recipe makes of them."""

import pytest

from hlfd.distillation.methods import METHODS
from hlfd.distillation.recipes import make_recipe
from hlfd.distillation.routes import EACH, INTERMEDIATE, Route
from hlfd.errors import InputError

B, L = 0.7, 0.3
TABLE = {
    "none": (),
    "kd": (Route("KD", "pixel", ("late",), ("late",), L),),
    "at": (Route("AT", "feature", EACH, EACH, B, "same"),),
    "skd": (
        Route("pair-wise", "relation", ("late",), ("late",), B),
        Route("pixel-wise", "pixel", ("late",), ("late",), L),
    ),
    "imf": (Route("IMF", "feature", ("late",), INTERMEDIATE, B, "joined"),),
    "emkd": (
        Route("importance", "feature", EACH, EACH, B, "same"),
        Route("prediction", "pixel", ("late",), ("late",), L),
    ),
    "hifd": (
        Route("terminal features", "feature", ("late",), EACH, B),
        Route("terminal maps", "pixel", ("late",), EACH, L, "each", "mean"),
    ),
    "hlfd": (
        Route("UFD", "feature", ("middle",), ("early",), B),
        Route("IFD", "feature", ("late",), ("middle",), B),
        Route("UPD", "pixel", ("middle",), ("early",), L),
        Route("IPD", "pixel", ("late",), ("middle",), L, "each", "mean"),
    ),
    "hlfd-places": (
        Route("UPD", "pixel", ("middle",), ("early",), L),
        Route("IPD", "pixel", ("late",), ("middle",), L, "each", "mean"),
        Route("OPD", "pixel", ("late",), ("late",), L),
    ),
}
TABLE |= {"deep": TABLE["hlfd"], "random": TABLE["hlfd"]}


@pytest.mark.parametrize("name", TABLE)
def test_a_method_is_these_routes(name):
    assert METHODS[name].routes(B, L) == TABLE[name]
    assert METHODS[name].name == name


def test_every_method_has_the_papers_weights_by_default_and_names_its_source():
    for method in METHODS.values():
        if method.role != "variant":
            assert (method.beta, method.lambda_) == (0.9, 0.1)
        assert method.title and method.source


def test_controls_differ_from_hlfd_in_one_thing_each():
    assert (METHODS["deep"].targets, METHODS["deep"].adapters) == ("truth", "learned")
    assert (METHODS["random"].targets, METHODS["random"].adapters) == ("teacher", "random")
    assert make_recipe("deep", "", "cached", None, None).targets == "truth"
    assert make_recipe("random", "", "cached", None, None).adapters == "random"


def test_weights_by_name_win_over_the_methods_own():
    weights = [route.weight for route in make_recipe("hlfd", "", "live", 1.8, None).routes]
    assert weights == [1.8, 1.8, 0.1, 0.1]
    assert [route.weight for route in make_recipe("hlfd", "", "live", None, 0.0).routes] == [0.9, 0.9, 0, 0]


def test_a_method_may_average_otherwise_and_what_is_asked_for_wins():
    assert make_recipe("hlfd", "", "live", None, None).average_over == "pixels"
    assert make_recipe("hlfd-places", "", "live", None, None).average_over == "places"
    assert make_recipe("hlfd-places", "", "live", None, None, "classes").average_over == "classes"


def test_terms_are_switched_on_one_by_one():
    recipe = make_recipe("hlfd", "UPD, UFD", "live", None, None)
    assert [route.term for route in recipe.routes] == ["UFD", "UPD"]
    assert recipe.method == "hlfd:UPD+UFD"


@pytest.mark.parametrize(("method", "known"), [("hlfd", "UFD, IFD, UPD, IPD"), ("none", "none")])
def test_an_unknown_term_is_refused_with_those_there_are(method, known):
    with pytest.raises(InputError, match=f"terms: {method} has no XFD; it has {known}"):
        make_recipe(method, "XFD", "live", None, None)
