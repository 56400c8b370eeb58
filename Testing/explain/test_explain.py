"""`hlfd explain` over a teacher and both kinds of students, and what it refuses."""

import json

import numpy as np
import pytest
import torch

from hlfd.explain.cam import Looks
from hlfd.explain.probes import fit_probes
from hlfd.explain.readings import Model, dice_of, image_of, load_model, read_slice, score_case
from hlfd.explain.tables import markdown, summary_of
from hlfd.inference.predictor import predict_slices
from Testing.conftest import WINDOW_HU
from Testing.explain.conftest import KINDS, a_network
from Testing.training.tiny_runs import make_store

CPU = torch.device("cpu")
QUICK = ("--probe-steps", 2, "--device", "cpu")
LAYERS = ("early", "middle1", "middle2", "middle3", "late", "output")
LOOKS = ("share first", "blind first", "share final", "blind final", "share flat")


@pytest.fixture
def explain_refused(refused, store_folder, tmp_path):
    """Run `hlfd explain`, which must refuse in a sentence and leave nothing behind; give the sentence."""

    def run(models, *more, store=store_folder):
        before = sorted(tmp_path.rglob("*"))
        sentence = refused("explain", store, tmp_path / "out", "--models", models, *QUICK, *more)
        assert sorted(tmp_path.rglob("*")) == before
        return sentence

    return run


def made_ready(store, kind, network):
    return Model(network, fit_probes(network, store, 1, 0, CPU), Looks(kind, network, store.tumor_value))


def test_figures_a_table_and_every_score_are_written(command, store_folder, bundle, tmp_path):
    models = ",".join(f"the {kind}={bundle(kind)}" for kind in KINDS)
    answer = command("explain", store_folder, tmp_path / "out", "--models", models, *QUICK)
    assert answer.status == 0, answer
    written = sorted(file.name for file in (tmp_path / "out").iterdir())
    figures = [f"d-{figure}.{ending}" for figure in ("layers", "looks") for ending in ("png", "svg")]
    assert written == [*figures, "explain.json", "explain.md"]
    assert (tmp_path / "out" / "explain.md").read_text() == answer.out
    assert [line.split(" | ")[0] for line in answer.out.splitlines()[2:5]] == [f"| the {kind}" for kind in KINDS]
    assert "These CTs are synthetic" in answer.out
    told = json.loads((tmp_path / "out" / "explain.json").read_text())
    assert (told["part"], told["cases"], told["drawn"], told["synthetic"]) == ("test", ["d"], ["d"], True)
    for kind in KINDS:
        (scores,) = told["by_case"][f"the {kind}"]
        assert {f"dice {name}" for name in LAYERS} <= scores.keys() <= {*(f"dice {name}" for name in LAYERS), *LOOKS}
        assert scores["share flat"] == 12 * 12 / 48**2
        assert all(0 <= score <= 1 for score in scores.values())
        assert {name: found["mean"] for name, found in told["models"][f"the {kind}"].items()} == scores


@pytest.mark.parametrize("kind", KINDS)
def test_the_output_shown_is_what_the_predictor_segments(store, kind):
    (case,) = store.cases("test")
    network = a_network(kind)
    expected = predict_slices(network, store.slices(case).hu[1:2], store.manifest.window_hu, CPU)[0]
    reading = read_slice(made_ready(store, kind, network), store, case, 1, CPU)
    assert np.array_equal(reading.layers["output"], expected)
    assert {found.shape for found in (*reading.layers.values(), *reading.looks.values())} == {(48, 48)}


def test_a_case_is_scored_over_its_tumor_slices_as_one(store):
    (case,) = store.cases("test")
    network = a_network("resnet-decoder")
    model = made_ready(store, "resnet-decoder", network)
    found = score_case(model, store, case, CPU)
    labels = predict_slices(network, store.slices(case).hu[1:], store.manifest.window_hu, CPU)
    truth = store.slices(case).labels[1:] == store.tumor_value
    assert found["dice output"] == dice_of(labels == store.tumor_value, truth)


def test_energy_outside_the_slice_does_not_count(store):
    """A map that is the same everywhere, also where the slice was padded."""
    (case,) = store.cases("test")

    class Even:
        def maps(self, images):
            return {"first": np.ones((1, *images.shape[2:]), np.float32)}

    network = a_network("resnet")
    found = score_case(Model(network, fit_probes(network, store, 1, 0, CPU), Even()), store, case, CPU)
    assert found["share first"] == pytest.approx(found["share flat"])
    assert found["share flat"] == 144 / 48**2


