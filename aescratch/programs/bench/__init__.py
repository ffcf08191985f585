"""`aescratch bench`: how fast the package is on this machine, beside PyTorch and beside the best that can be had.

    cases.py      the networks that are measured, and one training step of ours
    floor.py      what no step can do without: the matrix products, and one pass over the parameters
    pytorch.py    the same steps, training and gradient check in PyTorch, where it is installed
    variants.py   the newer variants, ours and in PyTorch
    timing.py     sides in turns -> median seconds
    questions.py  cases, sides -> Row, one function per question;   memory.py, processes.py   what needs a fresh process
    machine.py    versions, libraries, threads;   table.py   rows -> text

Every comparison is a ratio in one run. A target is the largest ratio that was aimed at; the table says which are met.
"""

from aescratch.programs.bench.machine import describe_machine
from aescratch.programs.bench.questions import QUESTIONS, measure
from aescratch.programs.bench.table import Row, as_text

__all__ = ["QUESTIONS", "Row", "as_text", "describe_machine", "measure"]
