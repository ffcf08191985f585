"""The sentences of the code that have a Korean translation: what it gives to gettext and the like, and its help.

In the folder that compares what a part computes with what it should, every text of more than one word is a sentence,
except for docstrings and formulas. The records of the formulas that it compares have a claim and a question.
docs/make_catalogue.py takes them into the catalogue, tests/test_language.py looks for each there.
"""

import ast
import functools
import pathlib
import re

import aescratch as ae

PACKAGE = pathlib.Path(ae.__file__).parent
OTHERS = ("path", "template")  # an exercise's sentences are in its own files
ASKING = ("gettext", "gettext_noop", "Phrase")
# Rows of the command line's help, of the tour and of the causes: where the texts of each stand among its arguments.
HELP = {"switch": (1,), "whole": (1,), "group": (0,), "json_of": (0,), "command": (0,), "Action": (1,), "Option": (1,),
        "TourRow": (1, 2), "Variant": (1, 2), "Hypothesis": (1, 2)}
MEANING = PACKAGE / "inspection" / "gradcheck" / "meaning"
RECORDS = ("Formula", "Term", "Activation")
# Names in formulas.
NAMES = {
    "KL", "a_gate", "a_mag", "alpha", "beta", "epsilon", "erf", "exp", "free_bits", "gamma", "keep", "lam", "log",
    "log_theta", "log_var", "logits", "max", "min", "mu", "rho", "rho_hat", "sigmoid", "tanh", "theta", "x_hat", "x_norm",
}  # fmt: skip
WORD = re.compile(r"[A-Za-z_]{2,}")


def sentences():
    """Yield file, line and text of every sentence; a text with values in it fails."""
    for path in sorted(path for path in PACKAGE.rglob("*.py") if not set(OTHERS) & set(path.relative_to(PACKAGE).parts)):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        given = [text for node in ast.walk(tree) for text in _given(node)]
        for text in [*given, *(_all_of(tree) if path.parent == MEANING else ())]:
            if isinstance(text, (ast.Constant, ast.JoinedStr, ast.BinOp)):
                place = f"{path.relative_to(PACKAGE)}:{text.lineno}"
                assert isinstance(text, ast.Constant), f"{place}: expected a text without values in it"
                yield path, text.lineno, text.value


def _given(node):
    """Yield what a call or an assignment has as its sentences."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        yield from _texts_of(node)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "mistaken":
        yield node.slice


def _all_of(tree):
    """Yield every text of more than one word, with or without values in it, that isn't a docstring or a formula."""
    silent = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.Expr) for inner in ast.walk(node.value)
              if isinstance(node.value, ast.Constant)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            silent |= {id(part) for part in node.values}
            said = "".join(part.value for part in node.values if isinstance(part, ast.Constant))
        else:
            said = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if id(node) not in silent and " " in said and is_sentence(said):
            yield node


@functools.cache
def _compared():
    """Return the names in the folder that compares parts with formulas, those of the formulas among them."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in MEANING.glob("*.py")]
    constants = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return {"value", *(value for value in constants if isinstance(value, str))}


def is_sentence(text):
    """Whether a text has words, beside its values and the names in formulas."""
    return any(word not in NAMES for word in WORD.findall(re.sub(r"{.*?}", "", text)))


def _texts_of(call):
    """Yield the arguments of a call that are sentences."""
    name = call.func.id
    if name in ASKING:
        yield call.args[0]
    if name in HELP:
        yield from (call.args[place] for place in HELP[name] if len(call.args) > place)
    if name in RECORDS and not (name == "Formula" and getattr(call.args[0], "id", "value") not in _compared()):
        said = [keyword.value for keyword in call.keywords if keyword.arg in ("claim", "question")]
        yield from (text for text in said if isinstance(text, ast.Constant) and is_sentence(text.value))
    if name == "SecondOpinion":
        yield from (keyword.value for keyword in call.keywords if keyword.arg == "against")
    if name == "option":
        yield from (keyword.value for keyword in call.keywords if keyword.arg == "help")
