"""Rows laid out as text: in columns for a terminal, in Markdown for a pull request; and names made fit for either."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from smalti.report.writing import count, named

BECAUSE = "because of"
WHY = "why"
ONE_MORE = "one more"
WORDY = (BECAUSE, WHY, ONE_MORE)
"""Headings of columns of words that stand after numbers."""
LONGEST = 60
"""Characters of a name, at most."""


@dataclass(frozen=True)
class Table:
    """A chapter: sentences, and rows of text; the first `texts` columns are words, the others numbers.

    Attributes:
        title: What it is about.
        header: The names of the columns; empty where there are sentences alone.
        rows: The rows.
        texts: How many columns hold words.
        more: What is not told, a sentence, or nothing.
        about: What comes before the rows, a sentence, or nothing.
    """

    title: str
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    texts: int = 1
    more: str = ""
    about: str = ""

    def holds_words(self, place: int) -> bool:
        """Whether a column holds words and no numbers."""
        return place < self.texts or self.header[place] in WORDY


def table_of(
    title: str,
    header: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    most: int,
    *,
    texts: int = 1,
    about: str = "",
) -> Table:
    """Make a table of the first rows, which says how many it does not show.

    >>> table_of("Sizes", ("name", "customers"), [("a", "1"), ("b", "2")], 1).more
    '1 more not shown.'
    """
    rest = len(rows) - most
    return Table(title, header, tuple(rows[:most]), texts, f"{count(rest)} more not shown." if rest > 0 else "", about)


def text_lines(table: Table) -> Iterator[str]:
    """Lay out a table for a terminal, an empty line before it.

    >>> list(text_lines(Table("Sizes", ("name", "customers"), (("a", "1"),))))
    ['', 'Sizes', '  name  customers', '  a             1']
    """
    yield from ("", table.title)
    yield from [f"  {table.about}"] if table.about else []
    yield from columns(table)
    yield from [f"  {table.more}"] if table.more else []


def markdown_lines(table: Table) -> Iterator[str]:
    """Lay out a table in Markdown, an empty line before it."""
    yield from ("", f"### {escaped(table.title)}", *(["", escaped(table.about)] if table.about else []))
    if table.header:
        sides = [":--" if table.holds_words(place) else "--:" for place in range(len(table.header))]
        yield from ("", *("| " + " | ".join(row) + " |" for row in (table.header, tuple(sides))))
        yield from ("| " + " | ".join(map(escaped, row)) + " |" for row in table.rows)
    yield from ["", f"_{escaped(table.more)}_"] if table.more else []


def columns(table: Table) -> Iterator[str]:
    """Lay out rows in columns; the last text of a row is not padded."""
    if not table.header:
        return
    rows = [table.header, *table.rows]
    widths = [max(len(row[place]) for row in rows) for place in range(len(table.header))]
    last = len(table.header) - 1
    for row in rows:
        cells = [
            text.ljust(width) if table.holds_words(place) else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        cells[last] = cells[last].rstrip()
        yield "  " + "  ".join(cells).rstrip()


def one_line(text: str | None, most: int = LONGEST) -> str:
    r"""Give text on one line without signs that cannot be seen, cut where it is too long.

    >>> one_line("a\n  b\x1b", 10), one_line("abcdefghij", 5)
    ('a b', 'abcd…')
    """
    told = " ".join("".join(sign if sign.isprintable() else " " for sign in named(text)).split())
    return told if len(told) <= most else told[: most - 1] + "…"


_SIGNS = str.maketrans(
    {sign: "\\" + sign for sign in "\\`*_[]|~"} | {"<": "&lt;", ">": "&gt;", "@": "&#64;", "#": "&#35;", "&": "&amp;"}
)


def escaped(text: str) -> str:
    r"""Write text so that Markdown takes no sign of it for its own.

    >>> print(escaped("a|b <i> _c_ @d"))
    a\|b &lt;i&gt; \_c\_ &#64;d
    """
    return text.translate(_SIGNS)
