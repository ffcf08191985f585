"""The program in the confined process: it loads a submission and answers calls of its functions, and nothing else.

    python child.py SETTINGS     question in -> the submission's function is called -> answer out

Nothing here is secret, and the judge trusts nothing from here. It needs the standard library, NumPy, and the files
beside it. Limits, Landlock and the filter of calls are active before the submission is read.
"""

import sys

sys.path.pop(0)  # the folder of this file, so that nothing is imported from there by accident

import faulthandler
import importlib
import inspect
import json
import os
import random
import resource
import signal
import types
from typing import Any

LOADED, NO_PYTHON = "loaded", "no-python"
END_WITH_PARENT = 1  # PR_SET_PDEATHSIG in linux/prctl.h; a change of user resets it


def main(text: str) -> None:
    """Answer questions until the input ends."""
    settings = json.loads(text)
    for number in settings["descriptors"]:
        os.set_inheritable(number, False)
    sys.path.append(settings["packages"])
    absent, channel, calls, landlock = (_beside(name) for name in ("absent", "channel", "calls", "landlock"))
    importlib.import_module("numpy.random")  # while it can still be found

    sys.path.remove(settings["packages"])
    finder = absent.Finder(settings["allowed"])
    sys.meta_path.append(finder)
    asked, answered, stack = settings["descriptors"]
    faulthandler.register(signal.SIGALRM, file=stack, all_threads=False, chain=False)
    if settings["user"] is not None:
        for name in settings["early"]:
            importlib.import_module(name)
        finder.load(settings["whole"])
        if settings["early"]:
            exec("from numpy import *", {})  # NumPy loads some of its modules only when they are used
    if settings["landlock"] is not None:  # while all readable files can still be found
        landlock.restrict(**settings["landlock"])
    if settings["user"] is not None:
        os.setgroups([])
        os.setgid(settings["user"])
        os.setuid(settings["user"])
    if sys.platform.startswith("linux"):
        calls.prctl(END_WITH_PARENT, signal.SIGKILL)
    for name, value in settings["limits"].items():
        if not (name == "RLIMIT_AS" and sys.platform == "darwin"):  # macOS refuses every value
            limit = getattr(resource, name)
            _, most = resource.getrlimit(limit)
            value = value if most == resource.RLIM_INFINITY else min(value, most)
            resource.setrlimit(limit, (value, value))
    if settings["filtered"]:
        calls.install(calls.program(os.getpid(), namespaces=settings["landlock"] is None))
    Server(channel, finder, asked, answered).serve()


def _beside(name: str) -> Any:
    module = types.ModuleType(name)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py")
    with open(path, "rb") as stream:
        exec(compile(stream.read(), path, "exec", dont_inherit=True), vars(module))
    return module


