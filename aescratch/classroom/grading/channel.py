"""The messages between the judge and the confined process: frames, and the values in them; used on both sides.

    frame   two lengths, a header in JSON, and the bytes of its arrays, one after the other
    value   None, a number, text, an array, a tuple, list or dict of these; of other types only the type's name

Incoming data are never unpickled or evaluated: anything else, to the byte, raises `Malformed`. The confined process has
only NumPy.
"""

import itertools
import json
import math
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

LENGTHS = struct.Struct("<II")
LONGEST_HEADER = 2**20
MOST_BYTES = 2**24  # of all arrays in a frame
MOST_FORMS, MOST_ITEMS, DEEPEST, DIMENSIONS = 20_000, 1000, 4, 32
LONGEST_TEXT = 500  # characters of names and messages
LONGEST_DIMENSION = 2**40
LAST_LINE = 2**20
THERE = {*sys.stdlib_module_names, "numpy"}
KINDS = ("<f8", "<f4", "<f2", "<i8", "<i4", "<i2", "|i1", "<u8", "<u4", "<u2", "|u1", "|b1", "<c16", "<c8")
DTYPES = {kind: np.dtype(kind) for kind in KINDS}
WIDER = {"f": "<f8", "c": "<c16"}  # types in which wider numbers are sent
SCALARS = frozenset(dtype.type for dtype in DTYPES.values())
EXCEPTIONS = {
    kind.__name__: kind
    for kind in (
        NotImplementedError, RecursionError, RuntimeError, IndexError, KeyError, TypeError, ValueError, AttributeError,
        ZeroDivisionError, OverflowError, FloatingPointError, ArithmeticError, NameError, ImportError, MemoryError,
        AssertionError, SystemExit, Exception,
    )
}  # fmt: skip

Form = list[Any]


class Malformed(ValueError):
    """A frame is invalid."""


class Other:
    """Stands for a value that isn't sent; its class has the name of the value's class."""


def shown(text: Any, longest: int = LONGEST_TEXT, kept: str = "\n\t") -> str:
    """Return the beginning of a text without control characters, except those in `kept`."""
    first = str(text)[:longest]
    return "".join(c if c.isprintable() or c in kept else "?" for c in first) + ("..." if len(text) > longest else "")


def framed(header: dict[str, Any], chunks: Sequence[bytes]) -> bytes:
    """Return a frame."""
    head = json.dumps(header).encode("ascii")
    body = b"".join(chunks)
    return LENGTHS.pack(len(head), len(body)) + head + body


