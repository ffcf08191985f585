"""Exports of learning platforms, made for tests in each platform's form; and a small course."""

import json
import zipfile
from pathlib import Path

RIGHT = {"double": "def double(x):\n    return x + x\n", "triple": "def triple(x):\n    return 3 * x\n"}
WRONG = {"double": "def double(x):\n    return 5 * x\n", "triple": "def triple(x):\n    return x\n"}
POINTS = {"double": 10, "triple": 5}


def course(folder):
    """Write a course of two exercises, 01_double worth 10 and 02_triple worth 5."""
    for number, (name, points) in enumerate(POINTS.items(), 1):
        here = folder / f"0{number}_{name}"
        here.mkdir(parents=True)
        (here / "about.md").write_text(f"# {name.title()} it\nchapter: 1. First\nminutes: 2\npoints: {points}\n\nWrite it.\n")
        (here / "solution.py").write_text(
            f'"""It."""\n\n\ndef {name}(x):\n    """Return it."""\n    ### BEGIN SOLUTION\n'
            f"    return {number + 1} * x\n    ### END SOLUTION\n"
        )
        (here / "hints.md").write_text("# *\n1. a\n2. b\n3. c\n")
        (here / "mutants.py").write_text("MUTANTS = {}\n")
        (here / "checks.py").write_text(
            '"""Values."""\nimport numpy as np\nfrom aescratch.classroom.comparing import check_forward\n'
            f'FUNCTIONS = ("{name}",)\n\ndef right(x):\n    return {number + 1} * x\n\ndef check(student, seed):\n'
            "    rng = np.random.default_rng(seed)\n    draws = [{'x': rng.normal(size=5)} for _ in range(2)]\n"
            f"    yield check_forward(student.{name}, right, draws)\n"
        )
    return folder


def spread(folder, files):
    """Write an export as a folder."""
    for name, content in files.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Path(folder)


def packed(path, files):
    """Write an export, or a student's own archive, as a zip file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return Path(path)


def packed_bytes(folder, files):
    return packed(Path(folder) / "packed.zip", files).read_bytes()


def notebook(*cells):
    """Return a notebook of code cells, with some text between them."""
    code = [{"cell_type": "code", "source": cell.splitlines(keepends=True), "outputs": [], "metadata": {}} for cell in cells]
    text = {"cell_type": "markdown", "source": ["def double(x): not code"], "metadata": {}}
    return json.dumps({"cells": [text, *code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


# canvas-lms, lib/content_zipper.rb: [users_name, late? && "LATE", id].join("_"), "#{filename}_#{file.id}_#{display_name}"


def canvas(name, user, file, what, late=False):
    return f"{name}_{'LATE_' if late else ''}{user}_{file}_{what}"


def canvas_text(name, user, body):
    page = (
        "<!DOCTYPE html>\n<html>\n<head>\n  <title>Week 1: Someone</title>\n</head>\n<body>\n<h1>Week 1: Someone</h1>\n"
        f'<div style="width: 600px;">\n  {body}\n</div>\n</body>\n</html>'
    )
    return {f"{name}_{user}_text.html": page}


def canvas_gradebook(students, columns=("Double (501)", "Triple (502)"), points=("10", "5")):
    """Return what Canvas exports of its gradebook: rows of name, id, login, section."""
    filler = "," * len(columns)
    lines = [
        "Student,ID,SIS User ID,SIS Login ID,Section," + ",".join(columns) + ",Current Score,Final Score",
        f",,,,{',Manual Posting' * len(columns)},,",
        '"    Points Possible",,,,,' + ",".join(points) + ",(read only),(read only)",
        *(f'"{name}",{user},S{user},{login},{section}{filler},0,0' for name, user, login, section in students),
        f'"Student, Test",999,,test,Section A{filler},0,0',
    ]
    return "\n".join(lines) + "\n"


# moodle, mod/assign/classes/downloader.php: prefix_subtype_type, in folders or not


def moodle(name, number, what, kind="file", folders=True):
    return f"{name}_{number}_assignsubmission_{kind}_{'/' if folders else ''}{what}"


# Gradescope: submission_metadata.yml, as Ruby's YAML writes it


def gradescope(submissions):
    """Return an export: {number: (submitters, created_at, files)}, a submitter being name, sid and email."""
    files, metadata = {}, "---\n"
    for number, (submitters, created, inside) in submissions.items():
        metadata += f"submission_{number}:\n  :submitters:\n"
        for name, sid, email in submitters:
            metadata += f"  - :name: {name}\n    :sid: '{sid}'\n    :email: {email}\n"
        metadata += f"  :created_at: {created}\n  :score: 2.0\n  :results:\n    tests:\n    - name: It runs\n"
        metadata += "      output: 'submission_1 is right.\n\n'\n      status: passed\n    output: |+\n      :submitters:\n      - :name: x\n\n...\n"
        files |= {f"assignment_77_export/submission_{number}/{name}": text for name, text in inside.items()}
    return {"assignment_77_export/submission_metadata.yml": metadata, **files}


# Blackboard: Assignment_username_attempt_time_name, and a text for each attempt


def blackboard(assignment, name, user, time, inside, entry=""):
    """Return the files of one attempt."""
    before = f"{assignment}_{user}_attempt_{time}"
    names = "".join(f"\tOriginal filename: {what}\n\tFilename: {before}_{what}\n\n" for what in inside)
    text = (
        f"Name: {name} ({user})\nAssignment: {assignment}\nDate Submitted: Tuesday, September 8, 2026 6:27:28 PM KST\n"
        "Current Grade: Needs Grading\n\nSubmission Field:\n"
        f"{entry or 'There is no student submission text data for this assignment.'}\n\nComments:\n"
        f"There are no student comments for this assignment.\n\nFiles:\n{names}"
    )
    return {f"{before}.txt": text, **{f"{before}_{what}": content for what, content in inside.items()}}
