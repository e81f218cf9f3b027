"""What every chapter of the report is made of: the run, its tables, a pen and the colours of its strategies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from smalti.report.columns import coded_column, row_count, rows
from smalti.report.palette import glasses
from smalti.report.writing import Pen, named, spoken


@dataclass(frozen=True)
class Matter:
    """A run, ready to be told.

    Attributes:
        info: The run's `run.json`.
        tables: Its tables by name; any may be absent.
        previous: The tables of the run before, or None.
        shown: How many customers are listed by name.
    """

    info: Mapping[str, Any]
    tables: Mapping[str, pa.Table]
    previous: Mapping[str, pa.Table] | None = None
    shown: int = 10

    @cached_property
    def pen(self) -> Pen:
        """Writes money and instants as the project does."""
        return Pen.of(self.info)

    @cached_property
    def customers(self) -> int:
        """How many customers there are."""
        return int(self.info.get("customers") or row_count(self.tables, "customers"))

    @cached_property
    def playbook(self) -> list[dict[str, Any]]:
        """The rows of the playbook."""
        return rows(self.tables, "playbook")

    @cached_property
    def titles(self) -> dict[str, str]:
        """Titles of the strategies of the playbook, and of any that customers have beside it."""
        table = self.tables.get("customers")
        met = [] if table is None else coded_column(table, "primary_strategy")[1]
        found = {row["strategy"]: named(row.get("title"), spoken(row["strategy"])) for row in self.playbook}
        return found | {name: spoken(name) for name in met if name not in found}

    @cached_property
    def glass(self) -> dict[str, str]:
        """The piece of glass of each strategy."""
        return glasses(self.titles)

    @cached_property
    def segment_titles(self) -> dict[tuple[str, str], str]:
        """Titles by segmentation and segment."""
        return {
            (row["segmentation"], row["segment"]): named(row.get("title"), spoken(row["segment"]))
            for row in rows(self.tables, "segments")
        }

    def strategy(self, name: str | None) -> str:
        """Say a strategy by its title.

        >>> Matter({}, {}).strategy("win_back")
        'Win back'
        """
        return "" if name is None else self.titles.get(name, spoken(name))