def parsed(head: bytes) -> dict[str, Any]:
    """Return a header."""
    try:
        header = json.loads(head.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise Malformed("a header that is not JSON") from error
    if not isinstance(header, dict):
        raise Malformed("a header that is not an object")
    return header


def received(read: Callable[[int], bytes]) -> tuple[dict[str, Any], bytes]:
    """Return the header and the bytes of the next frame."""
    head, body = LENGTHS.unpack(read(LENGTHS.size))
    if head > LONGEST_HEADER or body > MOST_BYTES:
        raise Malformed("a frame that is too long")
    return parsed(read(head)), read(body)


@dataclass
class Packer:
    """Turns values into forms, which JSON can store, and the bytes of their arrays.

    The form of an array that shares memory with one in `shared`, which the other side has, says so. Functions go into
    the list `functions`, for the other side to call; without it, they are sent like any other object.
    """

    shared: Sequence[Any] = ()
    functions: list[Any] | None = None
    chunks: list[bytes] = field(default_factory=list)
    arrays: list[Any] = field(default_factory=list)
    size: int = 0
    count: int = 0

    def pack(self, value: Any, depth: int = 0) -> Form:
        """Return the form of a value."""
        kind = type(value)
        self.count += 1
        if value is None or kind in (bool, float) or (kind is int and abs(value) < 2**63):
            return ["plain", value]
        if kind is str:
            return ["plain", value[:LONGEST_TEXT]]
        if kind is np.ndarray:
            return self._array(value)
        if kind in SCALARS:
            return ["scalar", self._array(np.asarray(value))]
        if self.count < MOST_FORMS and depth < DEEPEST:
            if isinstance(value, (tuple, list)):
                base: Any = tuple if isinstance(value, tuple) else list  # a named tuple becomes a plain one
                items = itertools.islice(base.__iter__(value), MOST_ITEMS)
                return [base.__name__, [self.pack(item, depth + 1) for item in items]]
            if kind is dict and all(type(key) is str for key in value):
                items = itertools.islice(value.items(), MOST_ITEMS)
                return ["dict", [[key[:LONGEST_TEXT], self.pack(item, depth + 1)] for key, item in items]]
        if self.functions is not None and callable(value):
            self.functions.append(value)
            return ["function", len(self.functions) - 1]  # without its name, which may reveal its purpose
        return ["other", kind.__name__]

    def pack_call(self, arguments: Sequence[Any], named: dict[str, Any]) -> dict[str, Any]:
        """Return the forms of the arguments of a call."""
        forms = [self.pack(value) for value in arguments]
        return {"arguments": forms, "named": {name: self.pack(value) for name, value in named.items()}}

    def _array(self, array: Any) -> Form:
        shape = list(array.shape)
        if array.dtype.kind not in "fciub":
            self.count += array.size
            return ["objects", shape] if self.count < MOST_FORMS else ["other", f"array of {array.dtype}"]
        kind = array.dtype.newbyteorder("<").str
        kind = kind if kind in DTYPES else WIDER[array.dtype.kind]
        size = array.size * DTYPES[kind].itemsize
        if self.size + size > MOST_BYTES:
            return ["other", f"array of shape {array.shape}, too large to be compared"]
        self.size += size
        self.chunks.append(array.astype(kind, copy=False).tobytes())
        self.arrays.append(array)
        form: Form = ["array", kind, shape, bool(array.flags.writeable)]
        for number, whole in enumerate(self.shared):
            if np.may_share_memory(array, whole) and array.dtype.str == kind:
                offset = array.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
                return ["view", number, offset, list(array.strides), form]
        return form


@dataclass
class Unpacker:
    """Turns forms back into values; every array is new, unless it is a view of one in `shared`.

    The payload is the bytes of the arrays, and `function` returns the stand-in for a function by its number.
    """

    payload: bytes
    shared: Sequence[Any] = ()
    function: Callable[[int], Any] | None = None
    arrays: list[Any] = field(default_factory=list)
    at: int = 0
    count: int = 0

    def unpack(self, form: Any, depth: int = 0) -> Any:
        """Return the value of a form."""
        self.count += 1
        if not isinstance(form, list) or not form or depth > DEEPEST + 1 or self.count > MOST_FORMS:
            raise Malformed("an invalid value, or too many")
        match form:
            case ["plain", None | bool() | int() | float() | str() as value]:
                return shown(value) if isinstance(value, str) else value
            case ["array", str(kind), list(shape), bool(writable)] if kind in DTYPES:
                return self._array(DTYPES[kind], shape, writable)
            case ["scalar", ["array", str(kind), [], bool()]] if kind in DTYPES:
                return self._array(DTYPES[kind], [], True)[()]
            case ["objects", list(shape)]:
                self.count += _entries(shape)  # each needs memory here, unlike its form
                if self.count > MOST_FORMS:
                    raise Malformed("too many objects")
                return np.empty(shape, object)
            case ["view", int(number), int(offset), list(strides), ["array", str(kind), list(shape), bool(writable)]]:
                return self._view(number, offset, strides, self.unpack(form[4]))
            case ["tuple", list(items)]:
                return tuple(self.unpack(item, depth + 1) for item in items)
            case ["list", list(items)]:
                return [self.unpack(item, depth + 1) for item in items]
            case ["dict", list(items)]:
                return dict(self._item(item, depth) for item in items)
            case ["function", int(number)] if self.function is not None:
                return self.function(number)
            case ["other", str(name)]:
                return type(shown(name, kept=""), (Other,), {})()
        raise Malformed("a value of an unknown kind")

    def unpack_call(self, call: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Return the arguments of a call, by place and by name."""
        arguments = [self.unpack(form) for form in call["arguments"]]
        return arguments, {shown(name): self.unpack(form) for name, form in call["named"].items()}

    def end(self) -> None:
        """Raise unless every byte belonged to an array."""
        if self.at != len(self.payload):
            raise Malformed("bytes beyond the last array")

    def _item(self, item: Any, depth: int) -> tuple[str, Any]:
        match item:
            case [str(key), form]:
                return shown(key), self.unpack(form, depth + 1)
        raise Malformed("no item of a dict")

    def _array(self, dtype: np.dtype[Any], shape: list[Any], writable: bool) -> Any:
        count = _entries(shape)
        start, self.at = self.at, self.at + count * dtype.itemsize
        if self.at > len(self.payload):
            raise Malformed("an array with missing bytes")
        try:
            array = np.frombuffer(self.payload, dtype, count, start).reshape(shape) if count else np.empty(shape, dtype)
        except ValueError as error:  # the product of an empty array's other lengths
            raise Malformed("an empty array of an impossible shape") from error
        array = array.astype(dtype.newbyteorder("="))
        array.flags.writeable = writable
        self.arrays.append(array)
        return array

    def _view(self, number: int, offset: int, strides: list[Any], values: Any) -> Any:
        """Return the view of an array that is here if it holds these values, else the values."""
        if not 0 <= number < len(self.shared) or not all(type(stride) is int for stride in strides):
            raise Malformed("a view of an unknown array")
        whole = self.shared[number]
        size = whole.nbytes
        if not whole.flags.c_contiguous or offset < 0 or any(abs(stride) > size for stride in strides):
            return values
        try:
            view: Any = np.ndarray(values.shape, values.dtype, whole, offset, tuple(strides))
        except (TypeError, ValueError, OverflowError):
            return values
        return view if view.tobytes() == values.tobytes() else values


class Watched:
    """Arrays that the other side has, too, and their last known contents."""

    def __init__(self, arrays: Sequence[Any]) -> None:
        self.arrays = arrays
        self.before: list[Any] = [array.tobytes() for array in arrays]

    def changes(self, packer: Packer) -> list[Any]:
        """Return the arrays that have changed, and their contents now."""
        changed = []
        for number, array in enumerate(self.arrays):
            now = array.tobytes()
            if now != self.before[number]:
                self.before[number] = now
                changed.append([number, packer.pack(array)])
        return changed


def _entries(shape: list[Any]) -> int:
    """Return the number of entries of an array with a shape."""
    if len(shape) > DIMENSIONS or not all(type(n) is int and 0 <= n <= LONGEST_DIMENSION for n in shape):
        raise Malformed("an invalid shape")
    count = math.prod(shape)
    if not count and any(n > MOST_BYTES for n in shape):
        raise Malformed("an empty array of an impossible shape")
    return count


def line_number(number: int) -> int:
    """Return a line number, clipped to the valid range."""
    return max(0, min(number, LAST_LINE))


def packed_exception(error: BaseException, line: int) -> dict[str, Any]:
    """Return the description of an exception: its type's name, its known base types, its text, and a line."""
    try:
        text = str(error)[:LONGEST_TEXT]
    except BaseException as other_error:
        text = f"its message can't be created: {type(other_error).__name__}"
    if isinstance(error, ModuleNotFoundError) and str(error.name).partition(".")[0] not in THERE:
        text += "; only NumPy and Python's standard library are available in grading"
    bases = [kind.__name__ for kind in type(error).__mro__ if kind in EXCEPTIONS.values()]
    return {"name": str(type(error).__name__), "bases": bases, "text": text, "line": line}


def unpacked_exception(form: Any, in_words: Callable[[str], str] = str) -> tuple[BaseException | None, str, int]:
    """Return an exception with the other side's type and text, its description, and its line.

    `in_words` replaces the exception's text by a sentence for students.
    """
    match form:
        case {"name": str(name), "bases": list(bases), "text": str(text), "line": int(line)}:
            known = [EXCEPTIONS[base] for base in bases if isinstance(base, str) and base in EXCEPTIONS]
            name, text, line = shown(name, kept=""), in_words(shown(text)), line_number(line)
            described = f"{name}: {text}" if text else name
            if not known:  # neither an Exception nor SystemExit: Control-C, or one that ends the process
                return None, described, line
            kind = type(name, (known[0],), {"__str__": lambda self: text})
            return kind(text), described, line
    raise Malformed("an invalid exception")
