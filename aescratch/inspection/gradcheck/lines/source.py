"""The source of functions under check: read from their files, changed in one place, and in force for a block.

    a call --> the functions of the user's files that it runs --> Definition: the tree of each, statement by statement
    in_force(definitions)    the functions run the changed tree, and afterwards their own code again

A function keeps its globals, defaults and closure: only its code is replaced.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import functools
import gc
import itertools
import linecache
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

from aescratch import functions
from aescratch.foundations.sources import is_others

HERE = Path(__file__).parents[1]  # whose functions only wrap others
Functions = dict[int, list[FunctionType]]
Chains = dict[tuple[str, int], list[list[ast.AST]]]  # the nodes from the module down, by a definition's name and line
SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr)
HEADED = (ast.For, ast.If, ast.While)
DEFINING = (ast.FunctionDef, ast.Lambda)
BODIES = ("body", "orelse", "finalbody")
FARTHEST = 10_000  # objects on a path; following more takes longer than asking for all objects


class Definition:
    """A function or lambda of a file: its tree, which may be changed, and the functions that run it."""

    file: str
    functions: list[FunctionType]
    module: ast.Module
    node: ast.AST
    name: str
    arguments: Sequence[Any] = ()  # of its first call

    def __init__(self, chain: Sequence[ast.AST], functions: Sequence[FunctionType]) -> None:
        self.module, self.node = _pruned(chain)
        self.functions = list(functions)
        self.own: CodeType = functions[0].__code__
        self.file, self.name = self.own.co_filename, self.own.co_name

    def compiled(self) -> CodeType:
        """Return the code of the current tree; new nodes must have been given a place in the file."""
        codes = _codes(compile(self.module, self.file, "exec", dont_inherit=True))
        return next(each for each in codes if _place(each) == _place(self.own))

    def statements(self) -> list[Statement]:
        """Return the statements that are executed themselves, in the order of the text."""
        if isinstance(self.node, ast.Lambda):
            body = ast.copy_location(ast.Return(self.node.body), self.node.body)
            return [Statement(self, self.node, "body", None, body)]
        return list(self._within(self.node))

    def _within(self, owner: ast.AST) -> Iterator[Statement]:
        for field in BODIES:
            for index, node in enumerate(getattr(owner, field, None) or []):
                if isinstance(node, (*SIMPLE, *HEADED)):
                    yield Statement(self, owner, field, index, node)
                if not isinstance(node, (ast.ClassDef, ast.Lambda)):
                    yield from self._within(node)


@dataclass
class Statement:
    """A statement of a definition and its place; for a lambda, its body as if it were returned."""

    definition: Definition
    owner: ast.AST
    field: str
    index: int | None
    node: ast.stmt

    @property
    def text(self) -> str:
        """The statement's source on one line; for a loop or a condition, its head."""
        node = self.node
        if isinstance(node, HEADED):
            return ast.unparse(node).splitlines()[0]
        if self.index is None:
            assert isinstance(node, ast.Return)
            return ast.unparse(node.value) if node.value else ""
        lines = linecache.getlines(self.definition.file)[node.lineno - 1 : node.end_lineno]
        return " ".join(line.strip() for line in lines) or ast.unparse(node)

    def put(self, *nodes: ast.stmt) -> None:
        """Replace this statement, or what stands in its place, by others."""
        for node in nodes:
            if not hasattr(node, "lineno"):
                ast.copy_location(node, self.node)
            ast.fix_missing_locations(node)
        if self.index is None:
            assert isinstance(nodes[0], ast.Return)
            setattr(self.owner, self.field, nodes[0].value)
        else:
            getattr(self.owner, self.field)[self.index : self.index + 1] = nodes

    @contextlib.contextmanager
    def replaced(self, node: ast.stmt) -> Iterator[None]:
        """Let the function run with another statement in place of this one, within the block."""
        self.put(node)
        try:
            with in_force([self.definition]):
                yield
        finally:
            self.put(self.node)


@contextlib.contextmanager
def in_force(definitions: Sequence[Definition]) -> Iterator[None]:
    """Let the functions of definitions run their current trees within the block."""
    codes = [definition.compiled() for definition in definitions]
    try:
        _give(definitions, codes)
        yield
    finally:
        _give(definitions, [definition.own for definition in definitions])


def _give(definitions: Sequence[Definition], codes: Sequence[CodeType]) -> None:
    for definition, code in zip(definitions, codes, strict=True):
        for function in definition.functions:
            function.__code__ = code


