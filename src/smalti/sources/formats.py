"""Which kind of file this is, by its first bytes, and its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smalti.errors import SourceError
from smalti.sources.batches import Batch
from smalti.sources.definitions import SourceDefinition
from smalti.sources.delimited import read_delimited
from smalti.sources.encodings import detect_encoding, read_head
from smalti.sources.files import SourceFile
from smalti.sources.layout import TextLayout, read_layout
from smalti.sources.tabular import left_out_sheets, read_excel, read_json_lines, read_parquet

_BINARY = (
    (b"PAR1", "parquet"),
    (b"PK\x03\x04", "excel"),
    (b"\xd0\xcf\x11\xe0", "excel"),
)


@dataclass(frozen=True)
class Format:
    """What a file was found to be.

    Attributes:
        kind: ``delimited``, ``json lines``, ``parquet`` or ``excel``.
        encoding: Of a text file.
        layout: Of a delimited file.
    """

    kind: str
    encoding: str | None = None
    layout: TextLayout | None = None

    def __str__(self) -> str:
        if self.layout is None:
            return self.kind
        names = {"\t": "tabs", ",": "commas", ";": "semicolons", "whitespace": "white space", "|": "bars"}
        between = names.get(self.layout.delimiter, f"'{self.layout.delimiter}'")
        return f"text, {between} between fields, {'a' if self.layout.header else 'no'} header, {self.encoding}"


def find_format(file: SourceFile, definition: SourceDefinition, *, whole: bool = True) -> Format:
    """Find what a file is and how it is laid out.

    Args:
        file: The file.
        definition: What is known of it already.
        whole: Whether all of a text file may be read to find its encoding.

    Raises:
        SourceError: It is none of the kinds we read, damaged or empty.
    """
    head = read_head(file.path, file.name, 4096)
    for magic, kind in _BINARY:
        if head.startswith(magic):
            return Format(kind)
    encoding = definition.encoding or detect_encoding(file.path, file.name, None if whole else 1 << 20)
    start = _decoded(head, encoding).lstrip()
    if start.startswith("{") and definition.delimiter is None:
        return Format("json lines", encoding)
    if start.startswith("[{") or start.startswith("[\n"):
        raise SourceError(
            f"'{file.name}' is one JSON array; wanted JSON Lines: one object per line, no brackets around them"
        )
    return Format("delimited", encoding, read_layout(file, definition.changed(encoding=encoding), whole=whole))


def read_batches(file: SourceFile, definition: SourceDefinition, form: Format) -> Iterator[Batch]:
    """Give the rows of a file, batch by batch, in the order of the file.

    Raises:
        SourceError: The file is damaged or has no rows.
    """
    if form.kind == "parquet":
        return read_parquet(file)
    if form.kind == "excel":
        return read_excel(file, definition)
    if form.layout is not None:
        return read_delimited(file, form.layout)
    return read_json_lines(file, form.encoding or "utf-8")


def remarks(file: SourceFile, definition: SourceDefinition, form: Format) -> list[str]:
    """Give sentences on what reading the file took for granted."""
    told = []
    if form.encoding not in (None, "ascii", "utf-8", "utf-8-sig") and definition.encoding is None:
        told.append(f"{file.name}: read as {form.encoding}, judged by its bytes")
    if form.kind == "excel" and definition.sheet is None:
        left = left_out_sheets(file, definition)
        told += [f"{file.name}: sheet '{name}' left out, its columns are others" for name in left]
    return told


def _decoded(head: bytes, encoding: str) -> str:
    try:
        return head.decode(encoding, "replace").removeprefix("\ufeff")
    except LookupError:
        raise SourceError(f"unknown encoding: found '{encoding}', wanted one such as utf-8 or cp1252") from None
