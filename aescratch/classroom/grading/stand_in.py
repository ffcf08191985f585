"""A stand-in for the student's module: its functions run in the confined process, and their results arrive here.

    checks.check(StandIn, seed) -> student.f(x, W) --question--> confined process --answer--> arrays of our own

An answer contains only what a function could have returned, changed in its arguments, printed or raised.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import random
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from aescratch.classroom.grading import channel
from aescratch.classroom.grading.channel import Malformed, Packer, Unpacker, line_number, shown
from aescratch.classroom.grading.confinement import GRACE, Confined, ConfinementError, Limits
from aescratch.classroom.grading.quotients import Calls
from aescratch.classroom.outcome import DIED, SYNTAX_ERROR, TIMED_OUT, Ended, still_running
from aescratch.foundations.language import gettext, gettext_noop, joined
from aescratch.inspection.gradcheck.binding import copied

MOST_ENTRIES = 4096  # of the arguments when a submission calls one of our functions, so that no product is large
MOST_PARAMETERS, LONGEST_NAME = 100, 100
# What the confined process adds to exceptions; it doesn't have the translations.
USES = re.compile(r"it uses (\w+), which is not available in grading")
AVAILABLE = gettext_noop("; only NumPy and Python's standard library are available in grading")


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """Let a malformed answer end the check: otherwise its exception would look like the submission's own."""
    try:
        yield
    except Malformed as error:
        raise Ended(DIED, gettext("it sent the judge invalid data: {error}").format(error=error)) from error


def in_words(text: str) -> str:
    """Return the text of an exception, with what the confined process itself says in the language in force."""
    if used := USES.fullmatch(text):
        return gettext("it uses {package}, which is not available in grading").format(package=used[1])
    return joined("", [text.removesuffix(AVAILABLE), gettext(AVAILABLE)]) if text.endswith(AVAILABLE) else text


