"""Planted mistakes: right backward passes, what breaks them one statement at a time, and who judges what is said of it.

    code/*.py --cases--> a check of each pass;  operators --> broken texts;  choosing --> a fixed selection of mistakes
    mistake --judge--> rejected or not, named, described or false;   tests/benchmarks/planted_mistakes.py prints the table
"""
