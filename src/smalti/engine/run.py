"""A published run as a value to look at: its tables, and any one customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.customer import Profile, profile_of
from smalti.engine.deciding import RunDecider
from smalti.engine.foresight.scorer import Scorer, scorer_of
from smalti.errors import RunError, nearest
from smalti.store import RunFolder, current_run, list_runs
from smalti.strategy.plan import Decision


@dataclass(frozen=True)
class RunTable:
    """One table of a run, read when it is asked for."""

    folder: RunFolder
    name: str

    def to_arrow(self) -> pa.Table:
        """Give the table as it was published, money exact."""
        return self.folder.table(self.name)

    def to_pandas(self) -> pd.DataFrame:
        """Give the table as a data frame; money becomes float64 in major units, for reckoning with."""
        table = self.to_arrow()
        for position, field in enumerate(table.schema):
            if pa.types.is_decimal(field.type):
                table = table.set_column(position, field.name, _nearest(table[field.name], field.type.scale))
        frame: pd.DataFrame = table.to_pandas()
        return frame

    def __len__(self) -> int:
        return int(self.folder.info["tables"][self.name])

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self):,} rows>"


def _nearest(money: pa.ChunkedArray, places: int) -> pa.ChunkedArray:
    """Give the floats nearest to decimals, which a cast does not."""
    whole = pc.multiply(money, pa.scalar(Decimal(10**places), pa.decimal128(places + 1, 0)))
    return pc.divide(whole.cast(pa.int64()).cast(pa.float64()), float(10**places))


class Run:
    """A published run.

    Attributes:
        customers: One row each: identity, traits, scores, value map, primary and secondary strategy.
        membership: Segmentation, segment, customer.
        segments: One row each: size, money, rule.
        personas: One row per segment: what sets it apart, two real members, what to do and what not, and what it hides.
        strategies: Two rows per customer: primary and secondary, with gain, interval, basis and reasons.
        playbook: One row per strategy.
        set_aside: Rows of the sources that were set aside, with reasons.
        plan: Where the project has treatments, one row per contact to come, and one for each customer without any.

    A run is read from its folder, so that what is seen is what was published.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.customers = RunTable(folder, "customers")
        self.membership = RunTable(folder, "membership")
        self.segments = RunTable(folder, "segments")
        self.personas = RunTable(folder, "personas")
        self.strategies = RunTable(folder, "strategies")
        self.playbook = RunTable(folder, "playbook")
        self.set_aside = RunTable(folder, "set_aside")
        self.plan = RunTable(folder, "plan")

    @classmethod
    def newest(cls, runs: Path | str) -> Run:
        """Give the newest run of a folder of runs.

        Raises:
            RunError: There is none.
        """
        return cls(current_run(Path(runs)))

    @classmethod
    def named(cls, runs: Path | str, run_id: str) -> Run:
        """Give a run of a folder of runs by its id.

        Raises:
            RunError: There is no such run.
        """
        found = {folder.id: folder for folder in list_runs(Path(runs))}
        if run_id not in found:
            near = nearest(run_id, found)
            hint = f"; did you mean '{near}'?" if near else f"; the newest is '{max(found)}'" if found else ""
            raise RunError(f"there is no run '{run_id}' in {runs}{hint}")
        return cls(found[run_id])

    @property
    def id(self) -> str:
        """The run's name."""
        return self.folder.id

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.folder.path

    @property
    def report(self) -> Path:
        """The run's page."""
        return self.folder.path / "report.html"

    @property
    def info(self) -> dict[str, Any]:
        """What ``run.json`` holds."""
        return self.folder.info

    def customer(self, customer_id: str | int) -> Profile:
        """Give all that the run says of one customer.

        Raises:
            RunError: The run knows no such customer.
        """
        return profile_of(self.folder, str(customer_id))

    def scorer(self, name: str) -> Scorer:
        """Give a score of the project as it was fitted, to score anyone by what is published of her.

        Raises:
            RunError: The run has no such score, or it could not be fitted.
        """
        return scorer_of(self.folder, name)

    def decide(self, customer_id: str | int, context: Mapping[str, Any] | None = None) -> Decision:
        """Decide what one customer gets now, by the prices of the plan's limits.

        Args:
            customer_id: Her id.
            context: What is known only now: `now`, `channels`, `contacted`, and values of traits by name; see `RunDecider`.

        Raises:
            RunError: The run has no plan, or knows no such customer.
            SmaltiError: The context names what the run has not.
        """
        return self.decider.decide(customer_id, context)

    @cached_property
    def decider(self) -> RunDecider:
        """What decides for one customer at a time, held in memory.

        Raises:
            RunError: The run has no plan.
        """
        return RunDecider(self.folder)

    def personas_of(self, segment: str | None = None) -> list[dict[str, Any]]:
        """Give rows of the personas: of all segments that have members, or of those with a name or title.

        Raises:
            RunError: The run has no personas, or knows no such segment with members.
        """
        if "personas" not in self.folder.tables:
            raise RunError(
                f"run {self.id} has no personas: it was made by an older smalti; make another with smalti run"
            )
        rows = [row for row in self.personas.to_arrow().to_pylist() if row["size"]]
        if segment is None:
            return rows
        wanted = segment.strip().casefold()
        found = [row for row in rows if wanted in (row["segment"].casefold(), row["title"].casefold())]
        if not found:
            near = nearest(segment, [row["segment"] for row in rows])
            hint = (
                f"; did you mean '{near}'?" if near else f"; it knows {', '.join(row['segment'] for row in rows[:5])}"
            )
            raise RunError(f"this run knows no segment '{segment}' with members{hint}")
        return found

    def __repr__(self) -> str:
        info = self.info
        return f"<run {self.id} of {info['project']}: {info['customers']:,} customers as of {info['as_of']}>"
