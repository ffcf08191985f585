"""Planted mistakes: right backward passes, operators that break one statement, and a judge of the checker's answers.

    code/*.py --cases--> a check of each pass;  operators --> broken texts;  choosing --> a fixed selection of mistakes
    mistake --judge--> rejected or not, named, described or false;   tests/benchmarks/planted_mistakes.py prints the table
"""
