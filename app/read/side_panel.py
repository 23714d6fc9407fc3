"""The panel beside the image: worklist above, findings below."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QVBoxLayout

from app.parts import frame
from app.read.findings import FindingsPanel
from app.read.worklist_panel import WorklistPanel

WIDTH_PX = 328


class SidePanel(QFrame):
    """Worklist and findings; F2 hides it."""

    def __init__(self) -> None:
        """Both are empty."""
        super().__init__()
        self.setObjectName("sidePanel")
        self.setFixedWidth(WIDTH_PX)
        self.worklist = WorklistPanel()
        self.findings = FindingsPanel()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.worklist, stretch=1)
        column.addWidget(frame("line"))
        column.addWidget(self.findings)
