import lsl_outlet
import numpy as np

from acquisition.clock import VirtualClock
from acquisition.domain import Display
from acquisition.outlets.titta import sent_channels, sent_values
from acquisition.sources import open_source
from acquisition.sources.lsl_channels import Description, describe_channels
from acquisition.store import RawGaze
from acquisition.store.gaze import gaze_of

DISPLAY = Display(1920, 1080, 527.0, 296.0)


def described(sent):
    return [Description(channel.label, channel.kind, channel.unit, channel.eye) for channel in sent]


def channels_of(dialect):
    name, _, n_channels, dtype, descriptions, _ = lsl_outlet.DIALECTS[dialect]
    texts = [Description(label, kind, unit, eye) for label, eye, kind, unit in descriptions]
    texts += [Description()] * (n_channels - len(texts))
    return describe_channels(texts, f"<{dtype}", DISPLAY, stream_name=name)


def test_both_eyes_are_described_as_titta_does():
    sent = sent_channels(channels_of("titta"))
    titta = [Description(label, kind, unit, eye) for label, eye, kind, unit in lsl_outlet.titta_channels()]
    assert described(sent)[:36] == titta
    assert (len(sent), sent[36].label) == (37, "device_time_stamp")


def test_what_titta_sends_comes_out_as_it_went_in():
    channels = channels_of("titta")
    rows = lsl_outlet.made_samples("titta", range(50))
    available = [i for i, channel in enumerate(channels) if channel.label.startswith("available")]
    rows[:, available] = 1.0
    samples = rows.view([(channel.label, channel.dtype) for channel in channels]).reshape(-1)
    gaze = gaze_of(RawGaze(channels, samples, np.arange(50.0), np.arange(50)), ())
    sent = sent_values(gaze, sent_channels(channels), channels)
    np.testing.assert_allclose(sent, rows, rtol=1e-12)


def test_what_the_source_has_not_is_marked_as_not_available():
    channels = channels_of("app_tobii_pro")
    rows = lsl_outlet.made_samples("app_tobii_pro", range(20))
    samples = rows.view([(channel.label, channel.dtype) for channel in channels]).reshape(-1)
    gaze = gaze_of(RawGaze(channels, samples, np.arange(20.0), np.arange(20)), ())
    sent = sent_channels(channels)
    values = {
        channel.label: row for channel, row in zip(sent, sent_values(gaze, sent, channels).T, strict=True)
    }
    assert values["available.gaze_point.left_eye"].tolist() == [1.0] * 20
    assert values["available.gaze_origin.left_eye"].tolist() == [0.0] * 20
    assert np.isnan(values["x.position_in_user_coordinates.gaze_origin.left_eye"]).all()
    assert np.isnan(values["device_time_stamp"]).all()
    assert values["x.position_on_display_area.gaze_point.right_eye"].tolist() == rows[:, 3].tolist()


def test_a_source_without_sides_has_one_eye_that_is_both():
    sent = sent_channels(channels_of("pupil"))
    assert len(sent) == 19
    assert {channel.eye for channel in sent} == {"both"}
    roles = [channel.role for channel in describe_channels(described(sent), "<f8", DISPLAY)]
    assert {"both_x", "both_y", "both_pupil_mm", "both_valid"} <= set(roles)


def test_a_simulated_tracker_fills_what_it_has():
    clock = VirtualClock()
    source = open_source("simulated", display=DISPLAY, clock=clock)
    info = source.open()
    clock.advance(0.5)
    batch = source.read(0.0)
    raw = RawGaze(info.channels, batch.samples, batch.source_time_s, batch.host_time_ns)
    gaze = gaze_of(raw, batch.clock_pairs)
    sent = sent_channels(info.channels)
    values = sent_values(gaze, sent, info.channels)
    assert values.shape == (len(gaze), 37)
    number = [channel.label for channel in sent].index("x.position_on_display_area.gaze_point.left_eye")
    np.testing.assert_array_equal(values[:, number], gaze["left_x"])
