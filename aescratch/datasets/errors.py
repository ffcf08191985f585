"""The two errors of data: it is missing, or it is invalid.

a name or path -> found.py -> DatasetNotFoundError: nothing found, with the commands that install it
a file         -> a reader -> DataFileError: damaged, hostile, or in a form that is not read here
"""

from __future__ import annotations


class DatasetNotFoundError(FileNotFoundError):
    """An optional data set was not found; the message lists the searched places and how to get it."""


class DataFileError(ValueError):
    """A data file is damaged, hostile, or has invalid content; the message says which."""
