from lsl_streams import lsl_on_loopback, lsl_outlet  # noqa: F401  (fixtures for every test below)
from tobii_fakes import fake_tobii  # noqa: F401
