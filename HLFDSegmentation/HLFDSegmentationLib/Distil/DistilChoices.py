"""The form of choices for a new distillation."""

from dataclasses import replace

import qt

from ..Panels.Looks import setSmallPrint
from ..Words import Refusal
from ..Words import tr as _
from .DistilMethods import methods
from .DistilSettings import (
    NARROW_STUDENT,
    PAPER_STUDENT,
    WITHOUT_TEACHER,
    Choices,
    presetOf,
    widthsFromText,
    withPreset,
)

SPINS = {
    "minutes": "minutesSpin",
    "steps": "stepsSpin",
    "crop": "cropSpin",
    "batch": "batchSpin",
    "learningRate": "learningRateSpin",
    "validateEvery": "validateEverySpin",
    "validationSlices": "validationSlicesSpin",
    "patience": "patienceSpin",
    "temperature": "temperatureSpin",
    "power": "powerSpin",
    "seed": "seedSpin",
    "threads": "threadsSpin",
}
"""Choice -> the spin box that shows it."""
COMBOS = {"method": "methodCombo", "device": "deviceCombo", "norm": "normCombo", "targets": "targetsCombo"}
BOXES = {"decoder": "decoderBox", "stemPool": "stemPoolBox"}
OWN = ""
"""What a list of sizes has for values that are none of its own."""


