"""The sentences of the code that have a Korean translation: what it gives to gettext and the like, and its help.

docs/make_catalogue.py takes them into the catalogue, tests/test_language.py looks for each there.
"""

import ast
import pathlib

import aescratch as ae

PACKAGE = pathlib.Path(ae.__file__).parent
OTHERS = ("path", "template")  # an exercise's sentences are in its own files
ASKING = ("gettext", "gettext_noop", "Phrase")
# Rows of the command line's help: where the text of each stands among its arguments.
HELP = {"switch": (1,), "whole": (1,), "group": (0,), "json_of": (0,), "command": (0,), "Action": (1,), "Option": (1,)}


def sentences():
    """Yield file, line and text of every sentence; a text with values in it fails."""
    for path in sorted(path for path in PACKAGE.rglob("*.py") if not set(OTHERS) & set(path.relative_to(PACKAGE).parts)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                for text in _texts_of(node):
                    if isinstance(text, (ast.Constant, ast.JoinedStr, ast.BinOp)):
                        place = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                        assert isinstance(text, ast.Constant), f"{place}: expected a text without values in it"
                        yield path, node.lineno, text.value


def _texts_of(call):
    """Yield the arguments of a call that are sentences."""
    name = call.func.id
    if name in ASKING:
        yield call.args[0]
    if name in HELP:
        yield from (call.args[place] for place in HELP[name] if len(call.args) > place)
    if name == "option":
        yield from (keyword.value for keyword in call.keywords if keyword.arg == "help")
