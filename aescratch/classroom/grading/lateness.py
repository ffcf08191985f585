"""Lateness: how many days after its due date a submission was handed in, and what that costs.

    --due, or a student's own date;  the time of submission -> Lateness(days, share)

A day has 24 hours, and counts as soon as it has started. If there is only a platform's flag, nothing is deducted.
"""

import re
from datetime import datetime, time, timedelta, timezone
from fractions import Fraction
from typing import NamedTuple

from aescratch.foundations.language import gettext

DAY = timedelta(days=1)


class Lateness(NamedTuple):
    """How late a submission is."""

    days: int | None  # started since the due date; None if there is only a flag
    share: Fraction = Fraction(0)  # of the earned points that is deducted

    def __str__(self) -> str:
        if self.days is None:
            return str(gettext("late according to the platform, which gives no time; nothing is deducted"))
        one, more = gettext("late by 1 day"), gettext("late by {days} days")
        late = str(more.format(days=self.days) if self.days > 1 else one)
        cost = gettext("{late}: {percent:g} % of the earned points are deducted")
        return str(cost.format(late=late, percent=float(100 * self.share))) if self.share else late


def rule_of(text: str) -> Fraction:
    """Return the percentage of the earned points that each started day costs, as a text spells it."""
    spelled = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?% ?/ ?day", text.strip())
    percent = Fraction(spelled[1]) if spelled else Fraction(0)
    if not 0 < percent <= 100:
        message = gettext("expected a rule such as 10%/day, with more than 0 and at most 100 %, got {text!r}")
        raise ValueError(message.format(text=text))
    return percent


def due_of(text: str) -> datetime:
    """Return the deadline that a text spells; a date alone means its end, and a time without zone is local."""
    try:
        due = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text.strip()))
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip()):
            due = datetime.combine(due.date() + DAY, time())
        return due if due.tzinfo else due.astimezone()
    except (ValueError, OverflowError, OSError) as error:
        message = gettext(
            "expected a date such as 2026-11-30, 2026-11-30T18:00 or 2026-11-30T18:00+09:00, got {text!r}"
        )
        raise ValueError(message.format(text=text)) from error


def lateness_of(
    handed_in: datetime | None, flag: bool | None, due: datetime | None, percent: Fraction
) -> Lateness | None:
    """Return the lateness of a submission, or None if it is in time or unknown; a time comes before a flag."""
    if handed_in is None or due is None:
        return Lateness(None) if flag else None
    # In UTC, since times of one zone are subtracted as clocks show them: an hour wrong when summer time ends.
    days = -((due.astimezone(timezone.utc) - handed_in.astimezone(timezone.utc)) // DAY)
    return Lateness(days, min(Fraction(1), days * percent / 100)) if days > 0 else None
