"""An instructor's dry run: an invented class hands in through Canvas, and the gradebook gets the right points.

    python tests/dry_run.py [--students 300] [--jobs 2] [--folder DIR]

There is one export for each of eight exercises. The points of every file are known: right files, also copied, renamed,
late, or handed in again after a broken one; typical mistakes; stubs, broken files, hostile files, endless loops, and
missing files. Grading is killed by SIGKILL twice, and continued.
"""

import argparse
import csv
import functools
import io
import itertools
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

from exports import canvas, canvas_gradebook, packed

from aescratch.classroom import all_exercises
from aescratch.classroom.grading.marks import entries
from aescratch.classroom.looking import judgement_of
from aescratch.foundations.sources import module_of_file

ROOT = pathlib.Path(__file__).parents[1]
NAMES = ("dense_forward", "dense_backward", "relu_backward", "sigmoid_backward", "cross_entropy_backward", "weight_decay",
         "kl_sparsity_backward", "autoencoder_backward")  # fmt: skip
HOSTILE = (
    "import os\nos._exit(0)\n", "import sys\nsys.exit(0)\n", "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n",
    "x = bytearray(10**12)\n", "def f(): f()\nf()\n", "import socket\nsocket.socket()\n",
)  # fmt: skip
KINDS = {"right": 36, "copied": 6, "renamed": 6, "late": 6, "again": 6, "mistake": 24, "stub": 4, "broken": 4, "hostile": 3,
         "endless": 1, "none": 4}  # fmt: skip
FULL = {"right", "copied", "renamed", "late", "again"}
FAMILIES, GIVEN = ["김", "이", "박", "최", "정", "Kim", "Müller", "García", "O'Neill"], ["민수", "지호", "서연", "하은", "Minsu", "Zoë", "Ann", "Lee"]


@functools.cache
def points_of_mistake(name, mistake):
    """Return the points of a mistake when it is graded in this process, unconfined."""
    exercise = next(each for each in all_exercises() if each.name == name)
    text = exercise.mutated(exercise.mutants[mistake])
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, exercise.file_name)
        path.write_text(text)
        judgement = judgement_of(exercise, lambda: module_of_file(path, "student"), path, text.encode(), 5)
    return float(sum(entry.points for entry in entries(exercise, judgement)))


def handed_in(exercise, rng, kind, number):
    """Return a student's files for an exercise, by name, and their points; None leaves a cell empty."""
    own = f"\n# {number}\n"
    name, file = exercise.file_name, 1000 * exercise.number + number
    user, who = 100 + number, f"student{number}"
    given = functools.partial(canvas, who, user, file, late=kind == "late")
    right = exercise.solution + ("" if kind == "copied" else own)
    if kind == "none":
        return {}, None
    if kind == "again":
        return {canvas(who, user, file, name): "def (\n", canvas(who, user, file + 500_000, name.replace(".py", "-1.py")): right}, 10
    if kind in FULL:
        return {given(name.replace(".py", " (1).py") if kind == "renamed" else name): right}, 10
    if kind == "mistake":
        mistake = rng.choice(sorted(exercise.mutants))
        return {given(name): exercise.mutated(exercise.mutants[mistake]) + own}, points_of_mistake(exercise.name, mistake)
    texts = {"stub": exercise.stub, "broken": exercise.solution + "\ndef (\n", "endless": exercise.solution + "\nwhile True: pass\n",
             "hostile": rng.choice(HOSTILE)}  # fmt: skip
    return {given(name): texts[kind] + own}, 0


def make(folder, count, names=NAMES):
    """Write the exports and the gradebook of a class; return their paths, and the expected cells."""
    rng = random.Random(0)
    exercises = [exercise for exercise in all_exercises() if exercise.name in names]
    students = [(f"{rng.choice(GIVEN)} {rng.choice(FAMILIES)} {n}", 100 + n, f"login{n}", "AB"[n % 2]) for n in range(count)]
    exports, truth = [], [[] for _ in students]
    for exercise in exercises:
        kinds = rng.choices(list(KINDS), list(KINDS.values()), k=count)
        if count >= len(KINDS):
            kinds[: len(KINDS)] = rng.sample(list(KINDS), len(KINDS))  # each at least once
        files = {}
        for number, kind in enumerate(kinds):
            found, points = handed_in(exercise, rng, kind, number)
            files |= found
            truth[number].append(points)
        exports.append(packed(folder / f"{exercise.name}.zip", files))
    columns = [f"{exercise.name} (50{exercise.number})" for exercise in exercises]
    book = folder / "gradebook.csv"
    book.write_text(canvas_gradebook(students, columns, ["10"] * len(columns)), encoding="utf-8")
    return exports, book, truth


def grade(exports, book, out, *more):
    """Return the process that grades."""
    words = [sys.executable, "-m", "aescratch", "exercises", "grade", *map(str, exports), "--roster", str(book), "--out", str(out)]
    words += ["--only", *(export.stem for export in exports)]
    return subprocess.Popen([*words, *map(str, more)], cwd=ROOT, stdout=subprocess.DEVNULL)


def judged(out):
    """Return how many judgements are kept so far."""
    path = out / "results.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def ended_when(process, out, count):
    """Kill a grading after so many judgements; return whether it was still running."""
    while process.poll() is None and judged(out) < count:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def wrong_cells(out, book, truth):
    """Return the wrong cells of the gradebook to be imported."""
    before, after = ([*csv.reader(io.StringIO(path.read_text(encoding="utf-8")))] for path in (book, out / "canvas_gradebook.csv"))
    wrong = [] if len(before) == len(after) else [("rows", len(before), len(after))]
    for row, (old, new) in enumerate(zip(before, after, strict=False)):
        cells = list(old)
        if 3 <= row < 3 + len(truth):
            cells[5 : 5 + len(truth[0])] = ["" if points is None else f"{points:g}" for points in truth[row - 3]]
        wrong += [(old[0], place, a, b) for place, (a, b) in enumerate(itertools.zip_longest(cells, new)) if a != b]
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--folder", type=pathlib.Path)
    arguments = parser.parse_args()
    folder = arguments.folder or pathlib.Path(tempfile.mkdtemp())
    exports, book, truth = make(folder, arguments.students)
    files = sum(points is not None for row in truth for points in row)
    out, more = folder / "grades", ("--jobs", arguments.jobs)
    start = time.perf_counter()
    killed = [ended_when(grade(exports, book, out, *more), out, files * share // 3) for share in (1, 2)]
    assert grade(exports, book, out, *more).wait() == 0
    seconds = time.perf_counter() - start
    keys = [json.loads(line)["key"] for line in (out / "results.jsonl").read_text().splitlines()]
    print(f"{arguments.students} students, {len(exports)} exercises, {files} answers; killed {sum(killed)} times")
    print(f"{seconds:.0f} s with --jobs {arguments.jobs}, {seconds / files:.2f} s an answer")
    print(f"judgements: {len(keys)}, doubled: {len(keys) - len(set(keys))}")
    wrong = wrong_cells(out, book, truth)
    print(f"cells of the gradebook otherwise than they must be: {len(wrong)}", *wrong[:20], sep="\n  ")
    page = (out / "summary.html").read_text(encoding="utf-8")
    print(f"summary.html: {len(page.encode()) >> 10} KiB; lookalikes: {len(json.loads((out / 'lookalikes.json').read_text()))}")
    assert not re.search(r"https?://", page)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
