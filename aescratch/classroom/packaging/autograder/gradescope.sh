#!/usr/bin/env bash
# Gradescope runs this for each submission, as root.
root=${AUTOGRADER:-/autograder}
code=$root/source settings=$root/source submission=$root/submission closed=$root/source
python=${AUTOGRADER_PYTHON:-$code/venv/bin/python}
format=gradescope
nothing='{"score": 0, "output": "%s", "visibility": "visible"}\n'
