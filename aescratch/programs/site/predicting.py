"""Predictions, which stand at the top of an exercise's file: the question in a comment, and one line for the letter.

    # What do you expect? ...
    #   "a"  it doubles               -> question, choices
    PREDICTION = None
"""

import re
from typing import Any

QUESTION = re.compile(r"((?:^#.*\n)+)PREDICTION = .*$", re.MULTILINE)
CHOICE = re.compile(r'^#   "(\w)"  ')


def prediction_of(stub: str) -> dict[str, Any] | None:
    """Return the question of a stub with its choices; None if there is none.

    Examples
    --------
    >>> stub = '''# Does it grow?
    ... #   "a"  yes
    ... #   "b"  no, not at
    ... #        all
    ... # Put the letter here:
    ... PREDICTION = None'''
    >>> prediction_of(stub)
    {'question': 'Does it grow?', 'choices': {'a': 'yes', 'b': 'no, not at all'}}
    """
    found = QUESTION.search(stub)
    if not found:
        return None
    question: list[str] = []
    choices: dict[str, str] = {}
    letter = ""
    for line in found[1].splitlines():
        words = line.removeprefix("#").strip()
        if choice := CHOICE.match(line):
            letter = choice[1]
            choices[letter] = line[choice.end() :].strip()
        elif letter and line.startswith("#        "):
            choices[letter] += f" {words}"
        elif not choices:
            question.append(words)
    return {"question": " ".join(question), "choices": choices}
