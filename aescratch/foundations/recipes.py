"""Objects that are defined by their settings: models, losses, penalties, corruptions, optimisers.

A recipe keeps every argument of its constructor as an attribute of the same name. Its repr and its JSON description in
files follow from these. Only classes of this package, and those that a program has registered, can be rebuilt from a
description: a file names its content and never contains code.
"""

from __future__ import annotations

import functools
import inspect
import numbers
from collections.abc import Callable
from typing import Any, TypeVar

from aescratch.foundations.language import gettext

Named = TypeVar("Named", bound=Callable[..., Any])

_KNOWN: dict[str, Callable[..., Any]] = {}


class Recipe:
    """Base of all objects that can be rebuilt from their settings."""

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if cls.__module__.partition(".")[0] == "aescratch":
            known(cls)

    def settings(self) -> dict[str, Any]:
        """Return the constructor's arguments and their values, except rng.

        Examples
        --------
        >>> import aescratch as ae
        >>> ae.GaussianNoise(0.3).settings()
        {'sigma': 0.3}
        """
        names = [name for name in constructor_parameters(type(self)) if name != "rng"]
        lost = next((name for name in names if not hasattr(self, name)), None)
        if lost is not None:
            message = gettext(
                "expected {kind} to keep its constructor's argument {lost} as an attribute of the same name, found "
                "none; write self.{lost} = {lost} in __init__, or settings() by hand"
            )
            raise AttributeError(message.format(kind=type(self).__name__, lost=lost))
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={_readable(value)}" for name, value in self.settings().items())
        return f"{type(self).__name__}({inside})"


