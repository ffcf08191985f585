"""The exercises for graders that universities use, and as notebooks.

    exercises -> cells -> notebooks, an nbgrader course, an otter assignment      notebooks.py, nbgrader.py, otter.py
    exercises -> autograder.zip for Gradescope                                    gradescope.py
    a cell of a notebook --its source, in a process of its own--> an answer, points      here.py

What a notebook calls is `check_here`, `require_here` and `score_here`. Everything else is called by
``aescratch exercises package``.
"""

from aescratch.classroom.packaging.here import NotRight, check_here, require_here, score_here

__all__ = ["NotRight", "check_here", "require_here", "score_here"]
