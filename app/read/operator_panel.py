"""The operator's window: the quality of the gaze in numbers, for a second screen or a short look."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFormLayout, QLabel, QWidget

from acquisition.recorder import RecorderStatus
from app.parts import label
from app.read.session import SourceChoice
from app.texts import Text, say


class OperatorPanel(QWidget):
    """Numbers that move; hence never part of the reading screen."""

    closed = Signal()

    def __init__(self, source: SourceChoice, parent: QWidget) -> None:
        """A window of its own beside `parent`."""
        super().__init__(parent, Qt.WindowType.Tool)
        self.setObjectName("operatorPanel")
        self.setWindowTitle(say(Text.OPERATOR))
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setProperty("role", "room")
        self.setMinimumWidth(280)
        kind = say(Text.SIMULATED_SOURCE) if source.is_simulated else source.name
        self._form = QFormLayout(self)
        self._form.setContentsMargins(16, 16, 16, 16)
        self._form.setHorizontalSpacing(24)
        self._row(Text.OPERATOR_SOURCE, "operatorSource").setText(kind)
        self._state = self._row(Text.OPERATOR_STATE, "operatorState")
        self._rate = self._row(Text.OPERATOR_RATE, "operatorRate")
        self._loss = self._row(Text.OPERATOR_LOSS, "operatorLoss")
        self._samples = self._row(Text.OPERATOR_SAMPLES, "operatorSamples")
        self._age = self._row(Text.OPERATOR_AGE, "operatorAge")
        self._message = self._row(Text.OPERATOR_MESSAGE, "operatorMessage")

    def show_status(self, status: RecorderStatus | None) -> None:
        """The numbers of this moment; None while nobody reads."""
        none = say(Text.NO_VALUE)
        age_s = status.last_sample_age_s if status else None
        loss = 1 - status.validity if status and status.validity is not None else None
        self._state.setText(status.state.value if status else none)
        self._rate.setText(say(Text.HERTZ, value=status.rate_hz) if status else none)
        self._loss.setText(none if loss is None else say(Text.PERCENT, value=100 * loss))
        self._samples.setText(f"{status.n_samples:,}" if status else none)
        self._age.setText(none if age_s is None else say(Text.MILLISECONDS, value=1000 * age_s))
        self._message.setText(status.message if status and status.message else none)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Say that it went."""
        super().closeEvent(event)
        self.closed.emit()

    def _row(self, title: Text, name: str) -> QLabel:
        value = label(say(Text.NO_VALUE), "value", name, wraps=True)
        self._form.addRow(label(say(title), "muted"), value)
        return value
