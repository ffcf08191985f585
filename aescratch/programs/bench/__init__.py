"""`aescratch bench`: the package's speed on this machine, compared with PyTorch and with a lower bound.

    cases.py      the networks that are measured, and one training step of ours
    floor.py      the lower bound of a step: the matrix products, and one pass over the parameters
    pytorch.py    the same steps, training and gradient check in PyTorch, if it is installed
    variants.py   the newer variants, ours and in PyTorch
    timing.py     sides in turns -> median seconds
    questions.py  cases, sides -> Row, one function per question;   memory.py, processes.py   measures in new processes
    machine.py    versions, libraries, threads;   table.py   rows -> text

Every comparison is a ratio in one run. A target is the largest acceptable ratio; the table shows which are met.
"""

from aescratch.programs.bench.machine import describe_machine
from aescratch.programs.bench.questions import QUESTIONS, measure
from aescratch.programs.bench.table import Row, as_text

__all__ = ["QUESTIONS", "Row", "as_text", "describe_machine", "measure"]
