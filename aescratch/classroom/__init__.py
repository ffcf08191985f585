"""Exercises: write the backward passes yourself, one hole at a time, and be told what is wrong and why.

    path/NN_name/   about.md, solution.py, checks.py, hints.md, mutants.py  ->  Exercise
    student's folder, progress.json <-> Workspace
    student's file --a process of its own, with a time limit--> Outcome -> an answer in words

What a teacher's own exercise needs is here, too. Of the package only the command line imports this room.
"""

from aescratch.classroom.comparing import TOLERANCE, Slip, check_backward, check_forward, check_prediction
from aescratch.classroom.exercise import CourseError, Exercise, Mutant, all_exercises, read_course
from aescratch.classroom.outcome import Outcome
from aescratch.classroom.references import replayed
from aescratch.classroom.running import check_file
from aescratch.classroom.workspace import Workspace, WorkspaceError

__all__ = [
    "TOLERANCE", "CourseError", "Exercise", "Mutant", "Outcome", "Slip", "Workspace", "WorkspaceError", "all_exercises",
    "check_backward", "check_file", "check_forward", "check_prediction", "read_course", "replayed",
]  # fmt: skip
