"""Make a stub from a solution by removing the student's part; a release removes more.

    ### BEGIN SOLUTION ... ### END SOLUTION          ->  raise NotImplementedError("your turn")
    with lines ### STUB ... among them               ->  these lines: a planted bug
    ### BEGIN HIDDEN TESTS ... ### END HIDDEN TESTS  ->  nothing, in a stub and in released checks
    ### BEGIN REFERENCE ... ### END REFERENCE        ->  in released checks, the recorded values
"""

import re
from collections.abc import Callable

from aescratch.foundations.columns import wrapped_lines
from aescratch.foundations.language import gettext

SOLUTION, HIDDEN, REFERENCE = "SOLUTION", "HIDDEN TESTS", "REFERENCE"
BEGIN, END = f"### BEGIN {SOLUTION}", f"### END {SOLUTION}"
INSTEAD = "### STUB "  # a line with this beginning goes into the stub, in place of a hole
HOLE = 'raise NotImplementedError("your turn")'
OURS_ONLY = "# mypy:"  # a line with this beginning is for our own tools
OPTION = re.compile(r'(#   "\w"  )(.*)')  # of a question in a comment
WIDTH = 120
MARK = re.compile(rf"###\s*(BEGIN|END)\s+({SOLUTION}|{HIDDEN}|{REFERENCE})|{INSTEAD}")


class MarkerError(ValueError):
    """The markers of a file are invalid: one has no partner, one lies inside another, or all are missing."""


def regions(text: str, kind: str) -> list[tuple[int, int]]:
    """Return the line numbers of BEGIN and END for every region of a kind.

    Examples
    --------
    >>> regions("x = 1\\n### BEGIN SOLUTION\\ny = 2\\n### END SOLUTION", SOLUTION)
    [(2, 4)]
    """
    begin, end = f"### BEGIN {kind}", f"### END {kind}"
    found = []
    opened = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() == begin:
            if opened:
                message = gettext("line {number}: expected {end} for line {opened} first, got another {begin}")
                raise MarkerError(message.format(number=number, end=end, opened=opened, begin=begin))
            opened = number
        elif line.strip() == end:
            if not opened:
                message = gettext("line {number}: expected {begin} before {end}, got none; add it")
                raise MarkerError(message.format(number=number, begin=begin, end=end))
            found.append((opened, number))
            opened = 0
    if opened:
        message = gettext("line {opened}: expected {end} after {begin}, got the end of the file; add it")
        raise MarkerError(message.format(opened=opened, end=end, begin=begin))
    return found


def without(text: str, kind: str, instead: str = "") -> str:
    """Return a text without its regions of a kind; `instead` replaces the first."""
    lines, found = text.splitlines(keepends=True), regions(text, kind)
    for first, last in reversed(found):
        lines[first - 1 : last] = []
    if instead and found:
        lines.insert(found[0][0] - 1, f"{instead}\n")
    return "".join(lines)


def stub_of(solution: str) -> str:
    """Return the stub of a solution.

    Examples
    --------
    >>> print(stub_of('''def double(x):
    ...     ### BEGIN SOLUTION
    ...     return 2 * x
    ...     ### END SOLUTION'''))
    def double(x):
        raise NotImplementedError("your turn")
    """
    if not regions(without(solution, HIDDEN), SOLUTION):
        message = gettext("expected {BEGIN} and {END} around the student's part, got neither; add them")
        raise MarkerError(message.format(BEGIN=BEGIN, END=END))
    return filled(solution, lambda indent, planted, right: planted or [indent + HOLE])


def shown_solution(solution: str) -> str:
    """Return a solution without its markers."""
    return filled(solution, lambda indent, planted, right: right)


def filled(solution: str, fill: Callable[[str, list[str], list[str]], list[str]]) -> str:
    """Return a solution without hidden tests and lines for our own tools, with new lines in its regions.

    `fill` returns the new lines of a region from its indent, the lines of the planted bug, if any, and the right lines.
    """
    text = without(solution, HIDDEN)
    lines = text.splitlines()
    for first, last in reversed(regions(text, SOLUTION)):
        indent, inside = lines[first - 1].partition("#")[0], lines[first : last - 1]
        planted = [indent + line.strip().removeprefix(INSTEAD) for line in inside if line.strip().startswith(INSTEAD)]
        right = [line for line in inside if not line.strip().startswith(INSTEAD)]
        lines[first - 1 : last] = fill(indent, planted, right)
    kept = [line for line in lines if not line.startswith(OURS_ONLY)]
    return "\n".join(kept) + ("\n" if solution.endswith("\n") else "")


def said_in_comments(code: str, say: Callable[[str], str]) -> str:
    """Return code whose comments at the margin are said otherwise; lines that belong together are one sentence.

    Examples
    --------
    >>> print(said_in_comments("# What\\n# now?\\nx = 1", str.upper))
    # WHAT NOW?
    x = 1
    """
    said: list[str] = []
    together: list[str] = []
    for line in [*code.splitlines(), ""]:
        option = OPTION.fullmatch(line)
        if line.startswith("# ") and not option:
            together.append(line)
            continue
        sentence = " ".join(part[2:].strip() for part in together)
        other = say(sentence)
        said += together if other == sentence else wrapped_lines(other, WIDTH, "# ", "# ")
        together = []
        said.append(f"{option[1]}{say(option[2])}" if option else line)
    return "\n".join(said[:-1]) + ("\n" if code.endswith("\n") else "")
