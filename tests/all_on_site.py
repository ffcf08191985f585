"""Before a release: every exercise and every known mistake on the site, in a browser, beside the command line.

    AESCRATCH_PYODIDE=FOLDER python tests/all_on_site.py [--first] [NAME...]    of these exercises alone; default: all

Ends with status 1 if a solution doesn't pass, or an answer isn't that of the command line but for what processors round.
"""

import argparse
import pathlib
import sys
import tempfile
import time

from chromium import chromium
from site_in_browser import DISTRIBUTION, PATIENCE, REASON, Server, Student, without_memory, words

from aescratch.classroom import check_file
from aescratch.classroom.answering import answer
from aescratch.classroom.exercise import all_exercises
from aescratch.classroom.workspace import NEW
from aescratch.programs.cli import main as command


def told_in_a_terminal(exercise, text, folder):
    path = folder / exercise.file_name
    path.write_text(text, "utf-8")
    return answer(exercise, path, check_file(exercise, path, PATIENCE), NEW)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="exercises, such as dense_backward (default: all)")
    parser.add_argument("--first", action="store_true", help="the first mistake of each exercise alone")
    arguments = parser.parse_args()
    exercises = [each for each in all_exercises() if each.name in arguments.names or not arguments.names]
    if unknown := set(arguments.names) - {each.name for each in exercises}:
        parser.error(f"expected names of exercises, got {', '.join(sorted(unknown))}; `aescratch exercises list` shows them")
    if not DISTRIBUTION:
        sys.exit(REASON)
    problems = answers = 0
    began = time.monotonic()

    def problem(text):
        nonlocal problems
        problems += 1
        print(text, end="\n\n", flush=True)

    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        if command(["site", str(folder / "site"), "--pyodide", DISTRIBUTION]):
            sys.exit(1)
        with chromium(folder / "browser") as driver:
            student = Student(driver, Server(folder / "site").address).open().wait_for_python()
            for exercise in exercises:
                student.go(exercise)
                mutants = list(exercise.mutants.items())[: 1 if arguments.first else None]
                for name, mutant in mutants:
                    text = exercise.mutated(mutant)
                    student.write(text)
                    here, there = student.check(), told_in_a_terminal(exercise, text, folder)
                    answers += 1
                    if words(without_memory(here)) != words(there):
                        problem(f"{exercise.name}, {name}: on the site\n{here}\nin a terminal\n{there}")
                student.write(exercise.shown_solution)
                if f"{exercise.name}: passed" not in (said := student.check()):
                    problem(f"{exercise.name}: its solution doesn't pass on the site\n{said}")
                print(f"{exercise.name}: {len(mutants)} mistakes, {problems} problems so far", flush=True)
    print(f"{len(exercises)} solutions, {answers} mistakes, {problems} problems, {time.monotonic() - began:.0f} s")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
