"""Operators that break one statement of a backward pass, each like a typical human mistake.

    text, names of the functions, arrays seen at each line -> mutants: operator, line, broken statement, broken text

A rule gets a node of the statement's syntax tree and yields its replacements. Only this statement is rewritten: every
other line keeps its text and its number. In a function that contains both forward and backward, only lines after a
comment `# backward` are changed; in an exercise, only lines between the solution's markers.
"""

import ast
from typing import NamedTuple

ELEMENTWISE = {"exp", "tanh", "sigmoid", "sqrt", "log", "sign", "softmax", "erf", "square", "relu", "phi", "cosh", "abs"}
SIZES = {"N", "n", "m", "batch", "batch_size", "rows", "examples"}
SLOPE_WORDS = ("slope", "prime", "deriv", "_grad")
UPSTREAMS = {"grad_y", "grad_z", "grad_h", "grad_a", "grad_out", "dout", "dy", "dz", "upstream", "grad", "delta", "up"}
CONSTANTS = {
    0.5: (1.0, 0.25, 2.0), 2: (1, 3, 4), 3: (2, 1), 1: (2, 0.5), 4: (2,), 0.044715: (0.44715, 0.04715), 0.25: (0.5,),
    6: (3,), 0.7978845608: (0.797,), 0.1: (0.2,), 1.5: (0.5,),
}  # fmt: skip


REFERENCES = (ast.Name, ast.Attribute, ast.Subscript)


class Mutant(NamedTuple):
    """A broken text: its operator, its lines, and the new statement."""

    operator: str
    first: int
    last: int
    statement: str
    text: str


class Here(NamedTuple):
    """The context of a node for a rule: the arrays by their expressions, and the parents of nodes."""

    arrays: dict  # "h" or "self.h" -> shape
    parents: dict  # id of a node -> its parent
    known: set  # names and attributes that hold something before this statement


def planted(text, functions, arrays):
    """Yield every mutant of the named functions; `arrays` gives the shapes by line and expression."""
    seen = {text}
    for statement, known in statements(text, functions):
        here = Here(arrays.get(statement.lineno, {}), _parents(statement), known)
        for operator, new in _broken(statement, here):
            broken = with_statement(text, statement, new)
            if broken not in seen:
                seen.add(broken)
                yield Mutant(operator, statement.lineno, header_end(statement), new, broken)


def functions_of(text, names):
    """Return the nodes of the functions, and of methods written Class.method."""
    tree, found = ast.parse(text), {}
    for node in tree.body:
        inner = [node] if isinstance(node, ast.FunctionDef) else node.body if isinstance(node, ast.ClassDef) else []
        for each in inner:
            if isinstance(each, ast.FunctionDef):
                found[each.name if each is node else f"{node.name}.{each.name}"] = each
    if missing := set(names) - set(found):
        raise ValueError(f"expected the functions {sorted(missing)} in the text")
    return [found[name] for name in names]


def statements(text, functions):
    """Return the statements that may be broken, with the names that hold something before each."""
    lines, found = text.splitlines(), []
    for function in functions_of(text, functions):
        inside = range(function.lineno, function.end_lineno + 1)
        region = [n for n in inside if lines[n - 1].strip() in ("# backward", "### BEGIN SOLUTION")]
        ends = [n for n in inside if lines[n - 1].strip() == "### END SOLUTION"]
        region = range(region[0] if region else function.lineno, (ends[0] if ends else function.end_lineno) + 1)
        known = {argument.arg for argument in function.args.args}
        for node in sorted((n for n in ast.walk(function) if isinstance(n, ast.stmt)), key=lambda n: n.lineno):
            is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            simple = isinstance(node, (ast.Assign, ast.AugAssign, ast.Return, ast.Expr, ast.For, ast.If))
            if node is not function and node.lineno in region and simple and not is_text:
                found.append((node, set(known)))
            written = [node.target] if isinstance(node, ast.For) else [node] if simple else []
            known |= {ast.unparse(n) for root in written for n in ast.walk(root) if isinstance(getattr(n, "ctx", None), ast.Store)}
    return found


