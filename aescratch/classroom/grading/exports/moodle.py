"""Moodle: a folder for each student and kind of submission, or, without folders, files whose names begin like this.

    Full Name_PARTICIPANT_assignsubmission_file_/what.py     Full Name_PARTICIPANT_assignsubmission_file_what.py
    Full Name_PARTICIPANT_assignsubmission_onlinetext_/onlinetext.html

Moodle's `mod/assign/classes/downloader.php` writes it (before 4.1 `download_submissions` in `locallib.php`, with one
more underscore). PARTICIPANT is the number of the student in this assignment, or of the group if groups hand in; with
blind marking the name is "Participant". The same number is the grading worksheet's "Identifier".
"""

import re
from collections import defaultdict
from collections.abc import Sequence

from aescratch.classroom.grading.exports.archives import FILE, FOLDER, Node
from aescratch.classroom.grading.exports.attempts import Attempt, Found, Who, without_student

PLATFORM = "Moodle"
FORM = re.compile(r"(?P<name>.+?)(?:_(?P<number>\d{1,20}))?_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<rest>.*))?")
TEXT = "onlinetext"
BLIND = "Participant"


def recognises(nodes: Sequence[Node]) -> bool:
    """Whether these are the folders or files of such an export."""
    return any(FORM.fullmatch(node.name) for node in nodes)


def attempts(nodes: Sequence[Node], where: str) -> tuple[list[Attempt], list[str]]:
    """Return the attempts, and remarks on files without a student."""
    files: dict[tuple[str, str], list[Found]] = defaultdict(list)
    numbers: dict[str, set[str]] = defaultdict(set)
    remarks = []
    for node in nodes:
        match = FORM.fullmatch(node.name)
        if match is None or node.kind not in (FILE, FOLDER):
            remarks.append(without_student(node))
            continue
        name, number, is_text = match["name"], match["number"] or "", match["kind"] == TEXT
        numbers[name].add(number)
        path = () if node.kind == FOLDER else (match["rest"] or node.name,)
        files[name, number].append(Found(path, node, is_text=is_text))
    return [Attempt(_who(*key, numbers[key[0]], where), found) for key, found in files.items()], remarks


def _who(name: str, number: str, numbers: set[str], where: str) -> Who:
    """Return the person: by name, since numbers differ between assignments, or by number if two have one name."""
    handles = (number, f"{name}_{number}", f"Participant {number}") if number else ()
    if len(numbers) > 1 or name == BLIND:
        return Who(f"{name}_{number}", ("Moodle", where, name, number), handles, name)
    return Who(name, ("Moodle", name), handles, name)
