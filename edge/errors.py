"""Every error the toolkit raises on purpose, and the exit code each one carries.

    EdgeError                     1  the work failed
    ├── UsageError                2  an argument or a setting is wrong
    ├── MissingPartError          3  a package, device, model or data set is not there
    │   ├── MissingPackageError
    │   ├── MissingDeviceError
    │   ├── MissingModelError
    │   └── MissingDataError
    ├── SourceError               1  a camera, file or stream failed while in use
    ├── ModelError                1  a model file or its card cannot be trusted
    ├── DataError                 1  a data set is damaged or mislabelled
    ├── ConversionError           1  training, quantizing or verifying failed
    └── SinkError                 1  a log or output cannot be written
        └── ReaderGoneError       1  whoever read our output has closed it (`| head`)

A message is one sentence: what is wrong, the value, what to do.
"""

from __future__ import annotations


class EdgeError(Exception):
    """Base of all errors below; `exit_code` is what the command line returns."""

    exit_code = 1


class UsageError(EdgeError, ValueError):
    exit_code = 2


class MissingPartError(EdgeError):
    exit_code = 3


class MissingPackageError(MissingPartError, ImportError):
    pass


class MissingDeviceError(MissingPartError):
    pass


class MissingModelError(MissingPartError):
    pass


class MissingDataError(MissingPartError):
    pass


class SourceError(EdgeError):
    pass


class ModelError(EdgeError):
    pass


class DataError(EdgeError):
    pass


class ConversionError(EdgeError):
    pass


class SinkError(EdgeError):
    pass


class ReaderGoneError(SinkError):
    """No fault: the command line says nothing of it."""
