"""Rows of outside files, a batch at a time: `Batch`, and what a reader owes its callers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

BATCH_ROWS = 1 << 17


@dataclass(frozen=True)
class BadRow:
    """A row that could not be read at all.

    Attributes:
        row: Which data row of its file, from 1.
        reason: Why, in a few words.
        found: What stood there, shortened.
    """

    row: int
    reason: str
    found: str


@dataclass(frozen=True)
class Batch:
    """Some rows of one file.

    Attributes:
        source: The file's name, with the sheet in brackets for one of several sheets.
        table: The columns: text for text files and sheets, typed for Parquet.
        rows: Which data row of the file each is, int64 from 1; header and blank lines are not counted.
        bad: Rows that could not be read, not in `table`.
    """

    source: str
    table: pa.Table
    rows: NDArray[np.int64]
    bad: tuple[BadRow, ...] = ()


def shortened(text: str, length: int = 80) -> str:
    """Cut a long text for a report.

    >>> shortened("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= length else text[: length - 1] + "…"
