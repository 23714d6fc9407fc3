"""The other end of `tobii_host`: starts the process, takes its frames, asks and is answered."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from acquisition.clock import HostClock
from acquisition.errors import SourceError
from acquisition.sources import tobii_host

log = logging.getLogger(__name__)

HELLO_S = 20.0
ANSWER_S = 20.0
END_S = 4.0
PINGS = 5
ONE_CLOCK_NS = 1_000_000
"""Two processes whose clocks differ by less than a ping can tell, or than this, have one clock."""
HOST = Path(tobii_host.__file__)

_MANAGER = "Eye Tracker Manager"
SENTENCES = {
    "EyeTrackerLicenseError": f"The tracker wants a licence for this: install one in {_MANAGER}",
    "EyeTrackerSavedLicenseFailedToApplyError": f"The tracker's licence has run out: renew it in {_MANAGER}",
    "EyeTrackerConnectionFailedError": "The tracker does not answer: check its cable and its power",
    "EyeTrackerUnavailableError": "The tracker is not available: check its cable and its power",
    "EyeTrackerDisplayAreaNotValidError": f"The tracker does not know its display: set it up in {_MANAGER}",
    "EyeTrackerInvalidOperationError": "The tracker cannot do this now: end what other programs do with it",
    "EyeTrackerFeatureNotSupportedError": "This tracker cannot do this: use its own program",
    "Refused": "The tracker cannot go on: begin the calibration again",
}


class TrackerRefused(SourceError):
    """The SDK said no; the message is a sentence, `error` its own name for it."""

    def __init__(self, ask: str, error: str, message: str) -> None:
        """What was asked for, and what the SDK answered."""
        words = SENTENCES.get(
            error, "The tracker failed: check its cable and its power, or switch it off and on"
        )
        super().__init__(f"{words} ({ask}: {message.strip(chr(34))}).")
        self.error = error


class HostLink:
    """One running host process. Any thread may ask; one takes."""

    def __init__(self, python: Path, clock: HostClock) -> None:
        """Start the host and wait until its SDK is loaded.

        Raises:
            SourceError: it cannot be started, or has no SDK.
        """
        self._python, self._clock = python, clock
        self._news = threading.Condition()
        self._sending = threading.Lock()
        self._arrived: list[tuple[str, Any]] = []
        self._answers: dict[int, dict[str, Any]] = {}
        self._hello: dict[str, str] | None = None
        self._n_asked = 0
        self._is_over = False
        self._process = self._spawn()
        self._threads = [
            threading.Thread(target=work, name=f"tobii {work.__name__}", daemon=True)
            for work in (self._receive, self._log_errors)
        ]
        for thread in self._threads:
            thread.start()
        try:
            self.sdk, self.python_version = self._wait_for_hello()
            self.offset_ns = self._measure_clock()
        except SourceError:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def take(self, timeout_s: float) -> list[tuple[str, Any]]:
        """All that arrived: (kind, content); waits at most `timeout_s` for something.

        Content is bytes for samples (`G`, `O`, `P`), the object for `J`; the last is `("end", why)`.
        """
        with self._news:
            self._news.wait_for(lambda: bool(self._arrived), timeout_s)
            arrived, self._arrived = self._arrived, []
        return arrived

    def ask(self, what: str, timeout_s: float = ANSWER_S, **arguments: Any) -> Any:
        """Have `tobii_host.Tracker` do something, and return what it says.

        Raises:
            TrackerRefused: the SDK refused.
            SourceError: nobody answers.
        """
        with self._news:
            self._n_asked += 1
            number = self._n_asked
        self._send({"ask": what, "id": number, "with": arguments})
        with self._news:
            self._news.wait_for(lambda: number in self._answers or self._is_over, timeout_s)
            answer = self._answers.pop(number, None)
        if answer is None:
            raise SourceError(
                f"The tracker did not answer ({what}): check its cable, or start the recording anew."
            )
        if "error" in answer:
            raise TrackerRefused(what, answer["error"], answer["message"])
        return answer["value"]

    def close(self) -> None:
        """Let the host leave the tracker and end; may be called twice."""
        process = self._process
        if process.stdin is not None and not process.stdin.closed:
            try:
                process.stdin.close()
            except OSError:  # it died with something unsent in the pipe
                log.debug("the Tobii host was gone before it was closed")
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for thread, pipe in zip(self._threads, (process.stdout, process.stderr), strict=True):
            thread.join()
            if pipe is not None:
                pipe.close()

    def _spawn(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [str(self._python), str(HOST)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise SourceError(
                f"{self._python} cannot be started ({error.strerror}): run `gazeroom doctor --install-tobii`."
            ) from error

    def _wait_for_hello(self) -> tuple[str, str]:
        """(version of the SDK, version of Python)."""
        with self._news:
            self._news.wait_for(lambda: self._hello is not None or self._is_over, HELLO_S)
            hello = self._hello
        if hello is None:
            raise SourceError(
                f"Tobii's SDK does not start in {self._python}: run `gazeroom doctor --install-tobii`."
            )
        if hello["error"]:
            raise SourceError(
                f"{self._python} has no Tobii SDK ({hello['error']}): run `gazeroom doctor --install-tobii`."
            )
        return hello["sdk"], hello["python"]

    def _measure_clock(self) -> int:
        """What must be added to the host's times: nothing, where `perf_counter` is one for all processes."""
        best_ns, offset_ns = sys.maxsize, 0
        for _ in range(PINGS):
            before_ns = self._clock.now_ns()
            there_ns = self.ask("ping")
            took_ns = self._clock.now_ns() - before_ns
            if took_ns < best_ns:
                best_ns, offset_ns = took_ns, before_ns + took_ns // 2 - there_ns
        return 0 if abs(offset_ns) <= max(best_ns, ONE_CLOCK_NS) else offset_ns

    def _send(self, talk: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        payload = json.dumps(talk).encode()
        try:
            with self._sending:
                self._process.stdin.write(tobii_host.FRAME.pack(tobii_host.TALK, len(payload)) + payload)
                self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise SourceError(
                "The tracker's process has ended: wait until it is back, or start the recording anew."
            ) from error

    # The two threads

    def _receive(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None
        while len(head := pipe.read(tobii_host.FRAME.size)) == tobii_host.FRAME.size:
            kind, length = tobii_host.FRAME.unpack(head)
            payload = pipe.read(length)
            if len(payload) < length:
                break
            self._sort(kind.decode(), payload)
        code = self._process.wait()
        with self._news:
            self._arrived.append(("end", f"exit code {code}"))
            self._is_over = True
            self._news.notify_all()

    def _sort(self, kind: str, payload: bytes) -> None:
        content: Any = json.loads(payload) if kind == "J" else payload
        with self._news:
            if kind == "J" and "answer" in content:
                self._answers[content["answer"]] = content
            elif kind == "J" and "hello" in content:
                self._hello = content["hello"]
            else:
                self._arrived.append((kind, content))
            if kind in "GJ":  # the others come just before their gaze
                self._news.notify_all()

    def _log_errors(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            log.warning("Tobii host: %s", line.decode(errors="replace").rstrip())
