"""The command line, `aescratch COMMAND ...`: what the package does, for those who don't write Python.

    words typed -> program.py: which command -> train.py, evaluate.py, encode.py, decode.py, check.py -> exit status

A command reads its options (settings.py, training.py, data.py, built on words.py), calls the public interface, prints
what came out, and writes files whole or not at all (writing.py). Whatever goes wrong ends as one sentence on stderr and
one of the exit statuses of status.py.
"""

from aescratch.programs.cli.program import main

__all__ = ["main"]
