"""Lengths of time as settings have them: whole days, hours and so on, never months."""

from __future__ import annotations

import re

from smalti.errors import SmaltiError
from smalti.facts.instants import format_duration, parse_duration

_CALENDAR = re.compile(r"\s*([1-9]\d{0,3})\s*(month|quarter|year)s?\s*")
_DAYS = {"month": 30, "quarter": 90, "year": 365}


def length_of_time(text: str, of: str, such_as: str) -> str:
    """Give a length of time as it is told.

    Args:
        text: It, as it was written.
        of: Whose it is, for messages.
        such_as: One that would be right.

    Raises:
        ValueError: It is none, or none at all.

    >>> length_of_time("24 hours", "a score", "90 days")
    '1 day'
    """
    if calendar := _CALENDAR.fullmatch(text):
        number, unit = calendar.groups()
        near = f"; did you mean '{int(number) * _DAYS[unit]} days'?"
        raise ValueError(f"months differ in length: found '{text}', wanted a number of days or weeks{near}")
    try:
        length = parse_duration(text)
    except SmaltiError as error:
        raise ValueError(str(error)) from None
    if length == 0:
        raise ValueError(f"{of} about no time at all: found '{text}', wanted a length of time such as {such_as}")
    return format_duration(length)
