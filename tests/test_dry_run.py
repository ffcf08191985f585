"""The dry run of an instructor at reduced size: two exercises, one student of each kind."""

import json

import pytest
from dry_run import KINDS, ended_when, grade, make, wrong_cells

from aescratch.classroom.grading.judging import missing_protections

pytestmark = pytest.mark.skipif(bool(missing_protections()), reason="needs a machine that confines submissions")


@pytest.mark.in_turn
def test_a_class_is_graded_from_exports_to_the_gradebook_and_may_be_killed_twice(tmp_path):
    exports, book, truth = make(tmp_path, len(KINDS), ("dense_backward", "relu_backward"))
    out, more = tmp_path / "grades", ("--jobs", 2, "--time-limit", 3)
    assert ended_when(grade(exports, book, out, *more), out, 5)
    assert ended_when(grade(exports, book, out, *more), out, 12)
    assert grade(exports, book, out, *more).wait() == 0
    assert wrong_cells(out, book, truth) == []
    records = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    assert len({record["key"] for record in records}) == len(records)
    grades = json.loads((out / "grades.json").read_text())
    lates = [each["late"] for student in grades["students"] for each in student["exercises"] if each["late"]]
    assert lates == [{"days": None, "percent": 0}] * 2  # a flag costs nothing
    assert {points for row in truth for points in row} >= {None, 0, 10}
