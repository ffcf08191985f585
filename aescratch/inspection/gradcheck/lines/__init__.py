"""The wrong line of a backward: found by observation, named by the change of it that makes all gradients right.

    scenes --probes--> what every line computes --edits, tried one at a time--> the line, its mistake in words, proof

Only the source of the code is needed: the user's own functions, methods, closures and loops are searched. The search
runs only after a check has failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from aescratch.foundations.language import gettext, gettext_noop, joined
from aescratch.inspection.gradcheck.findings import place_of_line
from aescratch.inspection.gradcheck.lines.line import Line
from aescratch.inspection.gradcheck.lines.repairing import Search
from aescratch.inspection.gradcheck.lines.scene import Scene
from aescratch.inspection.gradcheck.lines.source import Statement, definitions_of
from aescratch.inspection.gradcheck.lines.telling import question, sentence

__all__ = ["Scene", "WrongLine", "wrong_lines"]

GIVEN_UP = gettext_noop("the search for the line to change took too long and was stopped")


class WrongLine(NamedTuple):
    """What is known about the line that makes gradients wrong.

    Its mistake and a question, empty if no change of the line corrects it; the gradients that the change corrects; the
    evidence for programs, without a line if none was found; whether the search was stopped; else where to look.
    """

    cause: str
    question: str
    mended: Sequence[str]
    evidence: dict[str, Any]
    gave_up: bool
    advice: str = ""

    @property
    def place(self) -> str:
        """File and line, in words."""
        return _shown(self.evidence)

    def message(self, tensors: Sequence[str]) -> str:
        """Return where these gradients, which a change of the line corrects, go wrong."""
        if len(tensors) > 1:
            said = gettext("{tensors} and {last} go wrong at {place}")
            return said.format(tensors=", ".join(tensors[:-1]), last=tensors[-1], place=self.place)
        return gettext("{tensor} goes wrong at {place}").format(tensor=tensors[0], place=self.place)

    @property
    def remark(self) -> str:
        """The addition to a description if the search was stopped."""
        return joined("", ["; ", gettext(GIVEN_UP)]) if self.gave_up else ""

    @property
    def proof(self) -> str:
        """The proof that the line is at fault."""
        return gettext(
            "with one change of the line {names} come out right in {draws} draws of inputs and sizes"
        ).format(names=", ".join(self.mended), draws=self.evidence["draws"])


def wrong_lines(
    scenes: Sequence[Scene], names: Sequence[str], wrong: Sequence[str], *, also: Sequence[Any] = ()
) -> list[WrongLine]:
    """Return the line that makes gradients wrong, or several lines that each make some wrong; none if unknown.

    A search that took too long is reported even if it found no line.

    Parameters
    ----------
    scenes : sequence of Scene
        The first is searched; a claim holds at all of them.
    names : list of str
        The inputs whose gradients backward returns.
    wrong : list of str
        The inputs whose gradients are wrong.
    also : sequence of functions
        Functions that are searched in any file.
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
            **_place(repair.statement), "edit": repair.edit.kind, "was": repair.edit.was, "now": repair.edit.now,
            "repaired": repair.edit.repaired, "mends": repair.mended, "draws": len(search.scenes), "runs": search.runs,
        }  # fmt: skip
        found.append(WrongLine(sentence(repair.edit), question(repair.edit), repair.mended, evidence, search.gave_up))
    if not found and ((suspect := search.at_fault()) or search.gave_up):
        place, advice = _where(search, *suspect) if suspect else ({}, "")
        found = [WrongLine("", "", (), {**place, "runs": search.runs}, search.gave_up, advice)]
    return found


def _where(search: Search, line: Line, needed: str) -> tuple[dict[str, Any], str]:
    """Return the evidence about a line at fault, and where to look."""
    found = _place(line.statement)
    place = _shown(found)
    if needed:
        said = gettext("Look first at {place}: what it computes is used as the gradient of `{value}`, but isn't that.")
        return found, said.format(place=place, value=needed)
    lines = search.sources_of(line)
    said = gettext("Values are wrong from {place} on; what it reads and calls comes from lines {lines}.")
    return {"wrong_from": found["line"], "comes_from": lines}, said.format(place=place, lines=str(lines)[1:-1])


def _place(statement: Statement) -> dict[str, Any]:
    return place_of_line(statement.definition.file, statement.node.lineno, statement.text)


def _shown(place: Mapping[str, Any]) -> str:
    return gettext("{file}, line {line}").format(file=place["file"], line=place["line"])
