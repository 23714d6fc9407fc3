"""Errors by whose fault they are.

A `UserError` is one sentence that the user can act on: what is wrong, with what, what to do.
A `BugError` is ours: it is logged with its stack and reported as such.
"""


class GazeroomError(Exception):
    """Base of every error that Gazeroom raises itself."""


class UserError(GazeroomError):
    """Something outside the program is wrong; the message says what, where and what to do."""


class BugError(GazeroomError):
    """Something inside the program is wrong."""


class FileRefused(UserError):
    """A file that cannot be taken in; the message names the file and the reason."""


class StoreError(UserError):
    """A store that cannot be opened, read or written."""


class SourceError(UserError):
    """A gaze source that cannot be opened or has no usable gaze."""
