"""Stepping through one training step, number by number: on paper, as a picture, and as a page in a browser.

    model, x --trace--> Trace: every operation, with its formula, its numbers, and the line of code that computes it
        stepping.py   takes the step                                     updating.py   follows the optimiser
        recorder.py   watches the sheet's functions while the model runs arrays.py     arrays that know what they hold
        formulas.py   says what every function computes                  language.py   computes it, entry by entry
        naming.py     gives everything its letter                        writing.py    formulas as text and LaTeX
        code.py       finds the lines of code beside a formula           limits.py     what a given number may be
        operation.py  one operation                                      replay.py     difference quotients
        printing.py, picture.py, page.py with *.js and *.css    ways to look at operations
        loops.py      formulas as loops of JavaScript, for the playground
        trace.py      what is returned: the operations, and all these ways
"""

from aescratch.inspection.tracing.operation import Operation
from aescratch.inspection.tracing.stepping import trace
from aescratch.inspection.tracing.trace import Trace

__all__ = ["Operation", "Trace", "trace"]
