"""A case: a right text, and how one of its passes is checked, evaluated and given fresh inputs.

    case.check(module, seed) -> reports;   case.gradients(module, seed, sizes) -> arrays;   loaded(text, name) -> module

Every way in is one that the package offers: pairs, caches, losses with their gradient, layers, models, exercises.
"""

import contextlib
import copy
import functools
import io
import itertools
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

import aescratch as ae
from aescratch.classroom.exercise import PATH, read_exercise
from aescratch.classroom.looking import judgement_of
from aescratch.foundations.sources import module_of_file
from aescratch.inspection.gradcheck import check_function
from aescratch.inspection.gradcheck.binding import as_list, bind, call, copied, draw_upstream

from .drawing import SIZES

CODE = Path(__file__).parent / "code"
COUNTER = itertools.count()
FOLDER = tempfile.TemporaryDirectory(prefix="planted_")
OPEN = []


class Case(NamedTuple):
    """One right pass: its text, the functions that are broken, and its check."""

    name: str
    kind: str  # function, network, exercise or stranger
    path: Path
    functions: tuple
    way: object  # one of those below
    make: object  # inputs from a generator and sizes

    @property
    def text(self):
        return self.path.read_text(encoding="utf-8")

    def inputs(self, seed, sizes=0):
        return self.make(np.random.default_rng([seed, sizes]), SIZES[sizes])

    def check(self, module, seed=0):
        """Return the reports of the checker."""
        return self.way.check(module, self.inputs(seed), seed)

    def gradients(self, module, seed, sizes=0):
        """Return what the pass gives, without any check."""
        return self.way.gradients(module, self.inputs(seed, sizes), seed)


@contextlib.contextmanager
def loaded(text, name):
    """Give the module that a text makes, from a file of this name, whose source Python finds.

    The folder stays until the process ends: one for each module that is open at the same time.
    """
    place = Path(FOLDER.name) / f"{os.getpid()}-{len(OPEN)}"  # processes share the folder
    place.mkdir(exist_ok=True)
    path = place / name
    path.write_text(text, encoding="utf-8")
    module_name = f"planted_{path.stem}_{next(COUNTER)}"
    OPEN.append(module_name)
    try:
        yield module_of_file(path, module_name)
    finally:
        OPEN.remove(module_name)
        sys.modules.pop(module_name, None)


@functools.cache
def right_module(case):
    """Return the module of a case's right code."""
    return module_of_file(case.path, f"planted_right_{case.path.parent.name}_{case.path.stem}")


@contextlib.contextmanager
def quietly():
    """Run without output and warnings: a mistake may overflow."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


class Functions(NamedTuple):
    """A pair by the names of its functions; `made` turns other styles into one."""

    forward: str
    backward: str = ""
    wrt: tuple = ()
    style: str = "pair"

    def pair(self, module):
        functions = [getattr(module, name) for name in (self.forward, self.backward) if name]
        return functions if self.style == "pair" else getattr(ae, f"{self.style}_pair")(*functions)

    def check(self, module, inputs, seed):
        return [check_function(*self.pair(module), inputs, wrt=list(self.wrt) or None, rng=seed)]

    def gradients(self, module, inputs, seed):
        pair = bind(*self.pair(module), inputs)
        output = call(pair.forward, copied(inputs))
        gradients = copy.deepcopy(list(pair.gradients(draw_upstream(np.shape(output), seed), output)))
        return [np.asarray(output), *gradients] if self.style == "loss" else gradients

    @property
    def gives_its_value(self):
        """Whether the first of the gradients is the loss, which no mistake may change."""
        return self.style == "loss"


class Layer(NamedTuple):
    """A layer: how it is made, from the module and the inputs' shapes, and where it leaves its gradients."""

    make: object
    left: str = ""

    def check(self, module, inputs, seed):
        return [ae.check_layer(self.make(module, **inputs), inputs["x"], rng=seed)]

    def gradients(self, module, inputs, seed):
        layer = self.make(module, **inputs)
        output = layer.forward(inputs["x"].copy())
        returned = as_list(layer.backward(draw_upstream(np.shape(output), seed)))
        return [*returned, *(eval(f"layer.{place}", {"layer": layer}) for place in self.left.split())]


class Model(NamedTuple):
    """A model with a loss and a backward of its own."""

    make: object

    def model(self, module, inputs, seed):
        model = self.make(module, seed, **inputs)
        rng = np.random.default_rng([seed, 9])
        for parameter in model.parameters:
            parameter.value = rng.normal(0, 0.6, parameter.shape)
        return model

    def check(self, module, inputs, seed):
        model = self.model(module, inputs, seed)
        return [ae.check_gradients(model, *(inputs[name] for name in ("x", "labels") if name in inputs), rng=seed)]

    def gradients(self, module, inputs, seed):
        model = self.model(module, inputs, seed)
        model.loss(*(inputs[name] for name in ("x", "labels") if name in inputs), rng=seed)
        model.backward()
        return [parameter.grad.copy() for parameter in model.parameters]


class Exercise(NamedTuple):
    """An exercise of the path, checked by its own checks; the inputs are those of its functions, one after the other."""

    folder: str
    functions: tuple

    @property
    def exercise(self):
        return read_exercise(PATH / self.folder)

    def check(self, module, inputs, seed):
        path = Path(module.__file__)
        return judgement_of(self.exercise, lambda: module, path, path.read_bytes(), seed).reports

    def gradients(self, module, inputs, seed):
        found = []
        for name in self.functions:
            function = getattr(module, name)
            taken = function.__code__.co_varnames[: function.__code__.co_argcount]
            found += as_list(function(**copied({each: inputs[each] for each in taken})))
        return found


@functools.cache
def arrays_of(case):
    """Return the shapes of the arrays that a right pass has at each line, by how they are written there."""
    found = {}

    def note(frame, event, _):
        if event == "line":
            here = found.setdefault(frame.f_lineno, {})
            if not here:
                for name, value in frame.f_locals.items():
                    here |= {text: array.shape for text, array in _held(name, value)}
        return note

    def enter(frame, _, __):
        return note if frame.f_code.co_filename == str(path) else None

    module, before = right_module(case), sys.gettrace()
    path = Path(module.__file__)
    sys.settrace(enter)
    try:
        case.gradients(module, 0)
    finally:
        sys.settrace(before)
    return found


def _held(name, value):
    """Yield the arrays of a local name: itself, an object's attributes, a dictionary's entries."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.ndim:
        yield name, value
    inside = {}
    if name == "self":
        inside = {f"self.{key}": each for key, each in vars(value).items()}
    elif isinstance(value, dict):
        inside = {f"{name}[{key!r}]": each for key, each in value.items() if isinstance(key, str)}
    for text, each in inside.items():
        yield from _held(text, each)
