"""`gazeroom sources`: where gaze could come from on this machine and its network, now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from acquisition.command_line import JsonOption, VerboseOption, note, show, show_json
from acquisition.errors import UserError
from acquisition.sources.lsl import AvailableStream, available_streams
from acquisition.sources.simulated_errors import list_errors
from acquisition.sources.tobii_device import find_trackers
from acquisition.sources.tobii_python import find_tobii_python

COLUMNS = ("source", "what", "usable")


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that `--source` could be, or the reason why there is none of its kind."""

    source: str
    """What to write after `--source`; only the kind where nothing is there."""
    what: str
    is_usable: bool
    advice: str = ""
    """What to do where it is not usable."""
    is_simulated: bool = False


def sources_command(as_json: JsonOption = False, _verbose: VerboseOption = False) -> None:
    """List what gaze can be recorded from: trackers, LSL streams, the simulator.

    Example: gazeroom sources
    """
    with ThreadPoolExecutor() as looks:
        offers = [offer for found in looks.map(_looked, (_tobii, _lsl)) for offer in found]
    offers += _always_there()
    if as_json:
        show_json([_row(offer) | {"advice": offer.advice} for offer in offers])
        return
    rows = [_row(offer) | {"usable": "yes" if offer.is_usable else "no"} for offer in offers]
    show([{name: row[name] for name in COLUMNS} for row in rows], title="Sources", as_json=False, empty="")
    for offer in offers:
        if offer.advice:
            note(f"{offer.source}: {offer.advice}")
    note(f"simulated takes errors behind its colon, as in noise=0.3,offset=1.0: {list_errors()}.")


def _row(offer: Offer) -> dict[str, Any]:
    return {
        "source": offer.source,
        "what": offer.what,
        "usable": offer.is_usable,
        "simulated": offer.is_simulated,
    }


def _looked(look: Callable[[], Sequence[Offer]]) -> Sequence[Offer]:
    return look()


def _tobii() -> list[Offer]:
    try:
        python = find_tobii_python()
        sdk, found = find_trackers(python)
    except UserError as error:
        return [Offer("tobii", "no SDK", is_usable=False, advice=str(error))]
    if not found:
        advice = "check the tracker's cable and power, and that Eye Tracker Manager sees it."
        return [Offer("tobii", f"no tracker (SDK {sdk})", is_usable=False, advice=advice)]
    return [
        Offer(f"tobii:{said['serial_number']}", f"{said['model']}, SDK {sdk}", is_usable=True)
        for said in found
    ]


def _lsl() -> list[Offer]:
    try:
        streams = available_streams()
    except UserError as error:
        return [Offer("lsl", "LSL cannot be used", is_usable=False, advice=str(error))]
    if not streams:
        advice = "start the tracker's LSL program on this network, and let both through the firewall."
        return [Offer("lsl", "no gaze stream", is_usable=False, advice=advice)]
    return [_of_stream(stream) for stream in streams]


def _of_stream(stream: AvailableStream) -> Offer:
    rate = f"{stream.rate_hz:g} Hz" if stream.rate_hz else "irregular"
    advice = "" if stream.is_usable else "its channels say nothing of gaze: give --channels FILE."
    return Offer(
        f"lsl:{stream.source_id or stream.name}",
        f"{stream.name}, {stream.n_channels} channels, {rate}",
        stream.is_usable,
        advice,
        stream.is_simulated,
    )


def _always_there() -> list[Offer]:
    return [
        Offer("simulated", "a simulated reader and tracker", is_usable=True, is_simulated=True),
        Offer("replay:FILE", "a recording of a store, played again", is_usable=True),
        Offer("none", "no gaze: views and marks alone", is_usable=True),
    ]
