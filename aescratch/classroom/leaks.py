"""Search the files to be handed out for answers: lines and expressions of the solutions, compared by tokens.

    solutions, hidden tests, references, mistakes -> lines, returned or assigned expressions -> tokens
    every file: its text, its JSON strings, its page without tags -> tokens -> the secrets among them

A line is a secret if it is long enough, computes something, and is not in the stub. An expression must also calculate,
and be longer if it is found under other names: anybody writes `x.T @ y`, or `h.mean(axis=0)`.
"""

import ast
import functools
import html
import io
import json
import keyword
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from aescratch.classroom.exercise import CourseError, Exercise
from aescratch.classroom.stubs import BEGIN, HIDDEN, MARK, REFERENCE, SOLUTION, regions
from aescratch.foundations.language import gettext

LEAST = 4  # tokens of a line: `return x` has 2, `return lam * W` 4
LEAST_WRONG = 6  # tokens of a line of a mistake or reference, which may be as common as `(a > 0)`
LEAST_EXPRESSION, LEAST_RENAMED = 5, 9  # tokens of an expression without `np.`: `x.T @ grad_y` has 5
TOKEN = re.compile(r"[^\W\d]\w*|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[^\w\s\"'\\#]")
CALCULATES = set("@*/+-<>%&|^~")
COMPUTES = CALCULATES | set("([")
BINARIES = {".png": b"\x89PNG", ".jpg": b"\xff\xd8", ".gif": b"GIF8", ".npy": b"\x93NUMPY", ".pdf": b"%PDF"}
STRAY = re.compile(r"\..*|.*(~|\.bak|\.orig|\.rej|\.sw[a-z]|\.tmp|\.py[co])|__pycache__|#.*#|solution\.py|mutants\.py")
SEPARATOR = "\x1f"
NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
NUMPY = re.compile(f"{SEPARATOR}(?:np|numpy|math){SEPARATOR}\\.{SEPARATOR}")
METHOD = re.compile(rf"{SEPARATOR}\.{SEPARATOR}(\w+(?={SEPARATOR}\())")
CODE = {tokenize.NAME, tokenize.OP, tokenize.NUMBER}  # without strings and comments


class Leak(NamedTuple):
    """Something that must not be handed out: its file, and a description."""

    path: str
    what: str


class Secrets(NamedTuple):
    """What must not be handed out, and what may.

    The definitions in the stubs, with docstrings, may be handed out: a later exercise may show the answer of an earlier
    one. A definition whose docstrings or comments contain a secret line may not.
    """

    lines: dict[str, str]  # descriptions, by joined tokens
    given: set[str]  # joined tokens
    expressions: dict[str, str]  # like lines, but without NumPy's name

    def found_in(self, text: str) -> list[str]:
        """Return descriptions of the secrets in a text, except in the given definitions."""
        hay = joined(tokens_of(text))
        for block in self.given:
            hay = hay.replace(block, SEPARATOR)
        plain = without_numpy(hay)
        there = Tokens(plain)
        found = [what for key, what in self.lines.items() if key in hay]
        found += [what for key, what in self.expressions.items() if key in plain or is_renamed_in(key, there)]
        return list(dict.fromkeys(found))


