"""What is said on the command line, as values: costs of arms, worths of outcomes, budgets, shares."""

from __future__ import annotations

from collections.abc import Sequence

from smalti.errors import SmaltiError
from smalti.experiments.proof import Budget


def named_numbers(said: Sequence[str], option: str) -> tuple[tuple[str | None, float], ...]:
    """Read what is said as ``name=number``, or as a number alone, which holds for all.

    Raises:
        SmaltiError: It is neither.

    >>> named_numbers(["letter=1.20", "0.5"], "cost")
    (('letter', 1.2), (None, 0.5))
    """
    return tuple(_named_number(one, option) for one in said)


def _named_number(text: str, option: str) -> tuple[str | None, float]:
    name, equals, number = text.rpartition("=")
    found = as_number(number)
    if found is None or (equals and not name.strip()):
        raise SmaltiError(f"--{option}: found '{text}', wanted a number such as 0.50, or NAME=0.50")
    return (name.strip() if equals else None), found


def named_columns(said: Sequence[str], option: str) -> tuple[tuple[str, str], ...]:
    """Read what is said as ``name=column``.

    Raises:
        SmaltiError: It is not.

    >>> named_columns(["value=history", "recency=months since"], "rank")
    (('value', 'history'), ('recency', 'months since'))
    """
    found = []
    for text in said:
        name, _, column = (part.strip() for part in text.partition("="))
        if not name or not column:
            raise SmaltiError(f"--{option}: found '{text}', wanted NAME=COLUMN, such as value=history")
        found.append((name, column))
    return tuple(found)


def as_number(text: str) -> float | None:
    """Read a number, or a percentage as a share; None where it is neither.

    >>> as_number("20%"), as_number("0.5"), as_number("1,200"), as_number("much")
    (0.2, 0.5, 1200.0, None)
    """
    plain = text.strip().replace("\N{NO-BREAK SPACE}", "").replace(" ", "").replace(",", "")
    percent = plain.endswith("%")
    try:
        number = float(plain.removesuffix("%"))
    except ValueError:
        return None
    if number != number or abs(number) == float("inf"):  # noqa: PLR0124 - NaN
        return None
    return number / 100 if percent else number


def budgets(said: Sequence[str]) -> tuple[Budget, ...]:
    """Read budgets: a percentage is a share of the customers that may be contacted, a plain number is money for all of them.

    Raises:
        SmaltiError: It is neither, or out of range.

    >>> [str(one) for one in budgets(["5%", "1500"])]
    ['5 % of customers', '1,500 to spend']
    """
    return tuple(map(_budget, said))


def _budget(text: str) -> Budget:
    number = as_number(text)
    share = text.strip().endswith("%")
    if number is None or number <= 0 or (share and number > 1):
        wanted = "a share of the customers up to 100%, such as 20%, or money for all of them, such as 5000"
        raise SmaltiError(f"--budget: found '{text}', wanted {wanted}")
    return Budget("contacts" if share else "money", number)


def shares(said: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Read the shares of arms that were planned.

    Raises:
        SmaltiError: One of them has no arm.

    >>> shares(["mail=50%", "none=0.5"])
    (('mail', 0.5), ('none', 0.5))
    """
    found = []
    for name, share in named_numbers(said, "share"):
        if name is None:
            raise SmaltiError(f"--share: found '{share:g}', wanted an arm with its share, such as mail=50%")
        found.append((name, share))
    return tuple(found)
