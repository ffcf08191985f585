"""What is handed in from a tab, and what comes back into it: a zip with the files of a student's folder.

    folder -> zip, as `aescratch exercises grade` takes it;   zip of a student's folder -> files, progress, remarks
"""

import base64
import io
import tempfile
import zipfile
from pathlib import Path

from aescratch.classroom.grading.submissions import read_submission
from aescratch.classroom.packaging.carried import add
from aescratch.classroom.workspace import PROGRESS, Workspace, WorkspaceError
from aescratch.foundations.language import gettext

NAME = "hand-in.zip"
LARGEST = 20_000_000  # bytes of a zip; an exercise's file has a few thousand


def hand_in(workspace: Workspace) -> dict[str, str]:
    """Return the zip's name, and the zip in base64: every file that was started, and progress.json."""
    started = [workspace.path(exercise) for exercise in workspace.exercises if workspace.started(exercise)]
    if not started:
        raise WorkspaceError(gettext("there is nothing to hand in yet; write an exercise first"))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in (*started, workspace.folder / PROGRESS):
            add(archive, path.name, path.read_bytes(), 0o644)
    return {"name": NAME, "base64": base64.b64encode(stream.getvalue()).decode("ascii")}


def taken_in(workspace: Workspace, text: str) -> tuple[dict[str, str], str | None, list[str]]:
    """Return the exercises' files in a zip by name, the text of its progress.json if it has one, and what was odd."""
    if len(text) * 3 // 4 > LARGEST:
        larger = gettext("expected a zip of at most {size} MB, got more; put only the exercises in it")
        raise WorkspaceError(larger.format(size=LARGEST // 10**6))
    data = base64.b64decode(text)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = [each for each in archive.infolist() if each.filename.rpartition("/")[2] == PROGRESS]
            found = min(inside, key=lambda each: each.filename.count("/"), default=None)
            small = found is not None and found.file_size <= LARGEST
            progress = archive.read(found).decode("utf-8", "replace") if found is not None and small else None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        unreadable = gettext("expected a zip of your folder of exercises, but it can't be read ({error})")
        raise WorkspaceError(unreadable.format(error=error)) from error
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / NAME).write_bytes(data)
        submission = read_submission(Path(folder), workspace.exercises, "you")
    places = {exercise.name: exercise.file_name for exercise in workspace.exercises}
    files = {places[name]: content.decode("utf-8", "replace") for name, content in submission.files.items()}
    if not files and progress is None:
        none = gettext("expected a zip with files of these exercises in it, got none; zip your whole folder")
        raise WorkspaceError(none)
    return files, progress, submission.remarks
