"""The two things that can go wrong with data: it is not here, or it is not what it says it is.

a name or path -> found.py -> DatasetNotFoundError: nothing there, with the commands that put it there
a file         -> a reader -> DataFileError: damaged, hostile, or in a form that is not read here
"""

from __future__ import annotations


class DatasetNotFoundError(FileNotFoundError):
    """An optional data set is not here; the message says where it was looked for and how to get it."""


class DataFileError(ValueError):
    """A data file is damaged, hostile, or holds what cannot be used; one sentence says which."""
