import signal
import subprocess
import sys


def test_a_foreign_recorder_takes_part_in_what_is_recorded(lsl_on_loopback, tmp_path):
    import pylsl

    words = ["record", "--source", "simulated", "--seconds", "600", "--store", str(tmp_path), "--lsl-out"]
    with subprocess.Popen([sys.executable, "-m", "app", *words], stderr=subprocess.DEVNULL) as process:
        try:
            (found,) = pylsl.resolve_byprop("name", "Gazeroom_gaze_simulated", 1, 60.0)
            inlet = pylsl.StreamInlet(found, recover=False)
            assert [len(inlet.pull_sample(60.0)[0]) for _ in range(20)] == [37] * 20
            assert pylsl.resolve_byprop("name", "Gazeroom_markers_simulated", 1, 60.0)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60.0)


def test_nothing_goes_out_unless_it_is_asked_for(lsl_on_loopback, tmp_path):
    import pylsl

    words = ["record", "--source", "simulated", "--seconds", "1", "--store", str(tmp_path)]
    with subprocess.Popen([sys.executable, "-m", "app", *words], stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            assert not pylsl.resolve_bypred("starts-with(name,'Gazeroom')", 1, 0.2)
    assert process.returncode == 0
