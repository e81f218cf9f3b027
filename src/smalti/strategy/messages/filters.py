"""What a template may do to a value: a short list, each with what it takes and gives."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Undefined

from smalti.errors import SmaltiError
from smalti.facts import Type
from smalti.strategy.messages.values import LONGEST_VALUE, DateStyle, Money, Writing

_TEXT, _NUMBERS = frozenset({Type.TEXT}), frozenset({Type.INTEGER, Type.NUMBER})
_LINK = re.compile(r"://|\bwww\.", re.IGNORECASE)
_STYLES = ("full", "long", "medium", "short", "time")
_MOST_PLACES = 6


class RefusedError(SmaltiError):
    """A message can't be made for this customer, and so is not sent to her.

    Attributes:
        reason: In a word: missing, link, long, empty, unfit (a value that can't be written or compared) or forbidden.
        field: The name of the value that it is about; None where it is about none.
    """

    def __init__(self, reason: str, text: str, field: str | None = None) -> None:
        self.reason = reason
        self.field = field
        super().__init__(text)


class Link(str):
    """A link that was asked for as one."""

    __slots__ = ()


def _money(writing: Writing, value: Any, whole: bool = False) -> str:
    return writing.money(Decimal(str(value)), whole=whole)


def _number(writing: Writing, value: Any, places: int | None = None) -> str:
    return writing.number(value, places)


def _percent(writing: Writing, value: Any) -> str:
    return writing.percent(value)


def _date(writing: Writing, value: datetime, style: DateStyle = "long") -> str:
    return writing.date(value, style)


def _round(_: Writing, value: Any, places: int = 0) -> Any:
    exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-places))
    if isinstance(value, Money):
        return Money(exact)
    return int(exact) if isinstance(value, int) else float(exact)


def _upper(_: Writing, value: str) -> str:
    return value.upper()


def _lower(_: Writing, value: str) -> str:
    return value.lower()


def _title(_: Writing, value: str) -> str:
    return re.sub(r"[^\W\d_]+('[^\W\d_]+)*", lambda word: word[0][:1].upper() + word[0][1:].lower(), value)


def _capitalize(_: Writing, value: str) -> str:
    return value[:1].upper() + value[1:].lower()


def _trim(_: Writing, value: str) -> str:
    return value.strip()


def _url(_: Writing, value: Any) -> Link:
    return Link(quote(str(value), safe=""))


def _link(_: Writing, value: str) -> Link:
    parts = urlsplit(value)
    if parts.scheme.lower() not in ("http", "https") or not parts.netloc or re.search(r"[\s\"'<>\\`]", value):
        raise RefusedError("link", f"no link: found '{value[:80]}', wanted one that begins with https://")
    return Link(value)


@dataclass(frozen=True)
class Filter:
    """A filter.

    Attributes:
        apply: What it does: the way of writing, the value, further arguments.
        takes: Types that it takes; empty for all.
        gives: The type that it gives; None for that of what it is given.
        about: What it is for.
        fits: By place of its further arguments, what each may be.
    """

    apply: Callable[..., Any]
    takes: frozenset[Type]
    gives: Type | None
    about: str
    fits: tuple[tuple[str, Callable[[Any], bool]], ...] = ()


def _is_places(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_PLACES


_PLACES = (("places", _is_places),)
FILTERS: dict[str, Filter] = {
    "money": Filter(
        _money,
        _NUMBERS | {Type.MONEY},
        Type.TEXT,
        "money of the project; `money(whole=true)` without pence; a plain number is taken as whole units of it",
        (("whole", lambda value: isinstance(value, bool)),),
    ),
    "number": Filter(_number, _NUMBERS, Type.TEXT, "a number, `number(2)` with two places", _PLACES),
    "percent": Filter(_percent, _NUMBERS, Type.TEXT, "a share of one as a percentage"),
    "date": Filter(
        _date,
        frozenset({Type.INSTANT}),
        Type.TEXT,
        "the day of an instant in the project's time zone, `date('short')`: full, long, medium, short, or time",
        (("style", lambda value: value in _STYLES),),
    ),
    "round": Filter(_round, _NUMBERS | {Type.MONEY}, None, "rounded to whole ones, `round(1)` to one place", _PLACES),
    "upper": Filter(_upper, _TEXT, Type.TEXT, "in capitals"),
    "lower": Filter(_lower, _TEXT, Type.TEXT, "in small letters"),
    "title": Filter(_title, _TEXT, Type.TEXT, "each word with a capital, the rest small"),
    "capitalize": Filter(_capitalize, _TEXT, Type.TEXT, "the first letter a capital, the rest small"),
    "trim": Filter(_trim, _TEXT, Type.TEXT, "without spaces around it"),
    "url": Filter(_url, frozenset(), Type.TEXT, "written so that it can be part of a link"),
    "link": Filter(_link, _TEXT, Type.TEXT, "a whole link, which must begin with http:// or https://"),
}
"""The filters, beside `default`."""


def _default(value: Any, instead: Any) -> Any:
    return instead if isinstance(value, Undefined) else value


def _unless_missing(apply: Callable[..., Any], value: Any, *args: Any, **named: Any) -> Any:
    if isinstance(value, Undefined):
        return value
    try:
        return apply(value, *args, **named)
    except (TypeError, AttributeError, ArithmeticError, ValueError):
        raise RefusedError("unfit", f"a filter was given what it can't take: found '{value!s:.80}'") from None


def filters_of(writing: Writing) -> dict[str, Callable[..., Any]]:
    """Give the filters as functions of a value, and whatever else they take; what is missing stays missing."""
    made: dict[str, Callable[..., Any]] = {
        name: partial(_unless_missing, partial(one.apply, writing)) for name, one in FILTERS.items()
    }
    return {"default": _default, **made}


def _figure(writing: Writing, value: float | Decimal | datetime) -> str:
    """Write money, a number or a day."""
    try:
        if isinstance(value, datetime):
            return writing.date(value)
        return writing.money(value) if isinstance(value, Money) else writing.number(value)
    except (ArithmeticError, ValueError):
        raise RefusedError("unfit", f"too large to be written: found {value!s:.40}") from None


def written(writing: Writing, value: Any) -> Any:
    """Write what comes out of the braces.

    Raises:
        RefusedError: There is nothing to write, it is too long or too large, or it is a link that was not asked for.

    >>> from smalti.facts import Currency
    >>> written(Writing(Currency("GBP")), Money("12.5")), written(Writing(Currency("GBP")), 1234)
    ('£12.50', '1,234')
    """
    if isinstance(value, Undefined | Link):
        return value
    if isinstance(value, int | float | Decimal | datetime) and not isinstance(value, bool):
        return _figure(writing, value)
    if not isinstance(value, str):
        raise RefusedError("unfit", f"no words: found {value!r}, wanted a text, a number, money or an instant")
    if hasattr(value, "__html__"):
        return value
    if len(value) > LONGEST_VALUE:
        raise RefusedError(
            "long", f"too long: found {len(value):,} characters in a value, wanted at most {LONGEST_VALUE}"
        )
    if _LINK.search(unicodedata.normalize("NFKC", value)):
        raise RefusedError(
            "link", f"a link where words should be: found '{value[:80]}'; write | link where it is meant"
        )
    return value
