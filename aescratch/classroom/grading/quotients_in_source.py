"""Find a difference quotient or a complex step in the source of a submission, in code that a function reaches.

    text --read, never run--> code that a function reaches, without its assertions -> the lines that show it

A gradient check beside the answer isn't reached, and one in an assertion doesn't count.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

SMALL = 0.1  # the largest number that may be a step
MACHINE = {"finfo", "spacing", "cbrt"}  # often used to compute steps
COMPLEX = {"complex", "complex64", "complex128", "csingle", "cdouble", "clongdouble", "c16", "D"}
COARSE = {"float32", "float16", "single", "half", "round", "around", "rint"}
COARSE_TEXTS = {"f", "e", "f4", "f2", "<f4", "<f2"}
Node = ast.AST
Bound = Mapping[str, Sequence[Node]]


class Shown(NamedTuple):
    """The first lines that show a difference divided by a step, an imaginary part, and rounding; 0 for none."""

    quotient: int = 0
    imaginary: int = 0
    coarse: int = 0  # rounding to single precision or to a number of digits


def shown_in(text: bytes | str, function: str) -> Shown:
    """Return the lines shown by the code of a text that a call of one of its functions runs."""
    try:
        nodes = list(_reached(ast.parse(text), function))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Shown()
    bound: dict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        for name, value in _bindings(node):
            bound[name].append(value)
    parameters = {node.name: node.args.args for node in nodes if isinstance(node, ast.FunctionDef)}
    for call in (node for node in nodes if isinstance(node, ast.Call)):
        for parameter, value in zip(parameters.get(_word(call.func), ()), call.args, strict=False):
            bound[parameter.arg].append(value)
    steps: set[str] = set()
    for _ in range(2):  # h = 1e-5, and then step = h * max(1, abs(x))
        steps |= {name for name, values in bound.items() if any(_is_small(value, steps) for value in values)}
    divisions = (node for node in nodes if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div))
    quotients = [node.lineno for node in divisions if _is_quotient(node.left, node.right, steps, bound)]
    expressions = [node for node in nodes if isinstance(node, ast.expr)]
    imaginary = [node.lineno for node in expressions if _word(node) == "imag"]
    if not any(_word(node) in COMPLEX or isinstance(getattr(node, "value", None), complex) for node in nodes):
        imaginary = []
    coarse = [
        node.lineno for node in expressions
        if _word(node) in COARSE or (isinstance(node, ast.Constant) and node.value in COARSE_TEXTS)
    ]  # fmt: skip
    return Shown(*(min(lines, default=0) for lines in (quotients, imaginary, coarse)))


def _reached(tree: ast.Module, function: str) -> Iterator[Node]:
    """Yield the nodes of all top-level definitions of a module that a function reaches by name."""
    top: dict[str, list[Node]] = defaultdict(list)
    for statement in tree.body:
        names = [statement.name] if isinstance(statement, (ast.FunctionDef, ast.ClassDef)) else []
        for name in names or [name for name, _ in _bindings(statement)]:
            top[name].append(statement)
    left, seen = [function], {function}
    while left:
        stack = list(top[left.pop()])
        while stack:
            node = stack.pop()
            if isinstance(node, ast.Assert):
                continue
            yield node
            stack += ast.iter_child_nodes(node)
            if (word := _word(node)) in top and word not in seen:
                seen.add(word)
                left.append(word)


def _bindings(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield the names that a node binds, each with the origin of its value."""
    if isinstance(node, ast.Assign):
        yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)) and node.value is not None:
        if isinstance(node.target, ast.Name):
            yield node.target.id, node if isinstance(node, ast.AugAssign) else node.value
    elif isinstance(node, ast.For) and isinstance(node.target, ast.Name):
        yield node.target.id, node.iter
    elif isinstance(node, ast.arguments):
        given = [*node.posonlyargs, *node.args]
        yield from ((a.arg, v) for a, v in zip(given[::-1], node.defaults[::-1], strict=False))
        yield from ((a.arg, v) for a, v in zip(node.kwonlyargs, node.kw_defaults, strict=True) if v is not None)
    elif isinstance(node, ast.keyword) and node.arg is not None:
        yield node.arg, node.value


def _is_small(node: Node, steps: set[str]) -> bool:
    """Whether an expression is a number that may be a step, or has such a factor."""
    value = node.value if isinstance(node, ast.Constant) else None
    if (isinstance(value, float) and 0 < value <= SMALL) or _word(node) in MACHINE | steps:
        return True
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return isinstance(node.right, ast.UnaryOp)
    is_sum = isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub))
    return not is_sum and any(_is_small(part, steps) for part in ast.iter_child_nodes(node))


def _is_quotient(above: Node, below: Node, steps: set[str], bound: Bound) -> bool:
    """Whether a difference, an accumulated sum, or a number is divided by a step, and by nothing else."""
    names = {part.id for part in ast.walk(below) if isinstance(part, ast.Name)}
    calls = any(isinstance(part, ast.Call) for part in ast.walk(below))
    if calls or not (names <= steps and _is_small(below, steps)):
        return False
    inside = [value for part in ast.walk(above) for value in bound.get(_word(part), ())]
    parts = [part for node in (above, *inside) for part in ast.walk(node)]
    return isinstance(above, ast.Constant) or any(
        isinstance(part, (ast.Sub, ast.USub, ast.AugAssign)) or _word(part) == "subtract" for part in parts
    )


def _word(node: Node) -> str:
    """Return the name, attribute or text that a node is, if it is one."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
