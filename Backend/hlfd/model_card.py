"""The model card: what a model is, what it was made from, and what it must not be used for."""

from typing import Any

SYNTHETIC_NOTE = "> **Trained on synthetic CTs.** It shows that the software works; it knows nothing of patients.\n"


def model_card(facts: dict[str, Any]) -> str:
    """Write a card in Markdown from the fields of a bundle's manifest."""
    training = facts["training"]
    names = ", ".join(label.name for label in facts["labels"])
    low, high = facts["window_hu"]
    resized = "not resized" if facts["pixel_mm"] is None else f"resized to {facts['pixel_mm']:g}"
    lines = [
        f"# {facts['name']}",
        "",
        *([SYNTHETIC_NOTE] if facts["synthetic"] else []),
        f"Segments {names} on abdominal CT, slice by slice. A {facts['role']} network "
        f"(`{facts['architecture'].network}`, {facts['parameters'] / 1e6:.2f} million parameters), trained by "
        f"`{facts['method']}`.",
        "",
        "## Use",
        "",
        f"    hlfd segment CT --model THIS_FOLDER --out {facts['organ']}.seg.nrrd",
        "",
        "Research only. Not a medical device; not for clinical decisions. Check it on your own cases first: scanners, "
        "contrast phases and patients unlike those of its training can make it fail without a sign.",
        "",
        "## What it was made from",
        "",
        "| | |",
        "|---|---|",
        f"| training cases (with tumour) | {training['training_cases']} ({training['training_cases_with_tumor']}) |",
        *_started_from(training),
        f"| validation cases | {training['validation_cases']} |",
        f"| slice thickness, mm | {training['slice_mm'][0]:g} to {training['slice_mm'][1]:g} |",
        f"| in-plane pixel, mm | {training['in_plane_mm'][0]:g} to {training['in_plane_mm'][1]:g}, {resized} |",
        f"| HU window | {low:g} to {high:g} |",
        f"| steps, batch, crop | {training['settings']['steps']}, {training['settings']['batch']}, "
        f"{training['settings']['crop']} |",
        f"| seed | {training['settings']['seed']} |",
        "",
        "## Figures",
        "",
        _validation(training),
        "",
        "Figures on test cases come from `hlfd evaluate`; none is claimed here.",
        "",
        "## Method",
        "",
        "Gorade et al., Rethinking intermediate layers design in knowledge distillation for kidney and liver tumor "
        "segmentation, ISBI 2024, arXiv 2311.16700.",
        "",
    ]
    return "\n".join(lines)


def _started_from(training: dict[str, Any]) -> list[str]:
    if "started_from" not in training:
        return []
    earlier = training["started_from"]
    of = "synthetic or partly synthetic " if earlier["synthetic"] else ""
    return [f"| weights at the start | of a model of {earlier['training_cases']} {of}training cases |"]


def _validation(training: dict[str, Any]) -> str:
    score = training["validation_tumor_dice"]
    if score is None:
        return "There were no validation cases with tumour: the weights of the last step were kept, unjudged."
    return (
        f"Mean tumour Dice on the validation cases: {score:.3f}, at step {training['best_step']}. The weights were "
        "chosen by this figure, so it flatters."
    )
