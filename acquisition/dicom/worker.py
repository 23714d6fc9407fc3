"""`python -m acquisition.dicom.worker MEMORY_BYTES TIME_S`: reads one file after another for another process.

A line of JSON asks, a line of JSON answers, arrays go through shared memory. Whatever a file does to this
process, allocate without end, compute without end, crash in a codec, it does to this process alone.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any, BinaryIO

from acquisition.dicom import directory, limits, reading
from acquisition.dicom.shared_memory import discard, hand_over
from acquisition.dicom.wire import pack_header, pack_image
from acquisition.errors import FileRefused


def main() -> None:
    """Answer until there are no more questions."""
    memory_bytes, time_s = (int(argument) for argument in sys.argv[1:])
    questions, answers = sys.stdin.buffer, _own_output()
    # Ctrl-C reaches all processes of a terminal; the file at hand is not to be blamed for it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limits.limit_memory(memory_bytes)
    _tell(answers, {"ready": True})
    for line in questions:
        question = json.loads(line)
        limits.allow_time(time_s)
        try:
            _tell(answers, _answer(question))
        except BrokenPipeError:
            discard(question["memory"])
            return


def _own_output() -> BinaryIO:
    """Standard output for the answers alone: codecs print on it, and now print into the void."""
    answers = os.fdopen(os.dup(1), "wb")
    void = os.open(os.devnull, os.O_WRONLY)
    os.dup2(void, 1)
    return answers


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    path = question["path"]
    try:
        if question["what"] == "directory":
            return {"records": directory.read_directory(path)}
        if question["what"] == "header":
            return {"header": pack_header(reading.read_header(path))}
        message, arrays = pack_image(reading.read_image(path, question["frame"]))
        return {"image": message, "places": hand_over(question["memory"], arrays)}
    except FileRefused as refusal:
        return {"refused": str(refusal)}
    except (MemoryError, OSError):
        return {
            "refused": f"{path}: there is no room for its pixels; close other programs and open it again."
        }


def _tell(answers: BinaryIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    main()
