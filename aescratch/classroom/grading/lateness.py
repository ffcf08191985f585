"""Lateness: how many days after its due date a submission came, and what that costs.

    --due, or a student's own date;  when it was handed in -> Lateness(days, share) -> deducted(points, share)

A day is 24 hours, and counts as soon as it has started. Where there is only a platform's flag, nothing is deducted.
"""

import re
from datetime import datetime, time, timedelta, timezone
from fractions import Fraction
from typing import NamedTuple

from aescratch.classroom.grading.parts import HUNDREDTHS

DAY = timedelta(days=1)


class Rule(NamedTuple):
    """So many percent of what was earned, for each started day."""

    percent: Fraction

    def share(self, days: int) -> Fraction:
        """Return the share that is deducted, at most all."""
        return min(Fraction(1), days * self.percent / 100)


class Lateness(NamedTuple):
    """How late a submission is."""

    days: int | None  # started since the due date; None where there is only a flag
    share: Fraction = Fraction(0)  # of what was earned that is deducted

    def __str__(self) -> str:
        if self.days is None:
            return "late, as the platform says, without a time; nothing is deducted"
        days = f"late by {self.days} day{'s' if self.days > 1 else ''}"
        return f"{days}: {float(100 * self.share):g} % of what was earned is deducted" if self.share else days


def rule_of(text: str) -> Rule:
    """Return the rule that a text spells."""
    spelled = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?% ?/ ?day", text.strip())
    percent = Fraction(spelled[1]) if spelled else Fraction(0)
    if not 0 < percent <= 100:
        raise ValueError(f"expected a rule such as 10%/day, above 0 and at most 100 %, got {text!r}")
    return Rule(percent)


def due_of(text: str) -> datetime:
    """Return the moment until which it is in time; a date alone lasts to its end, a time without zone is local."""
    try:
        due = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text.strip()))
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip()):
            due = datetime.combine(due.date() + DAY, time())
        return due if due.tzinfo else due.astimezone()
    except (ValueError, OverflowError, OSError) as error:
        examples = "2026-11-30, 2026-11-30T18:00 or 2026-11-30T18:00+09:00"
        raise ValueError(f"expected a date such as {examples}, got {text!r}") from error


def lateness_of(
    handed_in: datetime | None, flag: bool | None, due: datetime | None, rule: Rule | None
) -> Lateness | None:
    """Return how late a submission is, or None if it is in time, or nothing tells; a time decides, then a flag."""
    if handed_in is None or due is None:
        return Lateness(None) if flag else None
    # in UTC: times that share a zone would be subtracted as clocks show them, an hour wrong where summer time ends
    days = -((due.astimezone(timezone.utc) - handed_in.astimezone(timezone.utc)) // DAY)
    return Lateness(days, rule.share(days) if rule else Fraction(0)) if days > 0 else None


def deducted(earned: Fraction, share: Fraction) -> Fraction:
    """Return what is deducted of points, in whole hundredths, rounded down, as the student would have it."""
    return Fraction(int(earned * share * HUNDREDTHS), HUNDREDTHS)
