"""Exercises in a browser's tab: one interpreter for everything, in a worker that the page can end.

    page --runner.js--> worker.js --runner.py--> Tab --in_place.py--> Outcome -> an answer in words

It is for practice. What a student's code does to this interpreter is put back after a check, but nothing here keeps
code from reading the answers or from changing what is said of it: grading runs where there are processes.
"""