def secrets_of(exercises: Sequence[Exercise]) -> Secrets:
    """Return the secrets of a course."""
    secrets = Secrets({}, set(), {})
    for exercise in exercises:
        given = joined(code_tokens(exercise.stub))
        checks = (exercise.folder / "checks.py").read_text(encoding="utf-8")
        mistaken = [line for mutant in exercise.mutants.values() for line in mutant.new.splitlines()]
        sources = [
            (gettext("solution"), LEAST, lines_in(exercise.solution, SOLUTION)),
            (gettext("hidden tests"), LEAST, [*lines_in(exercise.solution, HIDDEN), *lines_in(checks, HIDDEN)]),
            (gettext("reference"), LEAST_WRONG, lines_in(checks, REFERENCE, strings=False)),
            (gettext("known mistakes"), LEAST_WRONG, mistaken),
        ]
        for what, least, lines in sources:
            for line in lines:
                tokens = tokens_of(line)
                key = joined(tokens)
                if len(tokens) >= least and COMPUTES & set(tokens) and key not in given:
                    found = gettext("a line of the {what} of {name}: {line}")
                    said = found.format(what=what, name=exercise.name, line=" ".join(line.split()))
                    secrets.lines.setdefault(key, said)
        for text in expressions_in(exercise.solution):
            tokens = code_tokens(f"({text})")[1:-1]
            key = without_numpy(joined(tokens))
            enough = key.count(SEPARATOR) > LEAST_EXPRESSION and CALCULATES & set(tokens)
            if enough and key not in without_numpy(given):
                found = gettext("an expression of the solution of {name}: {text}")
                secrets.expressions.setdefault(key, found.format(name=exercise.name, text=" ".join(text.split())))
    for exercise in exercises:
        stub = exercise.stub
        blocks = (ast.get_source_segment(stub, node) or "" for node in ast.parse(stub).body)
        secrets.given.update(joined(tokens_of(block)) for block in blocks if not secrets.found_in(_spoken(block)))
    return secrets


def _spoken(code: str) -> str:
    """Return the strings and comments of Python code."""
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return "\n".join(token.string for token in tokens if token.type in (tokenize.STRING, tokenize.COMMENT))


def leaks_in(folder: Path, secrets: Secrets) -> list[Leak]:
    """Return everything in a folder that must not be handed out: secrets, markers, stray files, unreadable files."""
    leaks = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if any(STRAY.fullmatch(part) for part in name.split("/")):
            leaks.append(Leak(name, gettext("a name that must not be handed out, such as that of a backup")))
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            leaks.append(Leak(name, gettext("a link in place of a file")))
        elif path.is_file():
            leaks += [Leak(name, what) for what in _in_file(path, secrets)]
    return leaks


def _in_file(path: Path, secrets: Secrets) -> list[str]:
    data = path.read_bytes()
    if path.suffix in BINARIES and data.startswith(BINARIES[path.suffix]):
        return []
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        return [gettext("content that is neither text nor of a known kind")]
    found: dict[str, None] = {}
    for version in _versions(text):
        found |= dict.fromkeys(secrets.found_in(version))
        if MARK.search(version):
            found[gettext("a marker of a part to be removed")] = None
    return list(found)


def _versions(text: str) -> Iterator[str]:
    """Yield a text as it is, without comments, as a page shows it, and the strings in its JSON."""
    yield text
    yield re.sub(r"#.*", "", text)
    if "&" in text or "</" in text:
        yield html.unescape(re.sub(r"<[^<>]*>", "", text))
    if text.lstrip()[:1] in ("{", "["):
        try:
            strings = "\n".join(_strings(json.loads(text)))
        except ValueError:
            return
        yield strings
        yield html.unescape(re.sub(r"</?\w[^<>]*>", "", strings))
        yield re.sub(r"#.*", "", strings)


def _strings(value: Any) -> Iterator[str]:
    """Yield the strings of a JSON value; a list of strings is one text, as notebooks have it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        if all(isinstance(part, str) for part in value):
            yield "".join(value)
        for part in value:
            yield from _strings(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _strings(part)


def lines_in(text: str, kind: str, strings: bool = True) -> list[str]:
    """Return the lines of the regions of a kind without comments, and each statement of several lines once more as one.

    Without strings, a line ends where a string begins, and statements aren't joined. Raises `CourseError` if the text
    isn't valid Python.
    """
    inside = {number for first, last in regions(text, kind) for number in range(first + 1, last)}
    lines: dict[tuple[int, int], list[str]] = defaultdict(list)
    statements: dict[int, list[str]] = defaultdict(list)
    ended = cut = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            cuts = token.type == tokenize.STRING and not strings
            cut += cuts
            ended += token.type == tokenize.NEWLINE
            if token.start[0] in inside and token.string.strip() and token.type != tokenize.COMMENT and not cuts:
                lines[token.start[0], cut].append(token.string)
                statements[ended].append(token.string)
    except (tokenize.TokenError, SyntaxError) as error:
        message = gettext("expected Python between {BEGIN} and its end, but it is invalid: {error}")
        raise CourseError(message.format(BEGIN=BEGIN, error=error)) from error
    found = [*lines.values(), *(statements.values() if strings else ())]
    return list(dict.fromkeys(" ".join(line).strip(" ,") for line in found))


def expressions_in(solution: str) -> list[str]:
    """Return the expressions that a solution's answer assigns or returns, and each part of a tuple."""
    inside = {number for first, last in regions(solution, SOLUTION) for number in range(first + 1, last)}
    found = []
    for node in ast.walk(ast.parse(solution)):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return)) and node.lineno in inside:
            value = node.value
            parts = [value, *value.elts] if isinstance(value, ast.Tuple) else [value]
            found += [ast.get_source_segment(solution, part) or "" for part in parts if part is not None]
    return list(dict.fromkeys(found))