def header_end(statement):
    """Return the last line of a statement, of a loop or a condition that of its first line."""
    return statement.lineno if isinstance(statement, (ast.For, ast.If)) else statement.end_lineno


def with_statement(text, statement, new):
    """Return the text with a statement replaced; superfluous lines become empty.

    Other statements and comments in the same lines are kept.
    """
    lines = text.split("\n")
    first, last = statement.lineno - 1, header_end(statement)
    before = lines[first].encode()[: statement.col_offset].decode()
    is_header = isinstance(statement, (ast.For, ast.If))
    after = "" if is_header else lines[last - 1].encode()[statement.end_col_offset :].decode()
    indented = new.replace("\n", "\n" + " " * statement.col_offset)
    lines[first:last] = [before + indented + after, *[""] * (last - first - 1)]
    return "\n".join(lines)


def statement_at(text, line, source=""):
    """Return the statement that stands in a line, or None; of several the one that reads as `source`, or the last."""
    nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.stmt) and n.lineno <= line <= header_end(n)]
    nodes.sort(key=lambda n: (n.lineno, n.col_offset))
    alike = [n for n in nodes if " ".join(ast.unparse(n).split()) == _as_written(source)]
    return (alike or nodes or [None])[-1]


def _as_written(source):
    """Return a statement as Python writes it, or an empty text if it is not a complete statement."""
    try:
        return " ".join(ast.unparse(ast.parse(source)).split())
    except SyntaxError:
        return ""


def _parents(statement):
    return {id(child): node for node in ast.walk(statement) for child in ast.iter_child_nodes(node)}


def _rebuilt(node, changes):
    """Return a copy of a tree with other nodes in the place of some, given by their id."""
    if id(node) in changes:
        return changes[id(node)]
    if isinstance(node, list):
        return [_rebuilt(each, changes) for each in node]
    if not isinstance(node, ast.AST):
        return node
    copied = type(node)(**{field: _rebuilt(value, changes) for field, value in ast.iter_fields(node)})
    return ast.copy_location(copied, node) if hasattr(node, "lineno") else copied


def _written(statement, changes):
    new = _rebuilt(statement, changes)
    if isinstance(new, ast.For):
        return f"for {ast.unparse(new.target)} in {ast.unparse(new.iter)}:"
    if isinstance(new, ast.If):
        return f"if {ast.unparse(new.test)}:"
    return ast.unparse(new)


def _broken(statement, here):
    """Yield an operator's name and a statement in this one's place, for each way to break it."""
    root = statement.iter if isinstance(statement, ast.For) else getattr(statement, "test", statement)
    for node in ast.walk(root):
        if isinstance(node, ast.expr) and not _is_beside_the_point(node, here):
            for name, rule in RULES.items():
                yield from ((name, _written(statement, {id(node): new})) for new in rule(node, here))
    if not isinstance(statement, (ast.For, ast.If, ast.Expr)):
        for value in _values(statement):
            for name, rule in VALUE_RULES.items():
                yield from ((name, _written(statement, {id(value): new})) for new in rule(value, here))
    if not isinstance(statement, (ast.For, ast.If)):
        for name, rule in STATEMENT_RULES.items():
            yield from ((name, new) for new in rule(statement, here))


def _values(statement):
    """Return the expressions whose values a statement assigns or returns."""
    value = getattr(statement, "value", None)
    if isinstance(value, (ast.Tuple, ast.List)):
        return value.elts
    return value.values if isinstance(value, ast.Dict) else [] if value is None else [value]


def _is_beside_the_point(node, here):
    """Whether a node is what is assigned to, what is called, or an option of a call."""
    if isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
        return True
    above = here.parents.get(id(node))
    while above is not None and isinstance(above, (ast.expr, ast.keyword)):
        if isinstance(getattr(above, "ctx", None), ast.Store) and getattr(above, "value", None) is node:
            return True
        if isinstance(above, ast.keyword) and above.arg in ("axis", "keepdims", "axes", "dtype"):
            return True
        node, above = above, here.parents.get(id(above))
    return False


