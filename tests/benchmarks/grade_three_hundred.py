"""Three hundred submissions, made up and graded: seconds, and that ending it in the middle loses and doubles nothing.

    python tests/benchmarks/grade_three_hundred.py [--students 300] [--jobs 1 2] [--folder DIR]

Each student has five exercises, each drawn from: our solution (a comment tells students' files apart), one of the
exercise's typical mistakes, the stub, no file, a syntax error, a loop without an end, and hostile code.
"""

import argparse
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

from aescratch.classroom import all_exercises

ROOT = pathlib.Path(__file__).parents[2]
NAMES = ("dense_backward", "sigmoid_backward", "kl_sparsity_backward", "autoencoder_backward", "find_the_bug_1")
HOSTILE = (
    "import os\nos._exit(0)\n", "import sys\nsys.exit(0)\n", "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n",
    "x = bytearray(10**12)\n", "while True: print('x' * 1000)\n", "def f(): f()\nf()\n",
)  # fmt: skip
GRADE = (
    "import argparse, sys; from aescratch.programs.cli import grading; p = argparse.ArgumentParser(); grading.add_arguments(p); "
    "sys.exit(grading.run(p.parse_args(sys.argv[1:])))"
)


def text_of(exercise, rng, student):
    """Return what a student handed in, or None for nothing; every seventh file is like somebody else's."""
    kind = rng.choices(
        ("solution", "mistake", "stub", "nothing", "syntax", "endless", "hostile"), (50, 32, 6, 5, 4, 1, 2)
    )[0]
    own = f"\n# {student}\n" if rng.random() < 6 / 7 else "\n"
    if kind == "nothing":
        return None
    if kind == "mistake":
        return exercise.mutated(exercise.mutants[rng.choice(sorted(exercise.mutants))]) + own
    endless = exercise.solution + "\nwhile True: pass\n"
    texts = {"solution": exercise.solution, "stub": exercise.stub, "syntax": exercise.solution + "\ndef (\n", "endless": endless}
    return texts.get(kind, rng.choice(HOSTILE)) + own


def make(folder, students):
    """Write the submissions of so many students; the same ones every time."""
    rng = random.Random(0)
    exercises = [exercise for exercise in all_exercises() if exercise.name in NAMES]
    for number in range(students):
        own = folder / f"student {number:03}"
        own.mkdir(parents=True)
        for exercise in exercises:
            text = text_of(exercise, rng, own.name)
            if text is not None:
                (own / exercise.file_name).write_text(text)


def command(submissions, out, jobs):
    """Return the command that grades."""
    return [sys.executable, "-c", GRADE, str(submissions), "--only", *NAMES, "--jobs", str(jobs), "--seed", "7",
            "--out", str(out)]  # fmt: skip


def end_and_go_on(submissions, out, jobs, seconds):
    """Grade, end it with SIGKILL again and again, each time later, and go on until it is done; return how often."""
    times = 0
    while True:
        process = subprocess.Popen(command(submissions, out, jobs), cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            status = process.wait(seconds)
            assert status == 0, status
            return times
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            times += 1
            seconds *= 1.3  # or an endless file, which takes its time limit, would never be done with


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--end-after", type=float, default=0.0, metavar="SECONDS", help="end it, and go on")
    arguments = parser.parse_args()
    folder = arguments.folder or pathlib.Path(tempfile.mkdtemp())
    submissions = folder / "handed_in"
    if not submissions.exists():
        make(submissions, arguments.students)
    files = list(submissions.glob("*/*.py"))
    print(f"{arguments.students} students, {len(files)} files, {len({f.read_bytes() for f in files})} different ones")
    results = []
    for jobs in arguments.jobs:
        out = folder / f"out_{jobs}_{time.time():.0f}"
        start = time.perf_counter()
        subprocess.run(command(submissions, out, jobs), cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        print(f"N = {jobs}: {time.perf_counter() - start:.1f} s")
        results.append(out)
    if arguments.end_after:
        out = folder / f"ended_{time.time():.0f}"
        times = end_and_go_on(submissions, out, arguments.jobs[-1], arguments.end_after)
        print(f"ended with SIGKILL {times} times, and gone on")
        results.append(out)
    for out in results:
        keys = [json.loads(line)["key"] for line in (out / "results.jsonl").read_text().splitlines()]
        print(f"{out.name}: {len(keys)} judgements, {len(keys) - len(set(keys))} doubled")
    for name in ("grades.json", "summary.csv", "summary.html"):
        texts = {re.sub(r'<section id="runtime">.*?</section>', "", (out / name).read_text(), flags=re.S) for out in results}
        print(f"{name}: {'identical' if len(texts) == 1 else 'DIFFERENT'}, "
              f"{(results[0] / name).stat().st_size} bytes")  # fmt: skip


if __name__ == "__main__":
    main()
