"""The exercises as notebooks, and packaged for the graders that universities use.

    exercises -> notebooks, an nbgrader course, an otter assignment, autograder.zip for Gradescope
    a cell of a notebook --its source, in a process of its own--> an answer, points      here.py
"""

from aescratch.classroom.packaging.here import NotRight, check_here, require_here, score_here

__all__ = ["NotRight", "check_here", "require_here", "score_here"]