# Helpers of the rules.


def _of(text):
    return ast.parse(text, mode="eval").body


def _is(node, *operators):
    return isinstance(node, ast.BinOp) and isinstance(node.op, operators)


def _number(node):
    is_number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
    return node.value if is_number else None


def _is_size(node):
    """Whether a node is a number of examples or of entries: len(x), N, x.shape[0], x.size."""
    if isinstance(node, ast.Call):
        return ast.unparse(node.func) in ("len", "float") and len(node.args) == 1
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
    is_entries = isinstance(node, ast.Attribute) and node.attr == "size"
    return is_entries or (isinstance(node, ast.Name) and node.id in SIZES)


def _shape(node, here):
    return here.arrays.get(ast.unparse(node)) if isinstance(node, REFERENCES) else None


def _called(node):
    """Return the last name of what is called, "" for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _is_module(node):
    return isinstance(node, ast.Name) and node.id in ("np", "numpy", "functions", "sheet", "ae", "math")


def _is_called(node, here):
    above = here.parents.get(id(node))
    return isinstance(above, ast.Call) and above.func is node


def _is_index(node, here):
    """Whether a node stands in the brackets of a subscript."""
    above = here.parents.get(id(node))
    while isinstance(above, ast.expr):
        if isinstance(above, ast.Subscript) and above.slice is node:
            return True
        node, above = above, here.parents.get(id(above))
    return False


def _is_of_a_shape(node, here):
    """Whether a number is an axis, or stands in a call that makes or shapes arrays, or counts."""
    if _called(here.parents.get(id(node))):
        return True
    while node is not None and not isinstance(node, ast.Call):
        node = here.parents.get(id(node))
    return _called(node) in ("reshape", "range", "zeros", "arange")


def _others(node, here):
    """Return the other arrays of this one's shape, as nodes."""
    shape, own = _shape(node, here), ast.unparse(node)
    return [_of(text) for text, other in sorted(here.arrays.items()) if shape and other == shape and text != own]


def _times(left, right):
    return ast.BinOp(left, ast.Mult(), right)


def _minus(node):
    return ast.UnaryOp(ast.USub(), node)


# Rules for a node.


def drop_term(node, here):
    """One of two terms is missing."""
    if _is(node, ast.Add, ast.Sub) and not _is_index(node, here):
        yield node.left
        yield node.right if isinstance(node.op, ast.Add) else _minus(node.right)


def drop_factor(node, here):
    """One of two factors is missing; that over the examples has an operator of its own."""
    if _is(node, ast.Mult) and not _is_size(node.right) and not _is_size(node.left):
        yield node.left
        yield node.right
    if _is(node, ast.Div) and not _is_size(node.right):
        yield node.left


def drop_function(node, here):
    """A function isn't applied."""
    if _called(node) in ELEMENTWISE and len(node.args) == 1:
        yield node.args[0]