class Tokens:
    """The tokens of a joined text, in order, and the places at which each of them stands."""

    def __init__(self, text: str) -> None:
        self.there: list[str] = text.split(SEPARATOR)
        self.places: dict[str, list[int]] = defaultdict(list)
        for place, token in enumerate(self.there):
            self.places[token].append(place)


def is_renamed_in(key: str, text: Tokens) -> bool:
    """Whether an expression, as joined tokens, is in a text with its variables renamed consistently.

    Examples
    --------
    >>> key = joined(tokens_of("y * (1 - y) * exp(a)"))
    >>> texts = [Tokens(joined(tokens_of(text))) for text in ("g * (1. - g) * exp(h)", "g * (1. - h) * exp(h)")]
    >>> [is_renamed_in(key, text) for text in texts]
    [True, False]
    """
    wanted, variables, fixed = _parts_of(key)
    if len(wanted) < LEAST_RENAMED or not fixed:
        return False
    rarest = min(fixed, key=lambda place: len(text.places.get(wanted[place], ())))
    for start in (place - rarest for place in text.places.get(wanted[rarest], ())):
        window = text.there[max(start, 0) : start + len(wanted)]
        if len(window) == len(wanted) and all(window[place] == wanted[place] for place in fixed):
            pairs = {(wanted[place], window[place]) for place in variables}
            names, others = {a for a, _ in pairs}, {b for _, b in pairs}
            if len(pairs) == len(names) == len(others) and all(map(is_name, others)):
                return True
    return False


@functools.cache
def _parts_of(key: str) -> tuple[list[str], list[int], list[int]]:
    """Return the tokens of an expression, the places of its variables, and those of everything else."""
    wanted = key.split(SEPARATOR)[1:-1]
    beside = zip(["", *wanted], [*wanted[1:], ""], strict=False)
    variables = [place for place, (name, (before, after)) in enumerate(zip(wanted, beside, strict=False))
                 if is_name(name) and before != "." and after != "("]  # fmt: skip
    return wanted, variables, sorted(set(range(len(wanted))) - set(variables))


def is_name(token: str) -> bool:
    """Whether a token may be the name of a variable."""
    return token.isidentifier() and not keyword.iskeyword(token)


def code_tokens(text: str) -> list[str]:
    """Return the tokens of Python code, without its strings and comments."""
    parts = [token.string for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type in CODE]
    return tokens_of(" ".join(parts))


def tokens_of(text: str) -> list[str]:
    """Return the names, numbers and signs of a text, without whitespace, quotes and comment signs.

    Examples
    --------
    >>> tokens_of("y = x@ W  # 'times'")
    ['y', '=', 'x', '@', 'W', 'times']
    """
    return TOKEN.findall(text)


def joined(tokens: Iterable[str]) -> str:
    """Return tokens as one text that can be searched for a sequence of them; 1. and 1.0 are equal."""
    same = (repr(float(token)) if NUMBER.fullmatch(token) else token for token in tokens)
    return SEPARATOR + SEPARATOR.join(same) + SEPARATOR


def without_numpy(text: str) -> str:
    """Return joined tokens in which np.exp and exp are equal; other.exp stays different."""
    return METHOD.sub(rf"{SEPARATOR}.\1", NUMPY.sub(SEPARATOR, text))