def constructor_parameters(kind: type) -> dict[str, inspect.Parameter]:
    """Return the parameters of a class's constructor; its ``**options`` stand for those of its base class.

    Examples
    --------
    >>> import aescratch as ae
    >>> list(constructor_parameters(ae.DenoisingAutoencoder))[:3]
    ['widths', 'corruption', 'loss_on']
    """
    parameters: dict[str, inspect.Parameter] = {}
    for base in kind.__mro__:
        if "__init__" in vars(base):
            own = list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]
            named = [p for p in own if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
            parameters = {**parameters, **{p.name: p for p in named if p.name not in parameters}}
            if not any(p.kind is p.VAR_KEYWORD for p in own):
                break
    return parameters


def known(thing: Named) -> Named:
    """Register a class or function of this package under its name, so that files can name it."""
    _KNOWN[thing.__name__] = thing
    return thing


def register(thing: Named) -> Named:
    """Let files name a class of your own: write ``@ae.register`` above it, and `save` and `load` accept it.

    A file names the class and its settings; it never contains code. So a program that loads the model must have
    imported or defined its class before.

    Parameters
    ----------
    thing : class or function
        A model, whose ``settings()`` returns the arguments of its constructor by name, except rng, as in a class built
        on ours; an activation; an initialiser; or any other object among a model's settings.

    Returns
    -------
    class or function
        The same.

    Raises
    ------
    TypeError
        If `thing` has no name.
    ValueError
        If its name is taken.

    Examples
    --------
    >>> import aescratch as ae
    >>> @ae.register
    ... class Bottleneck(ae.Autoencoder):
    ...     pass
    """
    name = getattr(thing, "__name__", "")
    if not callable(thing) or not name.isidentifier():
        message = gettext("expected a class or a function with a name, got {thing!r}; define it with class or def")
        raise TypeError(message.format(thing=thing))
    before = _KNOWN.get(name, thing)
    if (before.__module__, before.__qualname__) != (thing.__module__, thing.__qualname__):
        message = gettext(
            "expected a unique name in files, got {name}, which is {module}.{qualname}; choose another name"
        )
        raise ValueError(message.format(name=name, module=before.__module__, qualname=before.__qualname__))
    return known(thing)


def _readable(value: Any) -> str:
    if isinstance(value, functools.partial):
        inside = [value.func.__name__, *map(repr, value.args), *(f"{k}={v!r}" for k, v in value.keywords.items())]
        return f"partial({', '.join(inside)})"
    return str(value.__name__) if callable(value) and hasattr(value, "__name__") else repr(value)


def describe(value: Any) -> Any:
    """Return the JSON form of a setting: numbers, strings, lists, and recipes, classes and functions by name.

    Raises
    ------
    TypeError
        If it is, or contains, an object that isn't ours and so can't be rebuilt.

    Examples
    --------
    >>> import aescratch as ae
    >>> describe(ae.MaskingNoise(0.25))
    {'made by': 'MaskingNoise', 'with': {'p': 0.25}}
    """
    return _described(value, _refused)


def identify(value: Any) -> Any:
    """Return a description like `describe`, in which other objects have their full name, and their settings if known.

    It distinguishes runs; nothing can be rebuilt from it.

    Examples
    --------
    >>> import aescratch as ae
    >>> class Mine:
    ...     def settings(self):
    ...         return {"width": 3, "noise": ae.MaskingNoise(0.25)}
    >>> identify(Mine())["with"]
    {'width': 3, 'noise': {'made by': 'MaskingNoise', 'with': {'p': 0.25}}}
    """
    return _described(value, _by_full_name)


def _described(value: Any, other: Callable[[Any], Any]) -> Any:
    """Return the JSON form of a setting; for objects that aren't ours, the result of the given function."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, numbers.Real):  # a NumPy number
        return int(value) if isinstance(value, numbers.Integral) else float(value)
    if isinstance(value, (list, tuple)):
        return [_described(item, other) for item in value]
    if isinstance(value, functools.partial):
        maker, positional = _described(value.func, other), [_described(item, other) for item in value.args]
        keywords = {name: _described(item, other) for name, item in value.keywords.items()}
        return {"partial": maker.get("named", maker), "args": positional, "with": keywords}
    if hasattr(value, "settings") and _KNOWN.get(type(value).__name__) is type(value):
        settings = {name: _described(item, other) for name, item in value.settings().items()}
        return {"made by": type(value).__name__, "with": settings}
    name = getattr(value, "__name__", "")
    if callable(value) and _KNOWN.get(name) is value:
        return {"named": name}
    return other(value)


def _refused(value: Any) -> Any:
    kind = getattr(value, "__qualname__", type(value).__qualname__)
    message = gettext(
        "expected a class, function or object of aescratch, got {kind}, which a file can't restore; write "
        "@ae.register above a class of your own, or save the values of model.parameters with numpy.savez, and build "
        "the model in your own code"
    )
    raise TypeError(message.format(kind=kind))


def _by_full_name(value: Any) -> Any:
    kind = value if hasattr(value, "__qualname__") else type(value)
    settings = value.settings() if kind is not value and hasattr(value, "settings") else {}
    return {"made by": f"{kind.__module__}.{kind.__qualname__}", "with": {k: identify(v) for k, v in settings.items()}}


def with_defaults(description: Any) -> Any:
    """Return a description completed by the defaults of settings that didn't exist when it was written.

    Examples
    --------
    >>> with_defaults({"made by": "KLSparsity", "with": {"rho": 0.1, "weight": 1.0}})["with"]
    {'rho': 0.1, 'weight': 1.0, 'momentum': None}
    """
    if isinstance(description, list):
        return [with_defaults(item) for item in description]
    if not isinstance(description, dict):
        return description
    completed = {name: with_defaults(item) for name, item in description.items()}
    maker = _KNOWN.get(str(description.get("made by")))
    if isinstance(maker, type) and isinstance(completed.get("with"), dict):
        parameters = constructor_parameters(maker).values()
        defaults = {p.name: identify(p.default) for p in parameters if p.default is not p.empty and p.name != "rng"}
        given = completed["with"]
        completed["with"] = {**given, **{name: value for name, value in defaults.items() if name not in given}}
    return completed


def rebuild(description: Any) -> Any:
    """Return the setting that `describe` described.

    Raises
    ------
    ValueError
        If the description is invalid, or names nothing of this package.
    """
    if description is None or isinstance(description, (bool, int, float, str)):
        return description
    if isinstance(description, list):
        return [rebuild(item) for item in description]
    if isinstance(description, dict):
        arguments = {str(name): rebuild(item) for name, item in description.get("with", {}).items()}
        if set(description) == {"made by", "with"}:
            return _look_up(description["made by"])(**arguments)
        if set(description) == {"partial", "args", "with"}:
            return functools.partial(_look_up(description["partial"]), *rebuild(description["args"]), **arguments)
        if set(description) == {"named"}:
            return _look_up(description["named"])
    message = gettext("expected a description that aescratch wrote, got {description}")
    raise ValueError(message.format(description=str(description)[:80]))


def _look_up(name: Any) -> Callable[..., Any]:
    if not isinstance(name, str) or name not in _KNOWN:
        message = gettext("expected the name of a class or function of aescratch, got {name!r}")
        raise ValueError(message.format(name=name))
    return _KNOWN[name]