def transpose(node, here):
    """A transpose is missing, too many, or a reshape that has the same shape; a product is turned round."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
        if isinstance(node.value, (ast.Name, ast.Attribute)):
            name = ast.unparse(node.value)
            yield _of(f"{name}.reshape({name}.shape[::-1])")
    if _is(node, ast.MatMult):
        yield ast.BinOp(node.right, ast.MatMult(), node.left)
        left, right = (ast.unparse(side) for side in (node.left, node.right))
        if left.endswith(".T"):
            yield _of(f"({right}).T @ {left.removesuffix('.T')}")
        shape = _shape(node.right, here)
        if shape and len(shape) == 2 and shape[0] == shape[1]:
            yield _of(f"{left} @ {right}.T")
    if _called(node) == "einsum" and "->" in (letters := node.args[0].value):
        inner, outer = letters.split("->")
        if len(outer) == 2:
            yield ast.Call(node.func, [ast.Constant(f"{inner}->{outer[::-1]}"), *node.args[1:]], node.keywords)


def axis(node, here):
    """A sum over another axis, a mean in a sum's place, no sum at all, or an axis that is kept or lost."""
    name = _called(node)
    if name in ("sum", "mean") and isinstance(node.func, ast.Attribute):
        other = ast.Attribute(node.func.value, "mean" if name == "sum" else "sum", ast.Load())
        yield ast.Call(other, node.args, node.keywords)
        summed = node.args[0] if _is_module(node.func.value) else node.func.value
        yield summed
        for keyword in node.keywords:
            rest = [k for k in node.keywords if k is not keyword]
            if keyword.arg == "axis" and _number(keyword.value) in (0, 1):
                turned = ast.keyword("axis", ast.Constant(1 - keyword.value.value))
                yield ast.Call(node.func, node.args, [turned, *rest])
            if keyword.arg == "keepdims":
                yield ast.Call(node.func, node.args, rest)
            if keyword.arg == "axis" and len(node.keywords) == 1:
                yield ast.Call(node.func, node.args, [])
        positional = node.args[1:] if _is_module(node.func.value) else node.args
        if len(positional) == 1 and _number(positional[0]) in (0, 1):
            turned = ast.Constant(1 - positional[0].value)
            yield ast.Call(node.func, [*node.args[:-1], turned], node.keywords)
    if name == "einsum" and node.args[0].value.endswith("->j"):
        yield node.args[1]


def stale(node, here):
    """Another array of the same shape in place of this one, such as an activation's input in place of its output."""
    if isinstance(node, REFERENCES) and not _is_called(node, here):
        yield from _others(node, here)


def slope_argument(node, here):
    """A slope taken at another array."""
    is_form = _is(node, ast.Sub) and _number(node.left) == 1
    is_form |= _is(node, ast.Mult) and any(_is(side, ast.Sub) and _number(side.left) == 1 for side in (node.left, node.right))
    is_form |= isinstance(node, ast.Compare) or any(word in _called(node) for word in SLOPE_WORDS)
    if is_form and not _is_index(node, here):
        held = {ast.unparse(n): n for n in ast.walk(node) if isinstance(n, REFERENCES) and _shape(n, here)}
        for text, name in held.items():
            same = [n for n in ast.walk(node) if isinstance(n, REFERENCES) and ast.unparse(n) == text]
            for other in _others(name, here):
                yield _rebuilt(node, {id(n): other for n in same})


def shift(node, here):
    """Rows off by one, the first or the last alone, in reverse, or one turn of a loop too few."""
    name, shape = _called(node), _shape(node, here)
    if shape and len(shape) in (1, 2) and not _is_called(node, here) and not _is_index(node, here):
        text = ast.unparse(node)
        yield _of(f"np.roll({text}, 1, axis=0)")
        yield _of(f"{text}[::-1]")
    if name in ("sum", "mean") and isinstance(node.func, ast.Attribute) and ("axis=0" in ast.unparse(node)):
        of_module = _is_module(node.func.value)
        summed = ast.unparse(node.args[0] if of_module else node.func.value)
        for rows in ("[:-1]", "[1:]", "[-1:]"):
            part = _of(f"({summed}){rows}")
            func = node.func if of_module else ast.Attribute(part, node.func.attr, ast.Load())
            yield ast.Call(func, [part, *node.args[1:]] if of_module else node.args, node.keywords)
    if _is(node, ast.MatMult) and ast.unparse(node.left).endswith(".T"):
        left, right = ast.unparse(node.left).removesuffix(".T"), ast.unparse(node.right)
        for rows in ("[:-1]", "[1:]", "[-1:]"):
            yield _of(f"({left}){rows}.T @ ({right}){rows}")
        yield _of(f"({left})[:-1].T @ ({right})[1:]")
    if name == "range" and len(node.args) == 1:
        text = ast.unparse(node.args[0])
        yield _of(f"range(1, {text})")
        yield _of(f"range({text} - 1)")
    if isinstance(node, ast.Slice):
        yield ast.Slice(None, None, None)
    if isinstance(node, ast.Name) and node.id in ("n", "t", "i", "j", "k") and _is_index(node, here):
        yield ast.BinOp(node, ast.Sub(), ast.Constant(1))


