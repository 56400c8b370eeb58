"""The two figures: what is drawn where, and that a page holds it."""

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg

from hlfd.explain.figures import DIMMED, Shown, layers_figure, looks_figure, save_figure, warmed, window_of
from hlfd.explain.grid import HEIGHT, WIDTH

NAMES = ("early", "middle1", "middle2", "middle3", "late", "output")
NINE = (*(f"hlfd decoder variant {number}" for number in range(8)), "a name without any place to break it")
TITLE = "case_00017, slice 12 of 28"


@pytest.fixture
def shown():
    """A slice of 96 x 80 with a kidney and its tumour."""
    truth = np.zeros((96, 80), np.uint8)
    truth[40:60, 20:40] = 1
    truth[44:52, 24:30] = 2
    return Shown(TITLE, np.random.default_rng(0).random((96, 80)).astype(np.float32), truth, 2, "kidney")


@pytest.fixture
def drawn(shown):
    """Both figures of some models, all of which segment as the expert does and look at the tumour alone."""

    def draw(models):
        layers = {model: dict.fromkeys(NAMES, shown.truth) for model in models}
        looks = {model: dict.fromkeys(("first", "final"), (shown.truth == 2).astype(np.float32)) for model in models}
        scores = {model: dict.fromkeys(NAMES, "100") for model in models}
        shares = {model: {"first": "100 %", "final": "sees nothing"} for model in models}
        return layers_figure(shown, layers, scores), looks_figure(shown, looks, shares)

    return draw


@pytest.mark.parametrize("models", [("hlfd",), NINE])
def test_a_page_holds_every_word_and_panel(drawn, models):
    for figure in drawn(models):
        width, height = figure.get_size_inches()
        assert width <= WIDTH + 1e-9
        assert height <= HEIGHT + 1e-9
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        words = [*figure.texts, *figure.legends, *(axes.xaxis.label for axes in figure.axes)]
        for box in (word.get_window_extent(renderer) for word in words):
            assert box.x0 >= 0
            assert box.y0 >= 0
            assert box.x1 <= width * figure.dpi
            assert box.y1 <= height * figure.dpi


@pytest.mark.parametrize("models", [("hlfd",), NINE])
def test_panels_have_one_size_and_equal_gaps(drawn, models):
    for figure in drawn(models):
        boxes = np.array([axes.get_position().bounds for axes in figure.axes]) * np.tile(figure.get_size_inches(), 2)
        np.testing.assert_allclose(boxes[:, 2:], boxes[0, 2], atol=1e-9)
        for places in (boxes[:, 0], boxes[:, 1]):
            gaps = np.diff(np.unique(places.round(6)))
            np.testing.assert_allclose(gaps, gaps[0] if len(gaps) else 0, atol=1e-5)


def test_titles_say_which_layer_of_the_paper_a_column_is(drawn):
    layers, looks = ([text.get_text() for text in figure.texts] for figure in drawn(("hlfd",)))
    assert layers[1:8] == [
        "expert",
        "early (e1)",
        "middle1 (e2)",
        "middle2 (e3)",
        "middle3 (e4)",
        "late (e5)",
        "output",
    ]
    assert looks[1:4] == ["CT", "first layer", "final layer"]


def test_the_legend_says_what_lines_and_areas_are(drawn):
    layers, looks = ([text.get_text() for text in figure.legends[0].get_texts()] for figure in drawn(("hlfd",)))
    assert layers == ["tumour, as the expert drew it", "tumour", "kidney and tumour"]
    assert looks == layers[:1]


def test_numbers_stand_below_their_panels(drawn):
    layers, looks = ([axes.get_xlabel() for axes in figure.axes] for figure in drawn(("hlfd",)))
    assert layers == ["", *["100"] * 6]
    assert looks == ["", "100 %", "sees nothing"]


def test_a_layer_that_one_model_lacks_stays_empty(shown):
    layers = {"a": {"early": shown.truth, "late": shown.truth}, "b": {"late": shown.truth}}
    figure = layers_figure(shown, layers, {"a": {"early": "1", "late": "2"}, "b": {"late": "3"}})
    assert [len(axes.images) for axes in figure.axes] == [1, 1, 1, 1, 0, 1]


def test_an_image_without_energy_is_grey_and_dimmed():
    image = np.array([[0.0, 0.5], [1.0, 0.25]])
    np.testing.assert_allclose(warmed(image, np.zeros((2, 2))), DIMMED * np.repeat(image[..., None], 3, axis=2))


def test_the_peak_has_the_brightest_colour_whatever_its_size():
    image, energy = np.zeros((2, 2)), np.array([[0.0, 1.0], [4.0, 2.0]])
    np.testing.assert_allclose(warmed(image, energy)[1, 0], colormaps["inferno"](1.0)[:3])
    np.testing.assert_allclose(warmed(image, energy), warmed(image, 1e-6 * energy))


@pytest.mark.parametrize(("top", "left"), [(0, 0), (30, 30), (76, 60)])
def test_the_part_shown_is_square_and_holds_the_organ(top, left):
    truth = np.zeros((96, 80), np.uint8)
    truth[top : top + 20, left : left + 10] = 1
    rows, columns = window_of(truth)
    assert rows.stop - rows.start == columns.stop - columns.start == 20 + 2 * 16
    assert truth[rows, columns].sum() == truth.sum()


def test_a_figure_is_written_for_print_and_the_same_each_time(drawn, tmp_path):
    for name in ("one", "other"):
        save_figure(drawn(("hlfd",))[0], tmp_path / f"v1.{name}")
    written = sorted(file.name for file in tmp_path.iterdir())
    assert written == ["v1.one.png", "v1.one.svg", "v1.other.png", "v1.other.svg"]
    for ending in ("png", "svg"):
        assert (tmp_path / f"v1.one.{ending}").read_bytes() == (tmp_path / f"v1.other.{ending}").read_bytes()
