"""What a page can ask of the interpreter in its tab: a folder of exercises, as the command line knows it.

    call(name, arguments as JSON) -> JSON;   Tab(folder): course, check, hint, progress, hand-in

The folder is as `aescratch exercises init` writes it, and so are the files in it afterwards: work goes on in a
terminal, and back.
"""

import json
from pathlib import Path
from typing import Any

from aescratch.classroom.answering import answer, listed
from aescratch.classroom.exercise import Exercise
from aescratch.classroom.hinting import next_hint
from aescratch.classroom.outcome import DIED, TIMED_OUT, Outcome, still_running, stopped
from aescratch.classroom.tab.cells import Cells
from aescratch.classroom.tab.clock import Tell
from aescratch.classroom.tab.in_place import check_in_place
from aescratch.classroom.workspace import PROGRESS, Workspace, WorkspaceError
from aescratch.foundations.files import write_text
from aescratch.foundations.language import gettext, language
from aescratch.foundations.sources import import_from_source


class Tab:
    """The exercises in a folder of this interpreter, and what the page asks of them."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder).resolve()
        self.cells = Cells()
        if not (self.folder / PROGRESS).exists():
            Workspace.create(self.folder)
        self.workspace = Workspace(self.folder)

    def course(self) -> dict[str, Any]:
        """Return all exercises, with what is known of them and what the student wrote."""
        found = zip(self.workspace.exercises, listed(self.workspace), strict=True)
        exercises = [{**known, **self._exercise(exercise)} for exercise, known in found]
        return {"exercises": exercises, "language": language(), "current": self.workspace.current, **self._progress()}

    def check(self, name: str, text: str, seconds: float, tell: Tell | None = None) -> dict[str, Any]:
        """Write the student's file and check it: the answer of the command line, within so many seconds."""
        exercise = self._named(name)
        path = self.workspace.path(exercise)
        write_text(path, text)
        return self._answered(exercise, check_in_place(exercise, path, seconds, tell))

    def stopped(self, name: str, text: str, seconds: float, line: int, printed: str) -> dict[str, Any]:
        """Return what a check comes to whose interpreter had to be ended because the time was up."""
        return self._ended(name, text, stopped(TIMED_OUT, still_running(seconds), line), printed)

    def died(self, name: str, text: str, reason: str, line: int, printed: str) -> dict[str, Any]:
        """Return what a check comes to whose interpreter broke down."""
        sentence = gettext("Python ended before the checks finished: {reason}")
        return self._ended(name, text, stopped(DIED, sentence.format(reason=reason), line), printed)

    def hint(self, name: str, show_answer: bool = False) -> dict[str, Any]:
        """Return the next hint for what the last check found; the last one, the answer, only if asked for."""
        exercise = self._named(name)
        text = next_hint(self.workspace, exercise, answer=show_answer)
        return {"text": text, **self._progress()}

    def write(self, name: str, text: str) -> dict[str, Any]:
        """Write the student's file without checking it."""
        write_text(self.workspace.path(self._named(name)), text)
        return {}

    def reset(self, name: str) -> dict[str, Any]:
        """Put the stub back, and return it; the page keeps what was written."""
        exercise = self._named(name)
        self.workspace.start(exercise)
        self.workspace.reset(exercise)
        return {**self._exercise(exercise), **self._progress()}

    def progress(self) -> str:
        """Return the text of progress.json, the command line's own file."""
        return (self.folder / PROGRESS).read_text(encoding="utf-8")

    def set_progress(self, text: str) -> dict[str, Any]:
        """Take another progress.json in, and return the course; what can't be read is refused, and changes nothing."""
        before = self.progress()
        write_text(self.folder / PROGRESS, text)
        try:
            self.workspace = Workspace(self.folder)
        except WorkspaceError:
            write_text(self.folder / PROGRESS, before)
            raise
        return self.course()

    def hand_in(self) -> dict[str, Any]:
        """Return the zip to hand in, in base64, and what to call it: all files that were started, and progress."""
        from aescratch.classroom.tab.handing_in import hand_in  # grading's files, not needed for a check

        return hand_in(self.workspace)

    def take_hand_in(self, base64: str) -> dict[str, Any]:
        """Go on with what was done elsewhere: take in a zip of a folder of exercises, and return the course."""
        from aescratch.classroom.tab.handing_in import taken_in

        files, progress, remarks = taken_in(self.workspace, base64)
        if progress is not None:
            self.set_progress(progress)
        for name, text in files.items():
            write_text(self.folder / name, text)
        return {**self.course(), "taken": sorted(files), "remarks": remarks}

    def run_cell(self, text: str, seconds: float, tell: Tell | None = None) -> dict[str, Any]:
        """Run a cell of a tutorial's page, after those that were run before."""
        return self.cells.run(text, seconds, tell)

    def _exercise(self, exercise: Exercise) -> dict[str, Any]:
        path = self.workspace.path(exercise)
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else exercise.handed_stub
        return {"name": exercise.folder.name, "short": exercise.name, "file": exercise.file_name, "text": text}

    def _answered(self, exercise: Exercise, outcome: Outcome) -> dict[str, Any]:
        path = self.workspace.path(exercise)
        text = answer(exercise, path, outcome, self.workspace.record(exercise, outcome))
        found = {"text": text, "passed": outcome.passed, "kind": outcome.kind, "printed": outcome.printed}
        return {**found, **self._progress()}

    def _ended(self, name: str, text: str, outcome: Outcome, printed: str) -> dict[str, Any]:
        exercise, outcome.printed = self._named(name), printed
        write_text(self.workspace.path(exercise), text)
        return self._answered(exercise, outcome)

    def _progress(self) -> dict[str, str]:
        return {"progress": self.progress()}

    def _named(self, name: str) -> Exercise:
        for exercise in self.workspace.exercises:
            if name in (exercise.folder.name, exercise.name):
                return exercise
        raise WorkspaceError(gettext("there is no exercise {name!r} here").format(name=name))


CALLS = tuple(name for name in vars(Tab) if not name.startswith("_"))
TABS: list[Tab] = []  # the one that is open


def open_course(folder: str) -> dict[str, Any]:
    """Open the folder of a course, and return what `Tab.course` does."""
    import_from_source()
    TABS[:] = [Tab(folder)]
    return TABS[0].course()


def call(name: str, arguments: str, tell: Tell | None = None) -> str:
    """Do what the page asks for, `Tab`'s method of this name, and return its result as JSON, or an error's sentence."""
    try:
        values = json.loads(arguments)
        if name == "open_course":
            return json.dumps({"result": open_course(*values)})
        if name not in CALLS:
            raise ValueError(f"expected one of {', '.join(CALLS)}, got {name!r}")
        method = getattr(TABS[0], name)
        more = {"tell": tell} if name in ("check", "run_cell") else {}
        return json.dumps({"result": method(*values, **more)})
    except (WorkspaceError, ValueError) as error:
        return json.dumps({"error": str(error)})