class Server:
    """Answers questions about a submission, which come and go through two pipes."""

    def __init__(self, channel: Any, finder: Any, asked: int, answered: int) -> None:
        self.channel = channel
        self.finder = finder
        self.asked = asked
        self.answered = answered
        self.module: types.ModuleType = types.ModuleType("student")
        self.file: str = ""
        self.number: str = ""  # of the question that is being answered

    def serve(self) -> None:
        """Answer one question after the other."""
        answers = {"hello": self.hello, "load": self.load, "look": self.look, "call": self.call, "count": self.count}
        while True:
            question, payload = self.receive()
            self.number = question["number"]
            signal.setitimer(signal.ITIMER_REAL, question["seconds"])  # faulthandler then reports the running line
            packer = self.channel.Packer()
            try:
                answer = answers[question["what"]](question, payload, packer)
            except BaseException as error:
                packer = self.channel.Packer()
                answer = {"raised": self.channel.packed_exception(error, self.line_of(error))}
            signal.setitimer(signal.ITIMER_REAL, 0)
            self.send(answer, packer)

    def hello(self, question: Any, payload: bytes, packer: Any) -> dict[str, Any]:
        """Report that the process is ready."""
        return {"done": LOADED}

    def load(self, question: Any, payload: bytes, packer: Any) -> dict[str, Any]:
        """Run the submission's text as a module."""
        self.file = question["file"]
        try:
            code = compile(payload, self.file, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:  # null bytes are a ValueError in older Pythons
            text = error.msg if isinstance(error, SyntaxError) else str(error)
            return {"done": NO_PYTHON, "text": str(text), "line": int(getattr(error, "lineno", 0) or 0)}
        self.finder.watch(self.file, payload)
        self.module.__file__ = self.file
        sys.modules[self.module.__name__] = self.module  # dataclasses and pickle look there
        exec(code, self.module.__dict__)
        return {"done": LOADED}

    def look(self, question: Any, payload: bytes, packer: Any) -> dict[str, Any]:
        """Describe the object with a name in the submission."""
        if not hasattr(self.module, question["name"]):
            return {"missing": True}
        value = getattr(self.module, question["name"])
        if not callable(value):
            return {"value": packer.pack(value)}
        code = getattr(value, "__code__", None)
        line = int(code.co_firstlineno) if code else 0
        name = str(getattr(value, "__name__", type(value).__name__))
        return {"function": name[:100], "line": line, "parameters": self.parameters(value)}

    def call(self, question: Any, payload: bytes, packer: Any) -> dict[str, Any]:
        """Call a function of the submission."""
        unpacker = self.channel.Unpacker(payload, function=self.callback)
        arguments, named = unpacker.unpack_call(question)
        self.given: Any = self.channel.Watched(unpacker.arrays)
        drawn = self.random_state()
        value = getattr(self.module, question["name"])(*arguments, **named)
        changed = self.given.changes(packer)
        packer.shared = self.given.arrays
        return {"value": packer.pack(value), "changed": changed, "random": self.random_state() != drawn}

    def count(self, question: Any, payload: bytes, packer: Any) -> dict[str, Any]:
        """Call a function; report its most called helper in the submission, and whether any had complex numbers."""
        times: dict[str, int] = {}
        met: list[bool] = []

        def watch(frame: types.FrameType, event: str, value: Any) -> None:
            if frame.f_code.co_filename == self.file and event in ("call", "return"):
                seen = [value] if event == "return" else list(frame.f_locals.values())
                met.append(any(getattr(getattr(each, "dtype", each), "kind", "") == "c" for each in seen))
                name = frame.f_code.co_name
                if event == "call" and name != question["name"] and name.strip("<>") in (name, "lambda"):
                    times[name] = times.get(name, 0) + 1

        sys.setprofile(watch)
        try:
            self.call(question, payload, self.channel.Packer())
        finally:
            sys.setprofile(None)
        most = max(times, key=lambda name: times[name], default="")
        return {"most": most, "times": times.get(most, 0), "complex": any(met)}

    def callback(self, number: int) -> Any:
        """Return the stand-in for a function that the question contained."""

        def function(*arguments: Any, **named: Any) -> Any:
            packer = self.channel.Packer()
            ask = {"ask": number, **packer.pack_call(arguments, named)}
            given = list(packer.arrays)
            self.send({**ask, "changed": self.given.changes(packer)}, packer)
            answer, payload = self.receive()
            if "raised" in answer:
                error, _, _ = self.channel.unpacked_exception(answer["raised"])
                raise error
            unpacker = self.channel.Unpacker(payload)
            value = unpacker.unpack(answer["value"])
            for which, form in answer["changed"]:
                given[which][...] = unpacker.unpack(form)
            return value

        return function

    def line_of(self, error: BaseException) -> int:
        """Return the innermost line of the submission in an exception's traceback."""
        line, step = 0, error.__traceback__
        while step is not None:
            if step.tb_frame.f_code.co_filename == self.file:
                line = step.tb_lineno or 0
            step = step.tb_next
        return line

    def send(self, header: dict[str, Any], packer: Any) -> None:
        """Write a frame."""
        left = memoryview(self.channel.framed({**header, "number": self.number}, packer.chunks))
        while left:
            left = left[os.write(self.answered, left) :]

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """Read a frame; the process ends at the end of the input."""
        return self.channel.received(self.read)

    def read(self, size: int) -> bytes:
        """Read this number of bytes."""
        data = bytearray()
        while len(data) < size:
            chunk = os.read(self.asked, size - len(data))
            if not chunk:
                os._exit(0)
            data += chunk
        return bytes(data)

    def parameters(self, function: Any) -> list[list[Any]] | None:
        """Return name, kind and presence of a default for each argument, or None if the signature is unknown."""
        if isinstance(function, self.channel.np.ufunc):  # its signature, if NumPy has one, is full of options
            return None
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):
            return None
        return [[p.name, int(p.kind), p.default is not p.empty] for p in parameters]

    def random_state(self) -> tuple[Any, ...]:
        """Return the states of Python's and NumPy's global random numbers."""
        numpys = self.channel.np.random.get_state()
        return random.getstate(), numpys[1].tobytes(), numpys[2:]


if __name__ == "__main__":
    main(sys.argv[1])
