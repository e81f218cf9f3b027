"""Draws of many customers at once: what `bucket('salt')` gives in the language, without an engine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from smalti.errors import ModelError
from smalti.experiments.logged import Floats
from smalti.facts import draw_of

CustomerIds: TypeAlias = "pa.Array | pa.ChunkedArray | Iterable[str]"
"""Customer ids as text: an Arrow column, a list, an array of text; shape (n,)."""


def bucket(salt: str, customer_ids: CustomerIds) -> Floats:
    """Give each customer's draw under a salt: a number that never changes, uniform over customers.

    It is the first 8 hexadecimal digits of the MD5 of ``salt:customer_id`` in UTF-8, over 2^32; the same as
    ``bucket('salt')`` in the language, in SQL and live. Draws under different salts are independent of each other.

    Args:
        salt: What names the draw.
        customer_ids: Whose; shape (n,).

    Returns:
        Numbers of at least 0 and below 1; shape (n,).

    Raises:
        ModelError: There is no salt, or an id is missing or isn't text.

    Examples:
        >>> bucket("spring", ["C1", "C2"]).round(4).tolist()
        [0.4585, 0.4219]
    """
    if not salt:
        raise ModelError("salt: found none, wanted one that names the draw")
    texts = as_text(customer_ids)
    return np.fromiter((draw_of(salt, one) for one in texts.to_pylist()), np.float64, len(texts))


def as_text(customer_ids: CustomerIds) -> pa.LargeStringArray:
    """Give customer ids as one column of text, so that several draws of them cost its making once.

    Raises:
        ModelError: An id is missing or isn't text.

    Examples:
        >>> as_text(["C1"]).type
        DataType(large_string)
    """
    texts = _column(customer_ids)
    if texts.null_count:
        row = texts.is_null().index(True).as_py()
        raise ModelError(f"customer ids: row {row}: expected text, found nothing")
    return texts


def is_text(kind: pa.DataType) -> bool:
    """Say whether an Arrow type is text, in any of its layouts.

    >>> is_text(pa.string_view()), is_text(pa.int64())
    (True, False)
    """
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _column(customer_ids: CustomerIds) -> pa.LargeStringArray:
    given = customer_ids
    if isinstance(given, str):
        raise ModelError(
            f"customer ids: expected several, got the one text '{given}': for one customer there is assign_one"
        )
    if not isinstance(given, pa.Array | pa.ChunkedArray):
        try:
            given = pa.array(given if isinstance(given, np.ndarray) else list(given), from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError) as wrong:
            raise ModelError(f"customer ids: expected text, got {wrong}") from wrong
    if pa.types.is_dictionary(given.type):
        given = given.cast(given.type.value_type)
    if not (is_text(given.type) or len(given) == 0):
        raise ModelError(f"customer ids: expected text, got {given.type}")
    one = given.combine_chunks() if isinstance(given, pa.ChunkedArray) else given
    return one.cast(pa.large_string())
