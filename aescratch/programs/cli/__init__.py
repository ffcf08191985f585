"""The command line, `aescratch COMMAND ...`: the package for those who don't write Python.

    typed words -> program.py: which command -> train.py, evaluate.py, encode.py, decode.py, check.py -> exit status

A command has a help text, a table of options, and `run`. Options that several commands share are in building.py,
data.py, settings.py and training.py, or beside the code that reads them (variants.py, writing.py), built on options.py
and words.py. A command calls the public interface, prints its results, and writes files completely or not at all
(writing.py). Every error ends as one sentence on stderr and one of the exit statuses of status.py.
"""

from aescratch.programs.cli.program import main

__all__ = ["main"]
