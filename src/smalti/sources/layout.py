"""How a text file is laid out: what stands between fields, and whether the first row is a header."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from smalti.errors import SourceError
from smalti.sources.definitions import SourceDefinition
from smalti.sources.encodings import UTF8, detect_encoding, read_head
from smalti.sources.files import SourceFile

WHITESPACE = "whitespace"
_DELIMITERS = (",", ";", "\t", "|")
_HEAD = 1 << 20
_LINES = 200
_NUMBER_OR_DATE = re.compile(r"[-+(]?[$€£¥]?\s?[-+]?\d[\d.,:/\- T+Z)%]*")


@dataclass(frozen=True)
class TextLayout:
    """How the rows of a text file are to be read.

    Attributes:
        encoding: How its bytes are decoded; ``ascii`` where only ASCII was seen.
        delimiter: The character between fields, or ``whitespace``.
        header: Whether the first row holds names.
        columns: The names of the columns, each once.
        quoted: Whether quote signs occur, so that fields may hold line ends.
    """

    encoding: str
    delimiter: str
    header: bool
    columns: tuple[str, ...]
    quoted: bool


def read_layout(file: SourceFile, definition: SourceDefinition, *, whole: bool) -> TextLayout:
    """Find the layout of a text file from its first rows; what the definition says is taken as it is.

    Args:
        file: The file.
        definition: What is known of it already.
        whole: Whether all of the file is looked at to find its encoding, or only its first part.

    Raises:
        SourceError: It is no text, it is damaged, or it has no rows.
    """
    encoding = definition.encoding or detect_encoding(file.path, file.name, None if whole else _HEAD)
    lines = _head_lines(file, encoding)
    delimiter = {"tab": "\t", "\\t": "\t", "space": WHITESPACE}.get(definition.delimiter or "", definition.delimiter)
    delimiter = delimiter or find_delimiter(lines)
    rows = split_rows(lines, delimiter)
    header = definition.header
    if header is None:
        header = not definition.names and has_header(rows)
    if header and len(rows) == 1 and len(lines) < _LINES:
        raise SourceError(f"'{file.name}' has a header and no rows")
    columns = definition.names or (tuple(rows[0]) if header else tuple(f"column_{n + 1}" for n in range(len(rows[0]))))
    return TextLayout(encoding, delimiter, header, unique_names(columns), any('"' in line for line in lines))


def find_delimiter(lines: Sequence[str]) -> str:
    """Find what stands between the fields: the sign that cuts most lines into the same number of fields.

    >>> find_delimiter(["a;b;c", "1;2,5;3"]), find_delimiter([" 00004 19970101  2", " 00005 19970102 11"])
    (';', 'whitespace')
    """
    scores = {sign: _agreement(split_rows(lines, sign)) for sign in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda sign: scores[sign])
    if scores[best][0] >= 0.5:
        return best
    share, _ = _agreement(split_rows(lines, WHITESPACE))
    return WHITESPACE if share >= 0.9 else best if scores[best][0] > 0 else ","


def _agreement(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """Give the share of rows with the commonest number of fields above one, and that number."""
    counts = Counter(len(row) for row in rows if len(row) > 1)
    if not counts:
        return 0.0, 0
    fields, times = max(counts.items(), key=lambda item: (item[1], item[0]))
    return round(times / len(rows), 2), fields


def split_rows(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """Cut lines into fields; blank lines are no rows."""
    if delimiter == WHITESPACE:
        return [line.split() for line in lines if line.strip()]
    try:
        return [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return [line.split(delimiter) for line in lines if line]


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether the first row holds names: where the rows below hold numbers or dates, it does not.

    >>> has_header([["who", "paid"], ["a", "1.50"]]), has_header([["b", "2.50"], ["a", "1.50"]])
    (True, False)
    """
    first, body = rows[0], rows[1:]
    if not body:
        return not any(_typed(cell) for cell in first)
    typed = [place for place in range(len(first)) if _mostly_typed(row[place] for row in body if place < len(row))]
    return sum(_typed(first[place]) for place in typed) * 2 < len(typed) or not typed


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """Give each column a name of its own: blank ones are numbered, repeated ones get a suffix.

    >>> unique_names(["id", "", "id"])
    ('id', 'column_2', 'id_2')
    """
    taken: dict[str, None] = {}
    for place, name in enumerate(names, 1):
        base = name.strip() or f"column_{place}"
        candidate, copy = base, 1
        while candidate in taken:
            copy += 1
            candidate = f"{base}_{copy}"
        taken[candidate] = None
    return tuple(taken)


def _typed(cell: str) -> bool:
    return _NUMBER_OR_DATE.fullmatch(cell.strip()) is not None


def _mostly_typed(cells: Iterable[str]) -> bool:
    seen = [_typed(cell) for cell in cells if cell.strip()]
    return bool(seen) and sum(seen) >= 0.7 * len(seen)


def _head_lines(file: SourceFile, encoding: str) -> list[str]:
    head = read_head(file.path, file.name, _HEAD)
    name = "utf-8-sig" if encoding.lower() in UTF8 else encoding
    try:
        text = head.decode(name, "replace").removeprefix("\ufeff")
    except LookupError:
        raise SourceError(f"unknown encoding: found '{encoding}', wanted one such as utf-8 or cp1252") from None
    lines = [line for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line]
    whole = lines[:-1] if len(head) == _HEAD and len(lines) > 1 else lines
    return whole[:_LINES]
