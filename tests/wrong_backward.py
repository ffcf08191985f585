"""A backward function with a mistake of the step page, for the checker and the tests.

    "dense_backward", "b times 4" --mistaken--> a function of the right one's arguments and its forward's, by name
"""

import inspect

import numpy as np

from aescratch import functions
from aescratch.inspection.tracing.formulas import FORMULAS
from aescratch.inspection.tracing.language import evaluate, names_in, read
from aescratch.inspection.tracing.mistakes import MISTAKES


def mistaken(function, name):
    """Return a backward function with a mistake: it takes the arguments of the right one and of its forward, by name.

    Examples
    --------
    >>> wrong = mistaken("relu_backward", "mask turned round")
    >>> wrong(grad_y=np.ones((1, 2)), a=np.array([[-1.0, 2.0]]))
    array([[1., 0.]])
    """
    right = getattr(functions, function)
    wrong = {line.name: line for line in map(read, MISTAKES[function][name])}
    lines = [read(line) for line in FORMULAS[function]]
    forward = inspect.signature(functions.AS_WRITTEN[function.removesuffix("_backward")]).parameters

    def backward(**arguments):
        returned = right(**{key: arguments[key] for key in inspect.signature(right).parameters})
        results = list(returned) if isinstance(returned, tuple) else [returned]
        values = {key: np.asarray(value) for key, value in arguments.items()}
        for line in lines:
            values[line.name] = evaluate(line, values, _shape(lines, line, results))
        for place, line in enumerate(lines[-len(results) :]):
            if line.name in wrong:
                values["right"] = values[line.name]
                results[place] = evaluate(wrong[line.name], values, np.shape(results[place]))
        return tuple(results) if isinstance(returned, tuple) else results[0]

    own = inspect.signature(functions.AS_WRITTEN[function]).parameters
    read_too = {name for line in (*lines, *wrong.values()) for name in names_in(line.tree)}.intersection(forward)
    wanted = [*own, *(name for name in forward if name in read_too and name not in own)]
    backward.__signature__ = inspect.Signature(
        [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in wanted]
    )
    backward.__name__ = function
    return backward


def _shape(lines, line, results):
    """Return the shape of the result that a line computes, None for an intermediate quantity."""
    place = lines.index(line) - len(lines) + len(results)
    return np.shape(results[place]) if place >= 0 else None
