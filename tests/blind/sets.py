"""A blind set: right programs in a folder, and for each a table of mistakes of one line.

    SET_code/PROGRAM.py, SET_mistakes.py -> ProgramSet.mistakes() -> Mistake, as loading.py has them
"""

import pathlib
from collections.abc import Callable, Collection, Iterator, Mapping
from types import ModuleType
from typing import Any, NamedTuple

from loading import Mistake, judge, load, written

from aescratch.inspection.gradcheck.report import Report


class ProgramSet(NamedTuple):
    """What is told of a set; the title is that of its row in the documentation.

    A row of a program is (line, kind, sentence, right line, wrong line); an empty wrong line was left out. `false` are the
    names of the mistakes that the checker is known to explain falsely.
    """

    name: str
    title: str
    ways: Mapping[str, Any]
    styles: Mapping[str, str]
    rows: Mapping[str, list]
    false: Collection[str] = ()

    def source(self, program: str) -> pathlib.Path:
        """Return the path of a right program."""
        return pathlib.Path(__file__).parent / f"{self.name}_code" / f"{program}.py"

    def programs(self) -> Iterator[tuple[str, ModuleType, Callable[..., Report]]]:
        """Yield every right program: its name, its module and its check."""
        for program, way in self.ways.items():
            yield program, load(self.source(program)), way.check

    def mistakes(self) -> Iterator[Mistake]:
        """Yield every mistake, under the name of its program and its number in it; its kind is that of the mistake."""
        for program, rows in self.rows.items():
            right = self.source(program).read_text(encoding="utf-8")
            for number, (line, kind, sentence, right_line, wrong_line) in enumerate(rows, 1):
                lines = right.splitlines()
                if lines[line - 1] != right_line:
                    raise ValueError(f"expected line {line} of {program} to be the right line of mistake {number}")
                lines[line - 1 : line] = [wrong_line] if wrong_line else []
                text, name, way = "\n".join(lines) + "\n", f"{program}_{number}", self.ways[program]
                where = (line,) if wrong_line else (line - 1, line)
                path = written(name, text)
                yield Mistake(name, kind, path, text, right, where, sentence, way.check, judge(way, name, right))
