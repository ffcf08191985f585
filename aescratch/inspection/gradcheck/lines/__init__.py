"""The wrong line of a backward: found by looking on, named by the change of it that makes all gradients right.

    scenes --probes--> what every line computes --edits, tried one at a time--> the line, its mistake in words, proof

Nothing is asked of the code's author but its source: functions, methods, closures and loops of their own files are
looked into. It runs only when a check has failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from aescratch.inspection.gradcheck.findings import place_of_line
from aescratch.inspection.gradcheck.lines.repairing import Search
from aescratch.inspection.gradcheck.lines.scene import Scene
from aescratch.inspection.gradcheck.lines.source import Statement, definitions_of
from aescratch.inspection.gradcheck.lines.telling import question, sentence

__all__ = ["Scene", "WrongLine", "wrong_lines"]

GIVEN_UP = "the search for a change of a line that mends it took too long and was given up"


class WrongLine(NamedTuple):
    """What is known of the line that makes gradients wrong.

    Its mistake and a question, empty where no change of the line mends it; the gradients that the change mends;
    what programs may read, without a line where none could be told; whether the search was given up.
    """

    cause: str
    question: str
    mended: Sequence[str]
    evidence: dict[str, Any]
    gave_up: bool

    @property
    def place(self) -> str:
        """File and line, for people."""
        return f"{self.evidence['file']}, line {self.evidence['line']}"

    def message(self, tensors: Sequence[str]) -> str:
        """Return where these gradients, which a change of the line mends, go wrong."""
        listed = " and ".join([", ".join(tensors[:-1]), tensors[-1]] if len(tensors) > 1 else tensors)
        return f"{listed} {'go' if len(tensors) > 1 else 'goes'} wrong at {self.place}"

    @property
    def remark(self) -> str:
        """What the description of a wrong gradient goes on with, where no change of a line is known to mend it."""
        told = f"; the first line that fits no gradient is {self.place}" if "line" in self.evidence else ""
        return f"{told}; {GIVEN_UP}" if self.gave_up else told

    @property
    def proof(self) -> str:
        """How it is known that the line is to blame."""
        draws = self.evidence["draws"]
        return (
            f"with one change of the line {', '.join(self.mended)} come out right in {draws} draws of inputs and sizes"
        )


def wrong_lines(
    scenes: Sequence[Scene], names: Sequence[str], wrong: Sequence[str], *, also: Sequence[Any] = ()
) -> list[WrongLine]:
    """Return the line that makes gradients wrong, or several that each make some wrong; none if it can't be told.

    A search that took too long is told of even where it has shown no line.

    Parameters
    ----------
    scenes : sequence of Scene
        The first is looked into; what is claimed holds at all of them.
    names : list of str
        Whose gradients backward returns.
    wrong : list of str
        Those that are wrong.
    also : sequence of functions
        Those whose forward is looked into whatever their file.
    """
    backward = definitions_of(scenes[0].gradients)
    if not backward:
        return []
    forward = definitions_of(scenes[0].objective, also=also)
    scenes = [scene for scene in scenes if all(scene.slopes(name).are_known for name in wrong)]
    if not scenes:
        return []
    search = Search(scenes, names, wrong, backward, forward)
    found = []
    for repair in search.repairs():
        evidence = {
            **_place(repair.statement),
            "edit": repair.edit.kind,
            "was": repair.edit.was,
            "now": repair.edit.now,
            "repaired": repair.edit.repaired,
            "mends": repair.mended,
            "draws": len(scenes),
            "runs": search.runs,
        }
        found.append(WrongLine(sentence(repair.edit), question(repair.edit), repair.mended, evidence, search.gave_up))
    if not found and (search.first is not None or search.gave_up):
        place = {} if search.first is None else _place(search.first.statement)
        found = [WrongLine("", "", (), {**place, "runs": search.runs}, search.gave_up)]
    return found


def _place(statement: Statement) -> dict[str, Any]:
    return place_of_line(statement.definition.file, statement.node.lineno, statement.text)