class Conversation:
    """Questions to a submission in its confined process, and its answers; `file` is its name in tracebacks."""

    def __init__(self, process: Confined, file: str, limits: Limits) -> None:
        self.process = process
        self.file = file
        self.limits = limits
        self.left: float = limits.start
        self.asking: bool = False
        self.calls: Calls = Calls()
        try:
            self.ask({"what": "hello"})
        except Ended as ended:
            said = process.kept.decode(errors="replace").strip().splitlines()
            raise ConfinementError(f"the confined process doesn't start: {said[-1] if said else ended}") from None
        self.left = limits.seconds

    def load(self, text: bytes) -> StandIn:
        """Run the text of the submission, and return the stand-in for its module."""
        answer, _ = self.ask({"what": "load", "file": self.file}, [text])
        match answer:
            case {"done": "no-python", "text": str(reason), "line": int(line)}:
                words = gettext("Python can't read it: {reason}")
                raise Ended(SYNTAX_ERROR, words.format(reason=shown(reason)), line_number(line))
        return StandIn(self)

    @_refusing()
    def look(self, name: str) -> Any:
        """Return the object with a name in the submission: a function that can be called, or a value."""
        answer, payload = self.ask({"what": "look", "name": name})
        match answer:
            case {"missing": True}:
                raise AttributeError(f"there is no {name} in {self.file}")
            case {"value": form}:
                return Unpacker(payload).unpack(form)
            case {"function": str(shown_name), "line": int(line), "parameters": parameters}:
                signature = _signature(parameters)
                return StandInFunction(self, name, shown(shown_name, kept=""), line_number(line), signature)
        raise Malformed("an invalid description")

    @_refusing()
    def call(self, name: str, arguments: Sequence[Any], named: dict[str, Any]) -> Any:
        """Return the result of a function of the submission."""
        functions: list[Any] = []
        packer, before = Packer(functions=functions), copied(named)
        question = {"what": "call", "name": name, **packer.pack_call(arguments, named)}
        given = packer.arrays
        answer, payload = self.ask(question, packer.chunks, functions, given)
        match answer:
            case {"value": form, "changed": list(changed), "random": bool(drew)}:
                unpacker = Unpacker(payload, given)
                _write_back(unpacker, changed, given)
                value = unpacker.unpack(form)
                unpacker.end()
                if not arguments:
                    self.calls.note(name, before, value)
                if drew:  # draw here as well, so that the checks notice
                    random.random()
                    np.random.random()  # noqa: NPY002
                return value
        raise Malformed("an invalid answer")

    @_refusing()
    def counted(self, name: str, named: dict[str, Any]) -> tuple[str, int, bool]:
        """Call a function again; return which other one it calls most, how often, and if any has complex numbers."""
        packer = Packer()
        question = {"what": "count", "name": name, **packer.pack_call([], named)}
        answer, _ = self.ask(question, packer.chunks)
        match answer:
            case {"most": str(most), "times": int(times), "complex": bool(is_complex)}:
                return shown(most, kept=""), times, is_complex
        raise Malformed("an invalid count")

    @_refusing()
    def ask(
        self, question: dict[str, Any], chunks: Sequence[bytes] = (), functions: Sequence[Any] = (),
        given: Sequence[Any] = (),
    ) -> tuple[dict[str, Any], bytes]:  # fmt: skip
        """Return the answer to a question; raise the submission's exception, or `Ended` if there is no answer."""
        if self.asking:
            raise RuntimeError("a function that a submission calls can't call the submission")
        self.asking = True
        number = secrets.token_hex(8)  # an answer must repeat it, so that none can be sent in advance
        started = time.monotonic()
        end = started + self.left + GRACE
        if self.process.has_spoken():
            raise Ended(DIED, gettext("it sent the judge an answer before the question"))
        try:
            question = {**question, "number": number, "seconds": max(self.left, 1e-3)}
            self.process.write(channel.framed(question, chunks), end)
            while True:
                answer, payload = channel.received(functools.partial(self.process.read, end=end))
                if answer.get("number") != number:
                    raise Ended(DIED, gettext("it sent the judge an answer to no question"))
                if "ask" not in answer:
                    break
                reply, reply_chunks = self.answer_back(answer, payload, functions, given)
                self.process.write(channel.framed(reply, reply_chunks), end)
        except Ended as ended:
            if ended.kind == TIMED_OUT:
                line = self.process.where(self.file)
                raise Ended(TIMED_OUT, still_running(self.limits.seconds), line) from None
            raise
        self.asking = False
        self.left -= time.monotonic() - started
        if "raised" in answer:
            error, described, line = channel.unpacked_exception(answer["raised"], in_words)
            if error is None:
                raise Ended(DIED, gettext("it raised {exception}").format(exception=described))
            if line:  # raise as if that line were running here
                exec(compile("raise error", self.file, "exec").replace(co_firstlineno=line), {"error": error})
            raise error
        return answer, payload

    def answer_back(
        self, ask: dict[str, Any], payload: bytes, functions: Sequence[Callable[..., Any]], given: Sequence[Any]
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Call one of our functions that the submission was given, and return the answer."""
        match ask:
            case {"ask": int(which), "arguments": list(), "named": dict(), "changed": list(changed)}:
                unpacker = Unpacker(payload)
                arguments, named = unpacker.unpack_call(ask)
                arrays = list(unpacker.arrays)
                _write_back(unpacker, changed, given)
                unpacker.end()
            case _:
                raise Malformed("an invalid question")
        packer = Packer()
        try:
            if not 0 <= which < len(functions):
                raise ValueError("this function no longer exists")
            if sum(array.size for array in arrays) > MOST_ENTRIES:
                raise ValueError(f"expected arrays with at most {MOST_ENTRIES} entries in all")
            watched = channel.Watched(arrays)
            value = packer.pack(_called(functions[which], arguments, named))
            return {"value": value, "changed": watched.changes(packer)}, packer.chunks
        except Exception as error:
            return {"raised": channel.packed_exception(error, 0)}, []


class StandIn:
    """Stands for the student's module in the checks."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python itself asks for these
            raise AttributeError(name)
        value = self._conversation.look(name)
        setattr(self, name, value)
        return value


class StandInFunction:
    """Stands for a function of the student's in the checks."""

    def __init__(self, conversation: Conversation, name: str, shown_name: str, line: int, signature: Any) -> None:
        self._conversation, self._name = conversation, name
        self.__name__ = shown_name
        self.__code__: SimpleNamespace = SimpleNamespace(co_firstlineno=line)
        self.__signature__ = signature

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Return the result of the student's function."""
        return self._conversation.call(self._name, arguments, named)


def _called(function: Callable[..., Any], arguments: Sequence[Any], named: dict[str, Any]) -> Any:
    """Call one of our functions; Python's own message about wrong arguments would reveal the function's name."""
    try:
        return function(*arguments, **named)
    except Exception as error:
        if error.__traceback__ is None or error.__traceback__.tb_next is None:
            raise TypeError("this function can't be called with these arguments") from None
        raise


def _write_back(unpacker: Unpacker, changed: list[Any], given: Sequence[Any]) -> None:
    """Apply to our arrays the changes of the copies that the submission was given."""
    for item in changed:
        match item:
            case [int(number), ["array", *_] as form] if 0 <= number < len(given):
                values = np.asarray(unpacker.unpack(form))
                np.copyto(given[number], np.resize(values, given[number].shape), "unsafe")
            case _:
                raise Malformed("a change to an unknown array")


def _signature(parameters: Any) -> Any:
    """Return a signature, or 0, which `inspect` rejects, if it is unknown."""
    if parameters is None:
        return 0
    kinds = list(inspect._ParameterKind)
    try:
        if len(parameters) > MOST_PARAMETERS:
            raise Malformed("too many arguments")
        return inspect.Signature([
            inspect.Parameter(name[:LONGEST_NAME], kinds[kind], default=None if default else inspect.Parameter.empty)
            for name, kind, default in parameters
        ])
    except (TypeError, ValueError, IndexError) as error:
        raise Malformed("an invalid signature") from error
