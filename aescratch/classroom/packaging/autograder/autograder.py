#!/usr/bin/env python3
"""Grade a submission for Classroom 50, whose runner starts this in the student's repository.

    the repository --aescratch exercises grade--> points and reasons --whose they are--> result.json, release-body.md

Scores are whole numbers: hundredths of points. A status other than 0 means that grading itself failed.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent
SEED = "no secret in Classroom 50"  # everybody can read this folder
WHOSE = {
    "classroom": "CLASSROOM", "assignment": "ASSIGNMENT", "assignment_type": "ASSIGNMENT_TYPE", "owner": "OWNER",
    "submission": "SUBMISSION_TAG", "commit": "COMMIT_URL", "release": "RELEASE_URL", "review": "REVIEW_URL",
}  # fmt: skip


def main() -> None:
    """Grade the submission and write the results; failures raise."""
    settings = json.loads((HERE / "settings.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as work:
        packages, out = Path(work, "packages"), Path(work, "result.json")
        if not has_numpy():
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(packages), "numpy>=2.0"]
            subprocess.run(pip, check=True, cwd=work)
        command = [sys.executable, "-m", "aescratch", "exercises", "grade", os.getcwd(), "--format", "classroom50"]
        command += ["--jobs", "1", "--seed", SEED, "--out", str(out), "--only", *settings["only"]]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE / "package"), str(packages)])}
        environment["AESCRATCH_LANGUAGE"] = settings["language"]
        subprocess.run(command, cwd=work, env=environment, check=True)  # a folder without the student's modules
        results = json.loads(out.read_text(encoding="utf-8"))
    Path("release-body.md").write_text(body(results.pop("total"), results.pop("answer")), encoding="utf-8")
    whose = {key: os.environ.get(name, "") for key, name in WHOSE.items()}
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    whole = {"schema": "classroom50/result/v1", **whose, "datetime": now, **results}
    Path("result.json").write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


def has_numpy() -> bool:
    """Whether a suitable NumPy is installed."""
    try:
        return int(metadata.version("numpy").partition(".")[0]) >= 2
    except metadata.PackageNotFoundError:
        return False


def body(total: str, text: str) -> str:
    """Return the text of the release: the points, and the answer in a code fence that its text can't close."""
    fence = "`" * (1 + max(map(len, ["``", *re.findall("`+", text)])))
    return f"### {total}\n\n{fence}\n{text}\n{fence}\n"


if __name__ == "__main__":
    main()
