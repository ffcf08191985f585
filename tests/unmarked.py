"""Find the sentences that stay English in every language: raised, warned or printed, and not given to gettext.

What is shown is followed back to where it is put together: through the names of a function and of its file, and into
the functions of the same file that return it. A text of two words or more is a sentence. What is put into a list or a
dictionary may be shown anywhere later: there a sentence has four words, and a capital letter or a full stop.
"""

import ast
import re

from sentences import ASKING, HELP, PACKAGE, sentences

SHOWING = ("print", "warn", "error")
KEEPING = ("append", "insert", "extend", "add", "setdefault")
VALUE = "{}"
SENTENCE = re.compile(r"[a-z]{2}\S* (\S*[a-z]{2}|\W*\{\})|\{\}\S* \W*[a-z]{2}")
CODE = "\n    "  # lines to copy, below a sentence


def unmarked():
    """Yield file, line and text, with {} for its values, of every such sentence in the package."""
    known = {(path, line, sentence) for path, line, sentence in sentences()}  # some by their place in a record
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in unmarked_in(ast.parse(path.read_text(encoding="utf-8"))):
            if (path, node.lineno, said_by(node)) not in known:
                yield path, node.lineno, said_by(node)


def unmarked_in(tree):
    """Return the texts in a file that are such sentences, in its order."""
    file = _File(tree)
    return sorted(file.found.values(), key=lambda node: (node.lineno, node.col_offset))


def said_by(node):
    """Return the words of a text, with {} in place of each value."""
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else VALUE for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def inside(owner):
    """Yield the nodes of a function or a file, without those of the functions in it."""
    waiting = list(ast.iter_child_nodes(owner))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef):
            waiting += ast.iter_child_nodes(node)


def called(call):
    """Return the name of what a call calls."""
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def shown_by(node):
    """Return what a node shows: what it raises, warns of or prints, or gives to an exception or to a check."""
    if isinstance(node, ast.Raise):
        return [node.exc] if node.exc else []
    if not isinstance(node, ast.Call):
        return []
    name = called(node)
    is_exception = name[:1].isupper() and name.endswith(("Error", "Exit", "Warning"))
    is_its_own = name == "__init__" and ast.unparse(node.func) == "super().__init__"
    return node.args if name in SHOWING or name.startswith("require_") or is_exception or is_its_own else []


def kept_by(node):
    """Return what a node puts into a list, a tuple, a set or a dictionary."""
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return node.elts
    if isinstance(node, ast.Dict):
        return node.values
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
        return [node.elt]
    if isinstance(node, ast.DictComp):
        return [node.value]
    if isinstance(node, ast.Call) and called(node) in KEEPING:
        return node.args
    is_entry = isinstance(node, ast.Assign) and any(isinstance(target, ast.Subscript) for target in node.targets)
    return [node.value] if is_entry else []


def texts_of(node):
    """Yield the texts that an expression can be, or is put together of, without those that it gives to a function."""
    if isinstance(node, (ast.Constant, ast.JoinedStr)):
        yield node
    elif isinstance(node, ast.Call):
        yield from texts_of(node.func)
    elif isinstance(node, (ast.IfExp, ast.BoolOp, ast.BinOp, ast.Starred, ast.Attribute)):
        parts = ast.iter_child_nodes(node) if not isinstance(node, ast.IfExp) else (node.body, node.orelse)
        for part in parts:
            yield from texts_of(part)


def is_written_out(said):
    """Whether a text has four words or more, and begins with a capital letter or ends with a full stop."""
    return len(said.split()) >= 4 and (said[0].isupper() or said.rstrip().endswith("."))


class _File:
    """The functions of a file, and the sentences that were found in it."""

    def __init__(self, tree):
        self.tree, self.found, self.seen = tree, {}, set()
        self.functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        for owner in (tree, *self.functions):
            for node in inside(owner):
                for shown in shown_by(node):
                    self.follow(shown, owner)
                for text in (text for kept in kept_by(node) for text in texts_of(kept)):
                    if is_written_out(said_by(text)):
                        self.found[id(text)] = text

    def follow(self, node, owner):
        """Collect the sentences of which an expression in a function is put together."""
        if isinstance(node, ast.Call):
            if called(node) in (*ASKING, *HELP, "option"):
                return
            for function in self.functions:
                if function.name == called(node) and self.is_new(function, "returned"):
                    for inner in inside(function):
                        if isinstance(inner, (ast.Return, ast.Yield)) and inner.value:
                            self.follow(inner.value, function)
        if isinstance(node, ast.Name):
            for place in {owner, self.tree}:
                if self.is_new(place, node.id):
                    self.follow_name(node.id, place)
        if isinstance(node, (ast.Constant, ast.JoinedStr)):
            said = said_by(node)
            if SENTENCE.search(said) and not said.startswith(CODE):
                self.found[id(node)] = node
        for child in ast.iter_child_nodes(node):
            if not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
                self.follow(child, owner)

    def follow_name(self, name, owner):
        """Collect the sentences that a name of a function or of the file can stand for."""
        for node in inside(owner):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            value = getattr(node, "value", None)
            if value is not None and any(isinstance(each, ast.Name) and each.id == name for each in targets):
                self.follow(value, owner)

    def is_new(self, place, name):
        """Return whether this place hasn't been followed for this name, and note that it is."""
        new = (id(place), name) not in self.seen
        self.seen.add((id(place), name))
        return new
