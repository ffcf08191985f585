"""A stub is its solution with what the student is to write taken out.

    ### BEGIN SOLUTION ... ### END SOLUTION  ->  raise NotImplementedError("your turn")
    with lines ### STUB ... among them       ->  these lines: a planted bug
"""

from __future__ import annotations

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
INSTEAD = "### STUB "  # a line that begins so stands in the stub, where there is to be no hole
HOLE = 'raise NotImplementedError("your turn")'
OURS_ONLY = "# mypy:"  # a line that begins so is for our own tools


class MarkerError(ValueError):
    """The markers of a solution don't match."""


def stub_of(solution: str) -> str:
    """Return the stub of a solution.

    Raises
    ------
    MarkerError
        If a marker has no partner, lies inside another, or there is none.

    Examples
    --------
    >>> print(stub_of('''def double(x):
    ...     ### BEGIN SOLUTION
    ...     return 2 * x
    ...     ### END SOLUTION'''))
    def double(x):
        raise NotImplementedError("your turn")
    """
    lines: list[str] = []
    planted: list[str] = []
    indent = ""
    opened, holes = 0, 0
    for number, line in enumerate(solution.splitlines(), start=1):
        if line.strip() == BEGIN:
            if opened:
                raise MarkerError(f"line {number}: expected {END} for line {opened} first, got another {BEGIN}")
            opened, holes = number, holes + 1
            indent = line.partition("#")[0]
            planted = []
        elif line.strip() == END:
            if not opened:
                raise MarkerError(f"line {number}: expected {BEGIN} before {END}, got none; add it")
            opened = 0
            lines += planted or [indent + HOLE]
        elif line.strip().startswith(INSTEAD):
            planted.append(indent + line.strip().removeprefix(INSTEAD))
        elif not opened and not line.startswith(OURS_ONLY):
            lines.append(line)
    if opened:
        raise MarkerError(f"line {opened}: expected {END} after {BEGIN}, got the end of the file; add it")
    if not holes:
        raise MarkerError(f"expected {BEGIN} and {END} around what the student is to write, got neither; add them")
    return "\n".join(lines) + ("\n" if solution.endswith("\n") else "")


def shown_solution(solution: str) -> str:
    """Return a solution without its markers, as it is shown."""
    lines = solution.splitlines(keepends=True)
    ours = (BEGIN, END, INSTEAD, OURS_ONLY)
    return "".join(line for line in lines if not line.strip().startswith(ours))
