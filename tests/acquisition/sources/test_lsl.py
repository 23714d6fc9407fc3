import lsl_outlet as outlet
import numpy as np
import pytest
from live_session import DISPLAY

from acquisition.clock import RealClock
from acquisition.errors import SourceError
from acquisition.headless import record_session
from acquisition.sources import open_source
from acquisition.sources.lsl import AvailableStream, LslSource, available_streams
from acquisition.store import open_store


def source(others_s=0.1, **options):
    return LslSource(RealClock(), DISPLAY, others_s=others_s, **options)


@pytest.mark.parametrize("dialect", ["titta", "app_tobii_pro", "pupil"])
def test_every_dialect_is_stored_bit_for_bit(dialect, lsl_outlet, tmp_path):
    lsl_outlet(dialect, "--rate", "500")
    with open_store(tmp_path) as store:
        session = record_session(store, source(), 0.5, clock=RealClock(), display=DISPLAY).session
        raw, gaze = store.raw(session.id), store.gaze(session.id)
        recording = store.recording(session.id)
    values = np.stack([raw.samples[channel.label] for channel in raw.channels], axis=1)
    numbers = values[:, outlet.NUMBER_COLUMN[dialect]].astype(int)
    assert len(numbers) > 100
    assert (np.diff(numbers) == 1).all()
    expected = outlet.made_samples(dialect, numbers)
    assert values.dtype == expected.dtype
    assert values.tobytes() == expected.tobytes()
    assert raw.source_time_s.tolist() == [outlet.stamp_of(number) for number in numbers]

    side = "both" if dialect == "pupil" else "right"
    valid = gaze[f"{side}_valid"]
    assert valid.any()
    assert ((gaze[f"{side}_x"][valid] >= 0) & (gaze[f"{side}_x"][valid] <= 1)).all()
    assert recording.info.detail["source_id"] == "tracker-1"
    assert [event.kind for event in recording.events()].count("warm_up") == 1
    assert recording.clock_pairs()


def test_capture_times_fall_on_the_host_clock(lsl_outlet):
    lsl_outlet("app_tobii_pro", "--real-stamps")
    gaze = source()
    info = gaze.open()
    try:
        assert (info.nominal_rate_hz, info.is_simulated) == (100.0, False)
        batches = [gaze.read(0.05) for _ in range(40)]
    finally:
        gaze.close()
    (pair,) = [pair for batch in batches for pair in batch.clock_pairs]
    capture_ns = [
        (s - pair.source_time_s) * 1e9 + pair.host_time_ns for b in batches for s in b.source_time_s
    ]
    arrival_ns = [t for batch in batches for t in batch.host_time_ns]
    late_ms = (np.array(arrival_ns) - np.array(capture_ns)) / 1e6
    assert late_ms.min() > -1.0
    assert np.median(late_ms) < 100.0


def test_no_stream_says_what_to_do(lsl_on_loopback):
    with pytest.raises(SourceError, match=r"No LSL stream of type Gaze answered within 0\.2 s: start"):
        source(find_s=0.2).open()


def test_a_stream_without_gaze_is_named_with_its_channels(lsl_outlet):
    lsl_outlet("no_gaze")
    with pytest.raises(SourceError, match=r"'Climate' has no usable gaze channels.*temperature, humidity"):
        source().open()


def test_a_stream_of_text_is_no_gaze(lsl_outlet):
    lsl_outlet("text")
    with pytest.raises(SourceError, match=r"'Words' sends text, not gaze: choose another\."):
        source().open()


def test_trackers_are_not_chosen_between_but_listed_with_how_to_choose(lsl_outlet):
    lsl_outlet("titta", "--source-id", "one")
    lsl_outlet("app_tobii_pro", "--source-id", "two")
    lsl_outlet("unnamed", "--source-id", "three")
    with pytest.raises(SourceError, match="Several LSL gaze streams") as refused:
        source(others_s=1.5).open()
    for named in ("'Tobii_gaze' (one)", "'Tobii' (two)", "--source lsl:"):
        assert named in str(refused.value)
    assert "three" not in str(refused.value)
    chosen = open_source("lsl:two", display=DISPLAY)
    assert chosen.open().detail["source_id"] == "two"
    chosen.close()
    by_name = source(stream="Tobii_gaze")
    assert by_name.open().detail["source_id"] == "one"
    by_name.close()


def test_a_name_with_quotes_is_just_a_name(lsl_outlet):
    lsl_outlet("pupil", "--name", 'Anna\'s "eye"')
    gaze = source(stream='Anna\'s "eye"')
    assert gaze.open().detail["stream"] == 'Anna\'s "eye"'
    gaze.close()


def test_streams_are_listed_with_what_they_are_good_for(lsl_outlet):
    lsl_outlet("titta", "--source-id", "one", "--rate", "120")
    lsl_outlet("no_gaze", "--source-id", "two", "--simulated")
    assert available_streams(wait_s=2.0) == [
        AvailableStream("Climate", "two", 100.0, 2, is_usable=False, is_simulated=True),
        AvailableStream("Tobii_gaze", "one", 120.0, 37, is_usable=True, is_simulated=False),
    ]


def test_a_stream_that_says_it_is_simulated_is(lsl_outlet):
    lsl_outlet("titta", "--simulated")
    gaze = source()
    assert gaze.open().is_simulated
    gaze.close()


def test_an_unknown_stream_becomes_known_by_the_file_that_its_refusal_shows(lsl_outlet, tmp_path):
    lsl_outlet("unnamed")
    with pytest.raises(SourceError, match="--channels FILE") as refused:
        source().open()
    path = tmp_path / "channels.toml"
    path.write_text(str(refused.value).partition("\n")[2])
    gaze = open_source("lsl", display=DISPLAY, channels=path)
    channels = gaze.open().channels
    gaze.close()
    assert [(c.label, c.role, c.unit) for c in channels] == [
        ("channel_1", "both_x", "pixels"),
        ("channel_2", "both_y", "pixels"),
        ("channel_3", "", ""),
    ]
