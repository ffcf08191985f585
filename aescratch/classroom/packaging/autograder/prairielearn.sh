#!/usr/bin/env bash
# PrairieLearn runs this for each submission, as root, in a container of its own without a network.
root=${AUTOGRADER:-/grade}
code=$root/serverFilesCourse/aescratch settings=$root/tests submission=$root/student
closed=$root  # all of it, since the course's shared files are there twice
python=${AUTOGRADER_PYTHON:-python3}
format=prairielearn
nothing='{"gradable": false, "score": 0.0, "message": "%s"}\n'
