#!/usr/bin/env bash
# Run for each submission, by PrairieLearn, as root, in a container of its own without a network.
root=${AUTOGRADER:-/grade}
code=$root/serverFilesCourse/aescratch settings=$root/tests submission=$root/student
closed=$root  # all of it: what a course shares lies there twice
python=${AUTOGRADER_PYTHON:-python3}
format=prairielearn
nothing='{"gradable": false, "score": 0.0, "message": "%s"}\n'
