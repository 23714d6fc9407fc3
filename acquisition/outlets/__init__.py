"""What is sent on while it is recorded, so that another recorder can take part."""

from acquisition.outlets.lsl import lsl_outlet

__all__ = ["lsl_outlet"]