def definitions_of(call: Callable[[], Any], *, also: Sequence[Any] = ()) -> list[Definition]:
    """Return the functions of the user's files that a call runs, in the order in which they begin.

    The functions in `also` are included in any file. A function that is created in the call is part of the function
    that creates it.
    """
    given = (getattr(function, "__func__", function) for function in also)
    files = {function.__code__.co_filename for function in given if isinstance(function, FunctionType)}
    allowed = {file for file in files if not Path(file).is_relative_to(HERE)}

    seen = [each for each in _run(call) if each[0].co_filename in allowed or is_others(each[0].co_filename)]
    theirs, arguments = [code for code, *_ in seen], {id(code): given for code, _, given in seen}
    if not theirs:  # as in grading, where a submission runs in another process
        return []
    known = _reached([call, *also, vars(functions), *(names for _, names, _ in seen)], theirs)
    if missing := [code for code in theirs if id(code) not in known]:
        known |= _functions(gc.get_referrers(*missing))  # among all objects
    found: dict[int, Definition] = {}
    for code in theirs:
        definition = _definition(code, known)
        if definition is not None:
            definition.arguments = arguments.get(id(definition.own), ())
            found.setdefault(id(definition.own), definition)
    return list(found.values())


def _run(call: Callable[[], Any]) -> list[tuple[CodeType, dict[str, Any], Sequence[Any]]]:
    """Return the code of all functions that begin while a call runs, each once, with its global names and arguments."""
    seen: dict[int, tuple[CodeType, dict[str, Any], Sequence[Any]]] = {}
    before = sys.getprofile()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and id(frame.f_code) not in seen:
            seen[id(frame.f_code)] = frame.f_code, frame.f_globals, [*frame.f_locals.values()]

    sys.setprofile(note)
    try:
        with contextlib.suppress(Exception):  # wrong code may raise: what ran before it is known
            call()
    finally:
        sys.setprofile(before)
    return [each for each in seen.values() if linecache.getlines(each[0].co_filename)]


def _reached(roots: Sequence[Any], codes: Sequence[CodeType]) -> Functions:
    """Return the functions with one of these codes, by their code, that can be reached from the roots.

    Paths through modules and through the global names of other functions would lead everywhere. If a path leads to too
    many objects, for example from a test to all tests of its process, nothing is returned: a part would be wrong.
    """
    wanted, found, left = {id(code) for code in codes}, list[FunctionType](), [*roots]
    seen: dict[int, Any] = {}  # keeps the objects alive: otherwise another object could get the same id
    while left:
        if len(seen) > FARTHEST:
            return {}
        each = left.pop()
        kind = type(each)  # isinstance would ask the objects, and a proxy of a deleted object would raise
        if id(each) in seen or issubclass(kind, ModuleType):
            continue
        seen[id(each)] = each
        if kind is FunctionType:
            if id(each.__code__) in wanted:
                found.append(each)
            left += [each.__closure__, each.__defaults__, each.__kwdefaults__, vars(each)]
        else:
            left += gc.get_referents(each)
    return _functions(found)


def _functions(objects: Sequence[Any]) -> Functions:
    """Return the functions among objects, by their code."""
    found: Functions = {}
    for function in [each for each in objects if type(each) is FunctionType]:
        found.setdefault(id(function.__code__), []).append(function)
    return found


def _definition(code: CodeType, known: Functions) -> Definition | None:
    """Return the definition of a code, or of the innermost known code around it if its function was created there."""
    within = [each for each in known.values() if any(part is code for part in _codes(each[0].__code__))]
    if not within:
        return None
    functions = min(within, key=lambda each: len([*_codes(each[0].__code__)]))
    own = functions[0].__code__
    chains = _read("".join(linecache.getlines(own.co_filename))).get(_place(own), [])
    return Definition(chains[0], functions) if len(chains) == 1 else None  # missing or ambiguous


@functools.lru_cache(maxsize=4)
def _read(text: str) -> Chains:
    """Return the definitions in a file's text, of which only copies are changed; none if it can't be parsed."""
    found: Chains = {}

    def look(node: ast.AST, above: list[ast.AST]) -> None:
        here = [*above, node]
        if isinstance(node, DEFINING):
            name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
            found.setdefault((name, _first_line(node)), []).append(here)
        for child in ast.iter_child_nodes(node):
            look(child, here)

    with contextlib.suppress(SyntaxError, ValueError):
        look(ast.parse(text), [])
    return found


def _first_line(node: ast.AST) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])  # type: ignore[attr-defined]


def _pruned(chain: Sequence[ast.AST]) -> tuple[ast.Module, ast.AST]:
    """Return a module with only the definition and what encloses it, and the definition in it."""
    tree, top, *_ = chain
    assert isinstance(tree, ast.Module)
    assert isinstance(top, ast.stmt)
    future = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
    memory: dict[int, Any] = {}
    module = ast.Module([*future, copy.deepcopy(top, memory)], [])
    for outer, inner in itertools.pairwise(chain[1:]):
        if isinstance(outer, ast.ClassDef) and isinstance(inner, ast.stmt):
            memory[id(outer)].body = [memory[id(inner)]]
    return module, memory[id(chain[-1])]


def _place(code: CodeType) -> tuple[str, int]:
    return code.co_name, code.co_firstlineno


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a code and all codes within it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)
