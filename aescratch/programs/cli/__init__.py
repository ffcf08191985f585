"""The command line, `aescratch COMMAND ...`: what the package does, for those who don't write Python.

    words typed -> program.py: which command -> train.py, evaluate.py, encode.py, decode.py, check.py -> exit status

A command is its help, a table of options, and `run`. Options that several share stand in building.py, data.py,
settings.py and training.py, or beside what reads them (variants.py, writing.py), built on options.py and words.py. A
command calls the public interface, prints what came out, and writes
files whole or not at all (writing.py). Whatever goes wrong ends as one sentence on stderr and one of the exit statuses
of status.py.
"""

from aescratch.programs.cli.program import main

__all__ = ["main"]
