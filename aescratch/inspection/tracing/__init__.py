"""Stepping through one training step, number by number: on paper, as a picture, and as a page in a browser.

    model, x --trace--> Trace: every operation, with its formula, its numbers, and the line of code that computes it
        stepping.py   takes the step                                     updating.py   records the optimiser
        recorder.py   records the sheet's functions while the model runs arrays.py     arrays that know what they hold
        formulas.py   the formula of every function                      language.py   computes it, entry by entry
        naming.py     names every quantity                               writing.py    formulas as text and LaTeX
        code.py       finds the lines of code of a formula               limits.py     the limits of given numbers
        operation.py  one operation                                      replay.py     difference quotients
        mistakes.py   wrong backward lines                               breaking.py   puts them into the step
        printing.py, picture.py, page.py with *.js and *.css    ways to look at operations
        loops.py      formulas as loops of JavaScript, for the playground
        trace.py      the result: the operations, and all these ways
"""

from aescratch.inspection.tracing.operation import Operation
from aescratch.inspection.tracing.stepping import trace
from aescratch.inspection.tracing.trace import Trace

__all__ = ["Operation", "Trace", "trace"]
