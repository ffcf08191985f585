"""Exercises: write the backward passes yourself, one hole at a time, and be told what is wrong and why.

    path/NN_name/   about.md, solution.py, checks.py, hints.md, mutants.py     what an exercise is
        -> Exercise  stub for the student, hints by finding
    student's folder, progress.json <-> Workspace
    student's file --a process of its own, with a time limit--> Outcome -> an answer in words

Nothing of the package outside `aescratch.programs.cli` imports this one.
"""

from aescratch.classroom.exercise import CourseError, Exercise, all_exercises, read_course
from aescratch.classroom.outcome import Outcome
from aescratch.classroom.running import check_file
from aescratch.classroom.workspace import Workspace, WorkspaceError

__all__ = [
    "CourseError", "Exercise", "Outcome", "Workspace", "WorkspaceError", "all_exercises", "check_file", "read_course",
]  # fmt: skip
