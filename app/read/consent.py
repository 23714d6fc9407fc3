"""What a reader agrees to before gaze is stored, word for word."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from acquisition.domain import Event
from acquisition.errors import UserError


class ConsentMissing(UserError):
    """Nothing is recorded of a reader who was not told what is."""


@dataclass(frozen=True, slots=True)
class Consent:
    """The words that were on the screen when Start was pressed."""

    words: str
    language: str
    """ISO 639 code of the language that they were shown in."""
    utc: str
    """ISO 8601 wall clock of the moment."""

    def event(self, host_time_ns: int) -> Event:
        """As the recording keeps it, ahead of everything else.

        Raises:
            ConsentMissing: there are no words.
        """
        if not self.words.strip():
            raise ConsentMissing("Nothing is recorded without consent: show its text, then start again.")
        detail = {
            "words": self.words,
            "language": self.language,
            "sha256": hashlib.sha256(self.words.encode()).hexdigest(),
            "utc": self.utc,
        }
        return Event(host_time_ns, "consent", detail)