def constant(node, here):
    """A number of the formula that is another one: a half, a two, an exponent, a root, π."""
    value = _number(node)
    if value in CONSTANTS and not _is_index(node, here) and not _is_of_a_shape(node, here):
        yield from (ast.Constant(other) for other in CONSTANTS[value])
    if _called(node) == "sqrt" and _number(node.args[0]) is not None:
        yield node.args[0]
    if _called(node) == "sqrt" and _is(node.args[0], ast.Mult) and _number(node.args[0].left) is not None:
        yield ast.Call(node.func, [node.args[0].right], [])
    if isinstance(node, ast.Attribute) and node.attr == "pi":
        yield _times(ast.Constant(2), node)
    if _is(node, ast.Pow) and _number(node.right) is not None:
        yield node.left


def sign(node, here):
    """A minus that is missing, or in the place of a plus."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and _number(node.operand) is None:
        yield node.operand
    if _is(node, ast.Add, ast.Sub) and not _is_index(node, here):
        other = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        yield ast.BinOp(node.left, other, node.right)


def twice(node, here):
    """A term that is counted twice, or a factor that stands there twice."""
    if _is(node, ast.Add) and not _is_index(node, here):
        yield ast.BinOp(node, ast.Add(), node.right)
        yield ast.BinOp(node.left, ast.Add(), node)
    if _is(node, ast.Mult) and _number(node.right) is None and not _is_size(node.right):
        yield _times(node, node.right)


def batch_factor(node, here):
    """1/N that is missing, or over all entries."""
    if _is(node, ast.Div) and _is_size(node.right):
        yield node.left
        yield _times(node.left, node.right)
        if isinstance(node.right, ast.Call):
            yield ast.BinOp(node.left, ast.Div(), ast.Attribute(node.right.args[0], "size", ast.Load()))


def mask(node, here):
    """An inverted mask."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        turned = {ast.Gt: ast.LtE, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.LtE: ast.Gt}.get(type(node.ops[0]))
        if turned:
            yield ast.Compare(node.left, [turned()], node.comparators)
    if _called(node) == "where" and len(node.args) == 3:
        yield ast.Call(node.func, [node.args[0], node.args[2], node.args[1]], [])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
        yield node.operand


def applied_twice(node, here):
    """A function applied to its own result, as softmax to probabilities."""
    if _called(node) in ELEMENTWISE - {"sign", "abs", "relu"} and len(node.args) == 1:
        yield ast.Call(node.func, [node], [])


def ones_upstream(node, here):
    """Ones in place of the upstream gradient."""
    is_upstream = isinstance(node, ast.Name) and node.id in UPSTREAMS and _shape(node, here)
    above = here.parents.get(id(node))
    if is_upstream and not isinstance(above, (ast.Return, ast.Assign)) and not isinstance(here.parents.get(id(above)), ast.Return):
        yield _of(f"np.ones_like({node.id})")


RULES = {
    "drop-term": drop_term, "drop-factor": drop_factor, "drop-function": drop_function, "transpose": transpose,
    "axis": axis, "slope-argument": slope_argument, "stale": stale, "shift": shift, "constant": constant, "sign": sign,
    "twice": twice, "batch-factor": batch_factor, "mask": mask, "applied-twice": applied_twice,
    "ones-upstream": ones_upstream,
}  # fmt: skip

# Rules for the whole of what is assigned or returned.


def negated(value, here):
    """The whole with the other sign."""
    if not isinstance(value, (ast.Constant, ast.Dict)):
        yield value.operand if isinstance(value, ast.UnaryOp) else _minus(value)


def averaged(value, here):
    """A 1/N too many."""
    matrices = [text for text, shape in here.arrays.items() if len(shape) == 2]
    if matrices and not isinstance(value, ast.Constant):
        yield ast.BinOp(value, ast.Div(), _of(f"len({matrices[0]})"))


