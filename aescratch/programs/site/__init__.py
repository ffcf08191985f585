"""`aescratch site`: a course in a browser tab, as a folder of static files.

    distribution.py: the interpreter, by Pyodide    handout.py: the course and the package, without answers
    tutorials.py, pages.py: HTML    building.py: all of it, searched for answers    command.py: `aescratch site`

strings.en.json and strings.ko.json hold every word that the pages say. In the browser: app/main.js is the page of
exercises, with saved.js (what is kept), python.js (the interpreter), home.js, exercise.js, editor.js, answer.js and
work.js; app/tutorial.js is a tutorial's page; app/sw.js keeps all of it for the next visit. vendored/ holds other
people's.
"""

from aescratch.programs.site.command import add_arguments, run

__all__ = ["add_arguments", "run"]
