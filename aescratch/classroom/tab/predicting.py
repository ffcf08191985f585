"""Predictions, which stand at the top of an exercise's file: the question in a comment, and one line for the letter.

    # What do you expect? ...
    #   "a"  it doubles               -> question, choices, and the letter that was given
    PREDICTION = None
"""

import re
from typing import Any

QUESTION = re.compile(r"((?:^#.*\n)+)PREDICTION = .*$", re.MULTILINE)
CHOICE = re.compile(r'^#   "(\w)"  ')
GIVEN = re.compile(r"^PREDICTION\s*=.*$", re.MULTILINE)
LETTER = re.compile(r"""^PREDICTION\s*=\s*["'](\w)["']""", re.MULTILINE)


def predictions_of(stub: str, text: str) -> list[dict[str, Any]]:
    """Return the question of a stub with its choices, and the letter that stands in a text; nothing if there is none.

    Examples
    --------
    >>> stub = '''# Does it grow?
    ... #   "a"  yes
    ... #   "b"  no, not at
    ... #        all
    ... # Put the letter here:
    ... PREDICTION = None'''
    >>> predictions_of(stub, 'PREDICTION = "b"')
    [{'question': 'Does it grow?', 'choices': {'a': 'yes', 'b': 'no, not at all'}, 'given': 'b'}]
    """
    found = QUESTION.search(stub)
    if not found:
        return []
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
    given = LETTER.search(text)
    return [{"question": " ".join(question), "choices": choices, "given": given[1] if given else None}]


def predicted(text: str, letter: str) -> str:
    """Return a text with this letter as its prediction; a `ValueError` says what is missing.

    Examples
    --------
    >>> predicted("PREDICTION = None", "a")
    'PREDICTION = "a"'
    """
    if not re.fullmatch(r"[a-z]", letter):
        raise ValueError(f"expected a letter such as a, got {letter!r}; choose one of the answers")
    changed, count = GIVEN.subn(f'PREDICTION = "{letter}"', text, count=1)
    if not count:
        raise ValueError("expected a line PREDICTION = None in your file, got none; put it back, above the functions")
    return changed
