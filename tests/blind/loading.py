"""Every mistake of the blind collection, with what a judge of a claimed cause or repair needs.

    functions_and_networks.py, strangers.py -> all_mistakes() -> Mistake(name, kind, ..., check, is_repaired)

Their writers had not seen what the checker knows, nor do they look for what it finds.
"""

import ast
import atexit
import functools
import importlib.util
import itertools
import pathlib
import shutil
import signal
import tempfile
import textwrap
import time
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import NamedTuple

import functions_and_networks
import numpy as np
import strangers
from ways import SIZES

from aescratch.inspection.gradcheck.report import Report

HERE = pathlib.Path(__file__).parent
CLOSE = 1e-9  # the rounding of sums in another order
_numbers = itertools.count()


class Mistake(NamedTuple):
    """A wrong program.

    The kind is "function", "network" or "stranger", the lines are those of the wrong statement; where something is left
    out, those where it belonged. `right` is the text of the right twin.
    """

    name: str
    kind: str
    path: pathlib.Path
    text: str
    right: str
    lines: tuple[int, ...]
    sentence: str
    check: Callable[..., Report]
    is_repaired: Callable[[str], bool]


@functools.cache
def folder() -> pathlib.Path:
    """Return a folder for texts that are made into files, which goes when the process ends."""
    made = pathlib.Path(tempfile.mkdtemp(prefix="blind-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def load(path: pathlib.Path) -> ModuleType:
    """Return the module of a file, read anew."""
    spec = importlib.util.spec_from_file_location(f"blind_{next(_numbers)}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def written(name: str, text: str) -> pathlib.Path:
    """Return the path of a new file with this text."""
    path = folder() / f"{name}_{next(_numbers)}.py"
    path.write_text(text, encoding="utf-8")
    return path


def same_gradients(way, module: ModuleType, right: ModuleType) -> bool:
    """Tell whether two modules give the same values and gradients, at inputs drawn anew, at every set of sizes."""
    for seed, sizes in itertools.product((11, 12), SIZES):
        expected = way.gradients(right, seed, sizes)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                got = way.gradients(module, seed, sizes)
        except Exception:
            return False
        if [array.shape for array in got] != [array.shape for array in expected]:
            return False
        if not all(np.allclose(a, b, rtol=CLOSE, atol=CLOSE) for a, b in zip(got, expected, strict=True)):
            return False
    return True


def repaired_text(text: str, line: int, statement: str) -> str:
    """Return a program with another statement in place of the innermost one that stands at a line."""
    around = [
        node for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.stmt) and node.lineno <= line <= node.end_lineno
    ]  # fmt: skip
    old = min(around, key=lambda node: (node.end_lineno - node.lineno, -node.col_offset))
    lines = text.splitlines(keepends=True)
    first, last = lines[old.lineno - 1].encode(), lines[old.end_lineno - 1].encode()
    before, after = first[: old.col_offset].decode(), last[old.end_col_offset :].decode()
    indent = before if before.isspace() else ""
    new = textwrap.dedent(statement).strip().replace("\n", "\n" + indent)
    return "".join([*lines[: old.lineno - 1], before + new + after, *lines[old.end_lineno :]])


def claim_holds(mistake: Mistake, line: int, statement: str) -> bool:
    """Tell whether a statement in place of the one at a line repairs the program.

    Where the mistake was made in several lines, one of them is repaired by what is right once the others are, too.
    """
    wrong, right = mistake.text.splitlines(keepends=True), mistake.right.splitlines(keepends=True)
    texts = [mistake.text]
    if len(mistake.lines) > 1 and len(wrong) == len(right):
        others = [i for i in mistake.lines if i != line]
        texts.append("".join(right[i] if i + 1 in others else text for i, text in enumerate(wrong)))
    return any(mistake.is_repaired(repaired_text(text, line, statement)) for text in texts)


def explained(mistake: Mistake, limit: float) -> tuple[Report, float]:
    """Return the report on a mistake, and the processor's seconds that it took.

    Beyond the limit it is interrupted as by Control-C; then the report is one without explanation, the time infinite.
    """

    def interrupt(*_):
        raise KeyboardInterrupt

    module = load(mistake.path)
    before = signal.signal(signal.SIGVTALRM, interrupt)
    start = time.process_time()
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, limit)
        report = mistake.check(module)
    except KeyboardInterrupt:
        return mistake.check(load(mistake.path), explain=False), float("inf")
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    return report, time.process_time() - start


def judge(way, name: str, right: str) -> Callable[[str], bool]:
    """Return a judge of texts: whether one gives the same gradients as the right program."""

    def is_repaired(text: str) -> bool:
        try:
            module = load(written(name, text))
        except Exception:
            return False
        return same_gradients(way, module, load(written(f"{name}_right", right)))

    return is_repaired


def all_mistakes() -> Iterator[Mistake]:
    """Yield every mistake: functions, networks, then strangers' programs."""
    for wrong in functions_and_networks.MISTAKES:
        path = HERE / "code" / f"{wrong.name}.py"
        right = (HERE / "code" / f"{wrong.twin}_right.py").read_text(encoding="utf-8")
        way = functions_and_networks.WAYS[wrong.twin]
        yield Mistake(
            wrong.name, wrong.kind, path, path.read_text(encoding="utf-8"), right, wrong.lines, wrong.sentence,
            way.check, judge(way, wrong.name, right),
        )  # fmt: skip
    seen = dict.fromkeys(wrong.program for wrong in strangers.MISTAKES)
    counted = dict.fromkeys(seen, 0)
    for wrong in strangers.MISTAKES:
        counted[wrong.program] += 1
        name = f"{wrong.program}_{counted[wrong.program]}"
        right = (HERE / "stranger_code" / f"{wrong.program}.py").read_text(encoding="utf-8")
        lines = right.splitlines(keepends=True)
        lines[wrong.line - 1] = wrong.text + "\n"
        text = "".join(lines)
        way = strangers.WAYS[wrong.program]
        yield Mistake(
            name, "stranger", written(name, text), text, right, (wrong.line,), wrong.sentence,
            way.check, judge(way, name, right),
        )  # fmt: skip


def right_programs() -> Iterator[tuple[str, ModuleType, Callable[..., Report]]]:
    """Yield every right program, once: its name, its module and its check."""
    for twin, way in functions_and_networks.WAYS.items():
        yield twin, load(HERE / "code" / f"{twin}_right.py"), way.check
    for program, way in strangers.WAYS.items():
        yield program, load(HERE / "stranger_code" / f"{program}.py"), way.check
