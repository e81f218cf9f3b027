"""Columns of a trial as arrays: arms, chances, outcomes, ids, and what was known before; rows that cannot be used are found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.proving.roles import MONEY, MOST_ARMS
from smalti.engine.proving.trial import Came, Kind
from smalti.errors import SourceError
from smalti.experiments.logged import Booleans, Integers
from smalti.facts import Type
from smalti.models.supervised import Column
from smalti.sources.amounts import decimal_sign, read_amounts
from smalti.sources.dates import DateReading
from smalti.sources.kinds import distinct_texts, find_type, to_type
from smalti.sources.roles import words_of
from smalti.sources.tabular import as_text

_READING = DateReading("UTC", decided=False)
_YES, _NO = frozenset({"true", "yes", "t", "y"}), frozenset({"false", "no", "f", "n"})
_ID_LIKE = 0.5
"""A text of which more than this share of the values is different names customers, and is nothing to learn from."""


@dataclass(frozen=True, eq=False)
class Read:
    """A column as an array.

    Attributes:
        values: Its values; shape (n,).
        missing: Where nothing stands.
        broken: Where something stands that cannot be used.
    """

    values: npt.NDArray[np.generic]
    missing: Booleans
    broken: Booleans


def texts_of(column: pa.ChunkedArray) -> tuple[pa.Array, Booleans]:
    """Give a column as trimmed texts, and where nothing stands."""
    text = pc.utf8_trim_whitespace(as_text(column))
    missing = np.asarray(pc.fill_null(pc.equal(text, ""), True))
    return pc.if_else(pa.array(missing), pa.scalar(None, pa.string()), text), missing


def read_arms(column: pa.ChunkedArray, name: str) -> tuple[tuple[str, ...], Integers, Booleans]:
    """Give the names of the arms in order, of each row the place of its arm (0 where missing), and where it is missing.

    Raises:
        SourceError: There are fewer than two arms, or too many.

    >>> names, places, _ = read_arms(pa.chunked_array([["b", "a", "b"]]), "group")
    >>> names, places.tolist()
    (('a', 'b'), [1, 0, 1])
    """
    text, missing = texts_of(column)
    coded = text.dictionary_encode()
    names = coded.dictionary.to_pylist()
    if not 2 <= len(names) <= MOST_ARMS:
        shown = f" ({', '.join(names[:5])}, ...)" if names else ""
        wanted = f"2 to {MOST_ARMS} different ones"
        raise SourceError(f"column '{name}' has {len(names):,} different values{shown}; wanted arms: {wanted}")
    order = sorted(range(len(names)), key=lambda place: _natural(names[place]))
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    places = rank[np.asarray(coded.indices.fill_null(0)).astype(np.int64)]
    return tuple(names[place] for place in order), places, missing


def in_words(arms: tuple[str, ...], column: str) -> dict[str, str]:
    """Give arms that only say yes or no the name of their column; each by what stands in the file.

    >>> in_words(("0", "1"), "treated_by_mail"), in_words(("a", "b"), "arm")
    ({'0': 'no treated by mail', '1': 'treated by mail'}, {'a': 'a', 'b': 'b'})
    """
    folded = [name.casefold() for name in arms]
    if len(arms) == 2 and (folded == ["0", "1"] or (folded[0] in _NO and folded[1] in _YES)):
        words = words_of(column)
        return {arms[0]: f"no {words}", arms[1]: words}
    return {name: name for name in arms}


def _natural(name: str) -> tuple[int, float, str]:
    """Order numbers by their size, before words."""
    return (0, float(name), name) if name.removeprefix("-").isdecimal() else (1, 0.0, name)


def read_chances(column: pa.ChunkedArray) -> Read:
    """Give chances; those that are not above 0 and at most 1 are broken.

    >>> read_chances(pa.chunked_array([["0.5", "0", ""]])).broken.tolist()
    [False, True, False]
    """
    read = _numbers(column)
    values = np.asarray(read.values, np.float64)
    return Read(values, read.missing, read.broken | (~read.missing & ~((values > 0) & (values <= 1))))


def read_outcome(column: pa.ChunkedArray, name: str) -> tuple[Kind, Read]:
    """Give what came: yes and no as 1 and 0, anything else as numbers; and which kind of outcome it is.

    >>> kind, read = read_outcome(pa.chunked_array([["TRUE", "FALSE", "?"]]), "retention_7")
    >>> kind, read.values.tolist(), read.missing.tolist()
    ('rate', [1.0, 0.0, 0.0], [False, False, True])
    """
    read = _said_yes(column) if _is_yes_or_no(column) else _numbers(column)
    values = np.asarray(read.values, np.float64)
    good = values[~read.missing & ~read.broken]
    if bool(np.isin(good, (0.0, 1.0)).all()):
        return "rate", read
    return ("money" if MONEY.search(words_of(name)) else "number"), read


def _is_yes_or_no(column: pa.ChunkedArray) -> bool:
    if pa.types.is_boolean(column.type):
        return True
    if not pa.types.is_string(column.type):
        return False
    words = {value.casefold() for value in distinct_texts(column.combine_chunks()).slice(0, 20).to_pylist()}
    return bool(words) and words <= _YES | _NO


def _said_yes(column: pa.ChunkedArray) -> Read:
    text, missing = texts_of(column)
    low = pc.utf8_lower(text)
    yes, no = (np.asarray(pc.fill_null(pc.is_in(low, pa.array(sorted(words))), False)) for words in (_YES, _NO))
    return Read(yes.astype(np.float64), missing | ~(yes | no), np.zeros(len(column), np.bool_))


def _numbers(column: pa.ChunkedArray) -> Read:
    whole = column.combine_chunks()
    whole = whole.cast(pa.int64()) if pa.types.is_boolean(whole.type) else whole
    sign = decimal_sign(distinct_texts(whole).slice(0, 20_000).to_pylist()) if pa.types.is_string(whole.type) else "."
    amounts = read_amounts(whole, sign)
    finite = np.isfinite(amounts.number) & (np.abs(amounts.number) < 1e15)
    values = np.where(amounts.readable & finite, amounts.number, 0.0)
    return Read(values, amounts.missing, ~amounts.missing & ~(amounts.readable & finite))


def came_of(kind: Kind, read: Read, name: str, rows: Booleans) -> Came:
    """Give an outcome of the rows that can be used."""
    return Came(name, kind, np.asarray(read.values, np.float64)[rows])


def known_before(
    table: pa.Table, names: Sequence[str], said: Sequence[str]
) -> tuple[tuple[Column, ...], dict[str, str]]:
    """Give what was known of customers as columns to learn from, and why others are left out.

    Args:
        table: The rows that can be used.
        names: The columns in question.
        said: Those that the user named: none of them is left out unless nothing can be learnt from it.

    >>> columns, left = known_before(pa.table({"age": [30, 4], "on": ["2026-01-01", "2026-02-01"]}), ["age", "on"], [])
    >>> columns[0].values.tolist(), left
    ([30.0, 4.0], {'on': 'a date'})
    """
    found, left = [], {}
    for name in names:
        values = table[name].combine_chunks()
        kind = find_type(name, values, _READING)
        column = None if kind is Type.INSTANT else _column(name, values, kind)
        why = "a date" if column is None else "" if name in said else _useless(column)
        if why or column is None:
            left[name] = why
        else:
            found.append(column)
    return tuple(found), left


def _column(name: str, values: pa.Array, kind: Type) -> Column:
    if kind in (Type.INTEGER, Type.NUMBER, Type.BOOLEAN):
        typed, _, _ = to_type(values, kind, _READING)
        numbers = np.asarray(pc.fill_null(typed.cast(pa.float64()), np.nan))
        return Column(name, "number", np.where(np.isfinite(numbers), numbers, np.nan))
    text, _ = texts_of(pa.chunked_array([values]))
    return Column(name, "category", np.array(text.to_pylist(), dtype=object))


def _useless(column: Column) -> str:
    if column.kind == "number":
        there = column.values[~np.isnan(column.values)]
        return "" if len(there) and bool((there != there[0]).any()) else "the same for everybody"
    different = len({value for value in column.values.tolist() if value is not None})
    if different < 2:
        return "the same for everybody" if different else "empty"
    return "nearly everybody's own" if different > _ID_LIKE * len(column) and len(column) > 20 else ""