class DistilChoices:
    """Shows `Choices` and reads them back; `onChanged()` is called when the user has changed one."""

    def __init__(self, bench, container, onChanged):
        self.ui = bench.build("DistilChoices", container)
        self._onChanged = onChanged
        self._isWriting = True
        self._fillLists()
        for label in (self.ui.methodText, self.ui.presetText):
            setSmallPrint(label)
        self._connect()
        self._isWriting = False
        self.write(Choices())

    def read(self) -> Choices:
        """The choices as they stand.

        Raises:
            Refusal: one of them is nothing that could be meant.
        """
        ui = self.ui
        values = {name: getattr(ui, spin).value for name, spin in SPINS.items()}
        values |= {name: _chosen(getattr(ui, combo)) for name, combo in COMBOS.items()}
        values |= {name: getattr(ui, box).checked for name, box in BOXES.items()}
        return Choices(
            name=ui.nameEdit.text.strip(),
            teacher=self._teacher(),
            beta=_numberIn(ui.betaEdit, "β"),
            lambda_=_numberIn(ui.lambdaEdit, "λ"),
            studentWidths=widthsFromText(ui.studentWidthsEdit.text, 4),
            teacherWidths=widthsFromText(ui.teacherWidthsEdit.text, 5),
            **values,
        )

    def write(self, choices: Choices) -> None:
        """Show choices; nobody is told."""
        ui = self.ui
        self._isWriting = True
        for name, spin in SPINS.items():
            getattr(ui, spin).value = getattr(choices, name)
        for name, combo in COMBOS.items():
            _choose(getattr(ui, combo), getattr(choices, name))
        for name, box in BOXES.items():
            getattr(ui, box).checked = getattr(choices, name)
        ui.nameEdit.text = choices.name
        ui.useRadio.checked, ui.trainRadio.checked = bool(choices.teacher), not choices.teacher
        ui.teacherPathEdit.currentPath = choices.teacher
        ui.betaEdit.text, ui.lambdaEdit.text = _asText(choices.beta), _asText(choices.lambda_)
        ui.studentWidthsEdit.text = ", ".join(map(str, choices.studentWidths))
        ui.teacherWidthsEdit.text = ", ".join(map(str, choices.teacherWidths))
        self._isWriting = False
        self._refresh()

    def suggestName(self, name: str) -> None:
        """Show a name; the other choices stay."""
        self._isWriting = True
        self.ui.nameEdit.text = name
        self._isWriting = False

    def setEnabled(self, isEnabled: bool) -> None:
        """Let choices be made, or not while they are being carried out."""
        self.ui.choicesForm.enabled = isEnabled
        self.ui.advancedSection.enabled = isEnabled

    def _teacher(self) -> str:
        if not self.ui.useRadio.checked or _chosen(self.ui.methodCombo) in WITHOUT_TEACHER:
            return ""
        path = self.ui.teacherPathEdit.currentPath.strip()
        if not path:
            raise Refusal(_("No teacher is chosen; choose the folder of a finished one, or train one."))
        return path

    def _fillLists(self) -> None:
        ui = self.ui
        sizes = {"try": _("Try out (minutes)"), "laptop": _("Laptop (hours)"), "paper": _("Paper (GPU, a day)")}
        _fill(ui.presetCombo, {**sizes, OWN: _("As set below")})
        _fill(ui.methodCombo, {name: title for name, (title, _text) in methods().items()})
        students = {"narrow": _("Narrow (laptop)"), "paper": _("ResNet-18 (paper)")}
        _fill(ui.studentCombo, {**students, OWN: _("As set under Advanced")})
        devices = {"auto": _("GPU if there is one"), "cpu": _("Processor"), "cuda": _("NVIDIA GPU")}
        _fill(ui.deviceCombo, {**devices, "mps": _("Apple GPU")})
        _fill(ui.normCombo, {"instance": _("by image"), "batch": _("by batch")})
        _fill(ui.targetsCombo, {"cached": _("kept on disk"), "live": _("asked for every crop")})

    def _connect(self) -> None:
        ui = self.ui
        ui.presetCombo.connect("currentIndexChanged(int)", self._onPreset)
        ui.studentCombo.connect("currentIndexChanged(int)", self._onStudent)
        for name in COMBOS.values():
            getattr(ui, name).connect("currentIndexChanged(int)", self._onEdited)
        for name in SPINS.values():
            isWhole = not getattr(ui, name).inherits("QDoubleSpinBox")
            getattr(ui, name).connect("valueChanged(int)" if isWhole else "valueChanged(double)", self._onEdited)
        for name in (*BOXES.values(), "useRadio"):
            getattr(ui, name).connect("toggled(bool)", self._onEdited)
        for name in ("nameEdit", "betaEdit", "lambdaEdit", "studentWidthsEdit", "teacherWidthsEdit"):
            getattr(ui, name).connect("textChanged(QString)", self._onEdited)
        ui.teacherPathEdit.connect("currentPathChanged(QString)", self._onEdited)

    def _onEdited(self):
        if not self._isWriting:
            self._refresh()
            self._onChanged()

    def _onPreset(self):
        preset = _chosen(self.ui.presetCombo)
        if self._isWriting or preset == OWN:
            return
        self.write(withPreset(self._readable(), preset))
        self._onChanged()

    def _onStudent(self):
        widths = {"narrow": NARROW_STUDENT, "paper": PAPER_STUDENT}.get(_chosen(self.ui.studentCombo))
        if self._isWriting or widths is None:
            return
        self.ui.studentWidthsEdit.text = ", ".join(map(str, widths))

    def _readable(self) -> Choices:
        """The choices with what cannot be read left out."""
        try:
            return self.read()
        except Refusal:
            name = self.ui.nameEdit.text.strip()
            method, device = _chosen(self.ui.methodCombo), _chosen(self.ui.deviceCombo)
            return replace(Choices(), name=name, method=method, device=device)

    def _refresh(self) -> None:
        """Show what follows from the choices."""
        ui, method = self.ui, _chosen(self.ui.methodCombo)
        needsTeacher = method not in WITHOUT_TEACHER
        ui.methodText.text = methods()[method][1]
        ui.trainRadio.enabled = ui.useRadio.enabled = needsTeacher
        ui.teacherPathEdit.visible = needsTeacher and ui.useRadio.checked
        for widget in (ui.teacherWidthsEdit, ui.normCombo):
            widget.enabled = needsTeacher and ui.trainRadio.checked
        ui.weightsPlace.enabled = method != "none"
        self._isWriting = True
        _choose(ui.studentCombo, self._studentChosen())
        try:
            preset = presetOf(self.read())
        except Refusal:
            preset = OWN
        _choose(ui.presetCombo, preset)
        ui.presetText.text = _timeOf(preset)
        self._isWriting = False

    def _studentChosen(self) -> str:
        try:
            widths = widthsFromText(self.ui.studentWidthsEdit.text, 4)
        except Refusal:
            return OWN
        return {NARROW_STUDENT: "narrow", PAPER_STUDENT: "paper"}.get(widths, OWN)


def _timeOf(preset: str) -> str:
    """What is known of a preset's time before it was measured."""
    return {
        "try": _("Ends after 10 minutes: enough to see that everything works, too little for a good model."),
        "laptop": _("Ends after 4 hours. Whether they are enough is a guess until you click Estimate time."),
        "paper": _("Has no time limit. A day on a GPU is a guess until you click Estimate time."),
        OWN: _("Click Estimate time to learn how long this takes."),
    }[preset]


def _fill(combo, titles: dict[str, str]) -> None:
    for name, title in titles.items():
        combo.addItem(title, name)
        combo.setItemData(combo.count - 1, title, qt.Qt.ToolTipRole)


def _chosen(combo) -> str:
    return combo.itemData(combo.currentIndex) or OWN


def _choose(combo, name: str) -> None:
    combo.currentIndex = max(combo.findData(name), 0)


def _numberIn(edit, what: str) -> float | None:
    text = edit.text.strip().replace(",", ".")
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        sentence = _('{what} is "{text}"; write a number from 0, such as 0.9, or leave it empty.')
        raise Refusal(sentence.format(what=what, text=edit.text.strip()))
    return number


def _asText(number: float | None) -> str:
    return "" if number is None else f"{number:g}"
