"""The folders in which platforms run an autograder for a submission, laid out on this machine, and the results there."""

import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile
from typing import NamedTuple

from aescratch.classroom.packaging.carried import settings_of
from aescratch.programs.cli import main

DATA = pathlib.Path(__file__).parent / "data"
CLASSROOM50 = {
    "CLASSROOM": "dl", "ASSIGNMENT": "week-1", "ASSIGNMENT_TYPE": "individual", "OWNER": "kim",
    "SUBMISSION_TAG": "submit/2026-12-01T00-00-00Z-abcdef1", "COMMIT_URL": "https://c", "RELEASE_URL": "https://r",
    "REVIEW_URL": "https://v",
}  # fmt: skip


class Place(NamedTuple):
    """The places of a submission's files in a platform's folder."""

    kind: str
    submission: str
    run: str  # what is started
    code: str  # what is ours
    results: str

    def laid_out(self, root, exercises, *options):
        """Lay out an autograder for exercises as the platform does, readable for every user."""
        root.chmod(0o755)
        names = [exercise.name for exercise in exercises]
        out = root / self.code if self.kind == "classroom50" else root
        assert main(["exercises", "package", self.kind, str(out), "--only", *names, *options]) == 0
        if self.kind == "gradescope":
            with zipfile.ZipFile(root / "autograder.zip") as archive:
                archive.extractall(root / "source")
        if self.kind == "prairielearn":
            (root / "tests").mkdir()
            questions = [root / "questions" / "aescratch" / exercise.folder.name / "tests" for exercise in exercises]
            (root / "tests" / "settings.sh").write_text((questions[0] / "settings.sh").read_text())
            if len(exercises) > 1:  # one question for all of them, as its settings may say
                (root / "tests" / "settings.sh").write_text(settings_of(exercises, "--unconfined" in options))
            shutil.copytree(root / "serverFilesCourse", root / "shared", copy_function=os.link)  # as it still does
            (root / "data").mkdir()
            (root / "data" / "data.json").write_text('{"submitted_answers": {}, "variant_seed": 1, "gradable": true}')
        for package in ("tqdm", "matplotlib"):  # such a machine has Python and NumPy
            (root / self.code / "package" / f"{package}.py").write_text("raise ImportError")

    def started(self, root, files, path=None, before=()):
        """The finished process of the autograder for a submission with these files."""
        shutil.rmtree(root / self.submission, ignore_errors=True)
        shutil.rmtree(root / "results", ignore_errors=True)
        (root / self.submission).mkdir()
        for name, text in files.items():
            (root / self.submission / name).parent.mkdir(parents=True, exist_ok=True)
            (root / self.submission / name).write_text(text)
        environment = {"AUTOGRADER": str(root), "AUTOGRADER_PYTHON": sys.executable, "PATH": path or os.environ["PATH"]}
        command, folder = ["bash", str(root / self.run)], root
        if self.kind == "classroom50":
            environment, command, folder = environment | CLASSROOM50, [sys.executable, str(root / self.run)], root / self.submission
        return subprocess.run([*before, *command], env=environment, capture_output=True, text=True, cwd=folder)

    def graded(self, root, files, **how):
        """The results for a submission of these files, as the platform would read them, and what was printed."""
        done = self.started(root, files, **how)
        assert done.returncode == 0, done.stderr
        results = json.loads((root / self.results).read_text())
        if importlib.util.find_spec("jsonschema"):
            import jsonschema

            schema = pathlib.PurePath(self.results).stem
            jsonschema.validate(results, json.loads((DATA / f"{self.kind}-{schema}.schema.json").read_text()))
        return results, done.stdout + done.stderr


PLACES = {
    place.kind: place
    for place in (
        Place("gradescope", "submission", "source/run_autograder", "source", "results/results.json"),
        Place(
            "prairielearn", "student", "serverFilesCourse/aescratch/run_autograder", "serverFilesCourse/aescratch",
            "results/results.json",
        ),
        Place("classroom50", "student", "week-1/autograder.py", "week-1", "student/result.json"),
    )
}  # fmt: skip


def points_of_parts(results):
    """The points of each part, by its name."""
    tests = results["tests"]
    if "schema" in results:
        return {test["test-name"]: test["score"] / 100 for test in tests}
    return {test["name"]: test.get("points", test.get("score")) for test in tests}
