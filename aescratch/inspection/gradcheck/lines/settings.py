"""Settings: the numbers that a run reads but doesn't compute, and a scene with others in their place.

    definitions -> Setting: an attribute, an entry, an argument, a constant of a module, a default, a closure's number
    scene, them -> the scene with others, unless something raises there or another gradient is wrong

A repair that was seen at one value of a setting only may take the setting for a number, or a number for the setting.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from aescratch.inspection.gradcheck.binding import same
from aescratch.inspection.gradcheck.keeping import reachable
from aescratch.inspection.gradcheck.lines.scene import Scene
from aescratch.inspection.gradcheck.lines.source import Definition
from aescratch.inspection.gradcheck.styles import KEPT_RATES

FORMULAS = np.sqrt([2.0, np.pi, 2 * np.pi, 2 / np.pi, np.pi**2])  # a formula is right at these values only
GOLDEN = 0.618  # its multiples, without their whole parts, are far from each other
MOST_TRIED = 30  # ways to move them


class Setting(NamedTuple):
    """A number under a name, how another is put in its place, and how it is put back."""

    name: str
    value: Any
    put: Callable[[Any], Any]
    put_back: Callable[[], Any]


def moved(scene: Scene, definitions: Sequence[Definition]) -> Iterator[Scene]:
    """Yield the scene with all floats among its settings moved or, if that is impossible, one after the other.

    After them come whole numbers: one more, or two of one product. Settings of one name have one meaning.
    """
    settings = _read(scene, definitions)
    floats = {s.name: 0.75 + 0.2 * (n * GOLDEN % 1) for n, s in enumerate(settings) if _is_free(s.value)}
    whole = {s.name: s.value for s in settings if isinstance(s.value, int)}
    ways = [floats, *({name: factor} for name, factor in floats.items())]
    ways += [{name: own + 1} for name, own in whole.items()]
    for a, b in itertools.permutations(whole, 2):  # of one product
        ways.append({a: whole[b], b: whole[a]} if whole[a] != whole[b] else {a: 1, b: whole[a] * whole[b]})
    done = set[str]()
    for values in ways[:MOST_TRIED]:
        if not done.issuperset(values) and (found := _at(scene, settings, values)):
            done |= values.keys()
            yield found


def _at(scene: Scene, settings: Sequence[Setting], values: Mapping[str, float]) -> Scene | None:
    """Return the scene with settings at other values, of floats times these, if it can be taken and shows the same."""
    changed = [s for s in settings if isinstance(s.value, type(values.get(s.name)))]

    def under(call: Callable[[], Any]) -> Any:
        try:
            for s in changed:
                s.put(values[s.name] * (s.value if isinstance(s.value, float) else 1))
            return call()
        finally:
            for s in changed:
                s.put_back()

    with contextlib.suppress(Exception):
        anew = under(scene.anew) if scene.anew else scene
        calls = [functools.partial(under, call) for call in (anew.objective, anew.gradients)]
        other = replace(anew, objective=calls[0], gradients=calls[1], known={}, seconds=scene.seconds)
        before, after = scene.returned() or {}, other.returned() or {}
        is_other = scene.objective() != other.objective() or not all(same(after[name], before[name]) for name in before)
        if after and is_other and other.right() == scene.right():
            return other
    return None


def _is_free(value: Any) -> bool:
    return isinstance(value, float) and value != 0 and not np.isclose([value, 1 / value], FORMULAS[:, None]).any()


def _read(scene: Scene, definitions: Sequence[Definition]) -> list[Setting]:
    """Return the numbers that the definitions read, and that no statement of theirs writes."""
    nodes = [node for definition in definitions for node in ast.walk(definition.node)]
    names = {getattr(node, field, None) for node in nodes for field in ("id", "attr", "arg", "value")}
    names -= {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
    functions = [function for definition in definitions for function in definition.functions]
    objects = reachable(*(each for definition in definitions for each in definition.arguments))
    holders = [scene.arguments, *(each for each in objects if isinstance(each, dict))]
    holders += [each for f in functions for each in (f.__globals__, f.__kwdefaults__ or {})]
    found: list[Setting] = []

    def add(name: str, value: Any, put: Callable[[Any], Any], put_back: Callable[[], Any] | None = None) -> None:
        is_number = isinstance(value, (float, int)) and not isinstance(value, bool)
        if is_number and name in names and name not in KEPT_RATES:
            found.append(Setting(name, value, put, put_back or functools.partial(put, value)))

    for holder in {id(each): each for each in holders}.values():
        for name, value in holder.items():
            add(name, value, functools.partial(holder.__setitem__, name))
    for own, kind in ((vars(each), type(each)) for each in objects if hasattr(each, "__dict__")):
        for name in sorted(names & set(dir(kind)) - own.keys()):
            add(name, getattr(kind, name), functools.partial(own.__setitem__, name), functools.partial(own.pop, name))
    for function in functions:
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            with contextlib.suppress(ValueError):  # of a name that isn't bound yet
                add(name, cell.cell_contents, functools.partial(setattr, cell, "cell_contents"))
        arguments = function.__code__.co_varnames[: function.__code__.co_argcount]
        for place, value in enumerate(reversed(function.__defaults__ or ()), 1):
            add(arguments[-place], value, functools.partial(_put_default, function, -place))
    return found


def _put_default(function: FunctionType, place: int, value: Any) -> None:
    """Put a value in place of one of a function's defaults; they are counted from the end."""
    defaults = list(function.__defaults__ or ())
    defaults[place] = value
    function.__defaults__ = tuple(defaults)
