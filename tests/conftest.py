import os

# Workers of pytest share the cores; threads that wait for one another would only be in the way. Torch and
# numpy ask when they are loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import hypothesis
from lsl_streams import lsl_on_loopback, lsl_outlet  # noqa: F401  (fixtures for every test below)
from tobii_fakes import fake_tobii  # noqa: F401

# How long an example takes says nothing about it on a busy machine.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")
