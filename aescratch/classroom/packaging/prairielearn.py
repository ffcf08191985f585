"""Questions for PrairieLearn with an external grader: two folders to copy into the folder of a course.

    questions/aescratch/NN_name/          info.json, question.html, the stub, tests/settings.sh
    serverFilesCourse/aescratch/          run_autograder, the seed, this package, the teacher's own exercises

PrairieLearn puts a submission into /grade of a container, with tests/ and serverFilesCourse/ beside it, and runs
run_autograder there: aescratch exercises grade --format prairielearn -> /grade/results/results.json.
"""

import hashlib
import json
import uuid
from collections.abc import Sequence
from pathlib import Path

from aescratch.classroom.exercise import Exercise
from aescratch.classroom.grading.seeds import kept_seed
from aescratch.classroom.packaging.carried import copy_carried, script, settings_of
from aescratch.foundations.files import write_text

IMAGE = "prairielearn/grader-python"  # PrairieLearn's own: Python 3.10 or newer, with NumPy
SECONDS = 120  # for a submission, whose own limit is lower
RUN = "run_autograder"


def write_questions(
    exercises: Sequence[Exercise], out: Path, seed: str | None = None, *, own: Path | None = None,
    unconfined: bool = False,
) -> list[Path]:  # fmt: skip
    """Write a question for each exercise, and their shared files, into the folder of a course; return the paths."""
    shared = out / "serverFilesCourse" / "aescratch"
    copy_carried(shared, own)
    kept_seed(shared, seed)
    write_text(shared / RUN, script("prairielearn.sh", "grade.sh"))
    (shared / RUN).chmod(0o755)
    questions = [out / "questions" / "aescratch" / exercise.folder.name for exercise in exercises]
    for exercise, question in zip(exercises, questions, strict=True):
        page = script("question.html").replace("FILE", exercise.file_name).replace("TASK", exercise.task.strip())
        (question / "tests").mkdir(parents=True, exist_ok=True)
        write_text(question / "info.json", json.dumps(info_of(exercise), indent=2) + "\n")
        write_text(question / "question.html", page)
        write_text(question / exercise.file_name, exercise.handed_stub)
        write_text(question / "tests" / "settings.sh", settings_of([exercise], unconfined))
    return [shared, *questions]


def info_of(exercise: Exercise) -> dict[str, object]:
    """Return the content of a question's info.json; its identifier follows from the exercise's name."""
    digest = hashlib.sha256(f"aescratch {exercise.name}".encode()).digest()
    return {
        "uuid": str(uuid.UUID(bytes=digest[:16], version=4)), "type": "v3", "title": exercise.title,
        "topic": "Autoencoders", "tags": ["code"], "singleVariant": True, "showCorrectAnswer": False,
        "gradingMethod": "External",
        "externalGradingOptions": {
            "image": IMAGE, "entrypoint": f"/grade/serverFilesCourse/aescratch/{RUN}",
            "serverFilesCourse": ["aescratch/"], "timeout": SECONDS,
        },
    }  # fmt: skip
