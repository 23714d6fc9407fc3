from lsl_streams import lsl_on_loopback, lsl_outlet  # noqa: F401  (fixtures for every test below)