def test_slices_without_a_map_are_counted_and_left_out(store):
    (case,) = store.cases("test")
    truth = torch.from_numpy(store.slices(case).labels[1] == store.tumor_value)

    class FirstSliceOnly:
        left = 1

        def maps(self, images):
            energy = np.zeros((1, *images.shape[2:]), np.float32)
            energy[0, :48, :48] = truth * self.left
            self.left = 0
            return {"first": energy, "final": 0 * energy}

    network = a_network("resnet")
    found = score_case(Model(network, fit_probes(network, store, 1, 0, CPU), FirstSliceOnly()), store, case, CPU)
    assert (found["share first"], found["blind first"], found["blind final"]) == (1, 0.5, 1)
    assert "share final" not in found


def test_the_table_has_a_dash_where_no_case_has_a_score():
    summaries = {"blind": summary_of([{"dice late": 0.25, "blind first": 1.0}, {"dice late": 0.5, "blind first": 1.0}])}
    summaries["hlfd"] = summary_of([{"dice late": 0.5, "share first": 0.125, "blind first": 0.0}])
    assert summaries["blind"]["dice late"] == {"mean": 0.375, "std": pytest.approx(0.1767767), "cases": 2}
    table = markdown(summaries, 2, "test", synthetic=False).splitlines()
    assert table[0] == "| % | dice late | blind first | share first |"
    assert table[2:4] == ["| blind | 37.5 | 100.0 | - |", "| hlfd | 50.0 | 0.0 | 12.5 |"]
    assert "synthetic" not in table[-1]


def test_the_named_cases_are_drawn_once_each(command, store_folder, bundle, tmp_path):
    options = ("--models", f"s={bundle('resnet')}", "--part", "training", "--cases", "b, b", *QUICK)
    answer = command("explain", store_folder, tmp_path / "out", *options)
    assert answer.status == 0, answer
    told = json.loads((tmp_path / "out" / "explain.json").read_text())
    assert (told["cases"], told["drawn"]) == (["a", "b"], ["b"])
    assert not list((tmp_path / "out").glob("a-*"))


def test_a_run_is_shown_as_its_bundle(store, bundle, tmp_path):
    bundle("resnet", "run/bundle")
    kind, network = load_model(tmp_path / "models" / "run", store)
    (case,) = store.cases("test")
    image = torch.from_numpy(image_of(store, case, 0))[None, None, :32, :32]
    assert kind == "resnet"
    assert torch.equal(network(image), a_network("resnet")(image))


def test_an_unknown_case_is_refused_with_those_there_are(explain_refused, bundle):
    sentence = explain_refused(f"s={bundle('resnet')}", "--cases", "z")
    assert "cases: z is no test case with tumour; there are d" in sentence


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"window_hu": (-200.0, 300.0)}, f"window is (-200.0, 300.0) HU, the store's {WINDOW_HU}"),
        ({"pixel_mm": 1.5}, "sees pixels of 1.5 mm, the store has pixels of 0.75 mm"),
    ],
)
def test_a_model_that_sees_otherwise_than_the_store_is_refused(explain_refused, bundle, facts, told):
    assert told in explain_refused(f"s={bundle('resnet', **facts)}")


def test_a_model_of_other_labels_is_refused(explain_refused, bundle, tmp_path):
    other = make_store(tmp_path / "other", organ="liver", window_hu=WINDOW_HU, pixel_mm=0.75)
    model = f"s={bundle('resnet')}"
    assert "knows kidney, tumor, the store has liver, tumor" in explain_refused(model, store=other)


def test_a_model_that_is_not_there_is_refused(explain_refused, tmp_path):
    assert "no such bundle" in explain_refused(f"s={tmp_path / 'none'}")


def test_a_network_without_named_layers_is_refused_before_anything_is_fitted(explain_refused, threshold_bundle):
    assert "network threshold: no layers are named for Grad-CAM" in explain_refused(f"s={threshold_bundle}")


def test_a_part_without_tumor_is_refused(explain_refused, bundle, tmp_path):
    empty = make_store(tmp_path / "empty", window_hu=WINDOW_HU, pixel_mm=0.75)
    told = (empty / "store.json").read_text().replace('"tumor_slices": 2', '"tumor_slices": 0')
    (empty / "store.json").write_text(told)
    assert "no test case has tumour; choose another --part" in explain_refused(f"s={bundle('resnet')}", store=empty)


@pytest.mark.parametrize(
    ("models", "told"),
    [("teacher", "'teacher' is not of the form NAME=RUN"), ("a=x,a=y", "a stands twice"), ("a=x,", "'' is not of")],
)
def test_models_that_cannot_be_read_are_refused(explain_refused, models, told):
    assert told in explain_refused(models)


def test_an_existing_folder_is_replaced_only_if_asked_and_only_if_explain_made_it(explain_refused, bundle, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "scan.nii").write_text("precious")
    model = f"s={bundle('resnet')}"
    assert "already exists" in explain_refused(model)
    assert "has no explain.json, so it is not replaced" in explain_refused(model, "--overwrite")
    assert (tmp_path / "out" / "scan.nii").read_text() == "precious"
