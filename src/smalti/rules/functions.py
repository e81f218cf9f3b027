"""Functions of values, as a table: what each takes and gives. All but `coalesce` are missing when any argument is."""

from __future__ import annotations

from dataclasses import dataclass

from smalti.facts import Type


@dataclass(frozen=True)
class FunctionKind:
    """How one function is written and typed.

    Attributes:
        least: The fewest arguments.
        most: The most arguments; None for any number.
        takes: The types an argument may have; None for any, all of one kind.
        gives: Its type, or None for the type of its arguments.
        about: What it gives, in a few words.
    """

    least: int
    most: int | None
    takes: frozenset[Type] | None
    gives: Type | None
    about: str


_TEXT = frozenset({Type.TEXT})
_INSTANT = frozenset({Type.INSTANT})
_MEASURES = frozenset({Type.INTEGER, Type.NUMBER, Type.MONEY, Type.DURATION})

FUNCTIONS: dict[str, FunctionKind] = {
    "days_since": FunctionKind(1, 1, _INSTANT, Type.NUMBER, "days of 24 hours from an instant to now"),
    "coalesce": FunctionKind(2, None, None, None, "the first of several that is not missing"),
    "least": FunctionKind(2, None, _MEASURES | {Type.INSTANT}, None, "the smallest of several"),
    "greatest": FunctionKind(2, None, _MEASURES | {Type.INSTANT}, None, "the largest of several"),
    "abs": FunctionKind(1, 1, _MEASURES, None, "the size without the sign"),
    "floor": FunctionKind(
        1, 1, frozenset({Type.INTEGER, Type.NUMBER}), Type.INTEGER, "the largest whole number not above"
    ),
    "money": FunctionKind(
        1, 1, frozenset({Type.INTEGER, Type.NUMBER, Type.MONEY}), Type.MONEY, "a plain number as money in major units"
    ),
    "lower": FunctionKind(1, 1, _TEXT, Type.TEXT, "text in lower case, letter by letter"),
    "trim": FunctionKind(1, 1, _TEXT, Type.TEXT, "text without blanks at its ends"),
    "length": FunctionKind(1, 1, _TEXT, Type.INTEGER, "how many characters a text has"),
    "contains": FunctionKind(2, 2, _TEXT, Type.BOOLEAN, "whether a text has another in it"),
    "starts_with": FunctionKind(2, 2, _TEXT, Type.BOOLEAN, "whether a text begins with another"),
    "ends_with": FunctionKind(2, 2, _TEXT, Type.BOOLEAN, "whether a text ends with another"),
    "year": FunctionKind(1, 1, _INSTANT, Type.INTEGER, "the calendar year of an instant"),
    "month": FunctionKind(1, 1, _INSTANT, Type.INTEGER, "the month of an instant, from 1"),
    "day_of_month": FunctionKind(1, 1, _INSTANT, Type.INTEGER, "the day of the month of an instant, from 1"),
    "weekday": FunctionKind(1, 1, _INSTANT, Type.INTEGER, "the day of the week of an instant, Monday being 1"),
    "hour": FunctionKind(1, 1, _INSTANT, Type.INTEGER, "the hour of an instant on the clock, from 0"),
    "calendar_days_since": FunctionKind(1, 1, _INSTANT, Type.INTEGER, "midnights from an instant to now"),
    "years_since": FunctionKind(1, 1, _INSTANT, Type.INTEGER, "completed years from an instant to now"),
    "days_to_anniversary": FunctionKind(
        1, 1, _INSTANT, Type.INTEGER, "days from today to the next anniversary of an instant's date, 0 on the day"
    ),
    "bucket": FunctionKind(1, 1, _TEXT, Type.NUMBER, "the customer's own draw of this name, from 0 up to but not 1"),
}
"""Every function by the name it is written with."""

DRAW = "bucket"
"""The function that looks at nothing but who the customer is: see `smalti.facts.draw_of`."""

TO_MINOR = "to_minor"
"""The function that `check` puts around money times or divided by a number, and around means of money and durations.

It rounds to whole minor units (or microseconds), halves up: the largest whole number not above the value plus one half.
Nobody writes it; it makes money exact and equal in every reading.
"""

SINCE = frozenset({"days_since", "calendar_days_since", "years_since", "days_to_anniversary"})
"""Functions that look from an instant to now, and so move with the clock."""

CALENDAR = frozenset(
    {"year", "month", "day_of_month", "weekday", "hour", "calendar_days_since", "years_since", "days_to_anniversary"}
)
"""Functions on the calendar of a time zone, which `check` gives them as a last argument."""