def clipped(value, here):
    """A value that is clipped: at a limit, at zero, to zero, or to its absolute value."""
    text = ast.unparse(value)
    if isinstance(value, (ast.BinOp, ast.Call)):
        yield _of(f"np.clip({text}, -0.3, 0.3)")
        yield _of(f"np.maximum({text}, 0)")
        yield _of(f"np.abs({text})")
        yield _of(f"0 * ({text})")


VALUE_RULES = {"sign": negated, "batch-factor": averaged, "clipped": clipped}

# Rules for a statement.


def left_out(statement, here):
    """A statement that is missing."""
    again = isinstance(statement, ast.Assign) and all(
        isinstance(t, ast.Subscript) or ast.unparse(t) in here.known for t in statement.targets
    )
    called = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    if isinstance(statement, ast.AugAssign) or again or called:
        yield "pass"


def overwritten(statement, here):
    """= where += belongs, or += where = belongs."""
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add):
        yield f"{ast.unparse(statement.target)} = {ast.unparse(statement.value)}"
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Sub):
        yield f"{ast.unparse(statement.target)} = {ast.unparse(_minus(statement.value))}"
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = ast.unparse(statement.targets[0])
        held = isinstance(statement.targets[0], (ast.Attribute, ast.Subscript)) or target in here.known
        if held and target in here.arrays:
            yield f"{target} += {ast.unparse(statement.value)}"


def swap(statement, here):
    """Two arrays of one shape, each in the other's place."""
    nodes = [n for n in ast.walk(statement) if isinstance(n, REFERENCES) and _shape(n, here)]
    nodes = [n for n in nodes if isinstance(n.ctx, ast.Load)]
    names = sorted({ast.unparse(n) for n in nodes})
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            if here.arrays[first] == here.arrays[second]:
                turned = {first: _of(second), second: _of(first)}
                yield _written(statement, {id(n): turned[t] for n in nodes if (t := ast.unparse(n)) in turned})


def return_order(statement, here):
    """Results in another order."""
    value = getattr(statement, "value", None)
    if isinstance(statement, ast.Return) and isinstance(value, (ast.Tuple, ast.Dict)):
        parts = value.elts if isinstance(value, ast.Tuple) else value.values
        for i in range(len(parts) - 1):
            for j in range(i + 1, len(parts)):
                if j == i + 1 or ast.unparse(parts[i])[:2] == ast.unparse(parts[j])[:2]:
                    yield _written(statement, {id(parts[i]): parts[j], id(parts[j]): parts[i]})


def updated_first(statement, here):
    """Weights that are moved by their gradient before the gradient goes back through them."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = ast.unparse(statement.targets[0])
        for prefix in ("grad_", "d_", "g_", "d", "g"):
            weights = target.removeprefix("self.").removeprefix(prefix)
            weights = f"self.{weights}" if target.startswith("self.") else weights
            is_weight = weights.removeprefix("self.")[:1] in tuple("WwUuVv") and weights != target
            if is_weight and len(here.arrays.get(weights, ())) == 2:
                yield f"{ast.unparse(statement)}; {weights} = {weights} - 0.1 * {target}"
                return


def labels(statement, here):
    """The entries of the right classes picked out wrongly, also where they are written to."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 2:
            rows, classes = (ast.unparse(each) for each in node.slice.elts)
            if "arange" in rows or "[" in classes:
                picked = (f":, {classes}", f"{rows}, {classes} - 1", f"{rows}, {classes}[::-1]", rows)
                for index in picked[: None if "arange" in rows else 2]:
                    yield _written(statement, {id(node): _of(f"{ast.unparse(node.value)}[{index}]")})
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Subscript) and _number(statement.value) == 1:
        yield f"{ast.unparse(statement.target)} += 1"
        yield f"{ast.unparse(statement.target)} = 1"


STATEMENT_RULES = {
    "left-out": left_out, "overwritten": overwritten, "swap": swap, "return-order": return_order,
    "updated-first": updated_first, "labels": labels,
}  # fmt: skip
OPERATORS = tuple(dict.fromkeys([*RULES, *VALUE_RULES, *STATEMENT_RULES]))
