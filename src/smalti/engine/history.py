"""Membership over time, read from the runs of a folder one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from json import dumps
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.options import RUNS
from smalti.errors import RunError, SmaltiError, nearest
from smalti.facts import Instant, format_instant, parse_instant
from smalti.rules import Member, Name, Score, parse, walk
from smalti.segments import Sighting, Spells, Watch, half_lives, in_order
from smalti.segments.membership import SCHEMA
from smalti.store import RunFolder, list_runs

_DAMAGE = (RunError, OSError, KeyError, TypeError, ValueError, pa.ArrowException)
_Where = list[tuple[str, str, object]]
_NEAR = 5_000
"""Ids looked through, at most, for one that is like an unknown one."""
_ROWS_BEHIND = 5_000_000
"""Members of earlier runs read, at most, to tell on a page how long members stay; the run before is always read."""


@dataclass(frozen=True, eq=False)
class SeenRun:
    """A run, with what is asked of it to put it in order.

    Attributes:
        run: Its name.
        at: Its as-of instant, microseconds UTC.
        made: When it was made, ISO 8601.
        folder: Where it lies.
    """

    run: str
    at: Instant
    made: str
    folder: RunFolder


@dataclass(frozen=True, eq=False)
class History:
    """The runs of one project in the order of their instants; of those as of one instant the latest made.

    Attributes:
        project: The project's name.
        runs: The runs, oldest instant first.
        passed_over: What was not looked at and why, in sentences: damaged runs, runs of another project.

    What was seen is read when it is first asked for: each run's membership and customer ids once, one run at a time.
    """

    project: str
    runs: tuple[SeenRun, ...]
    passed_over: tuple[str, ...] = ()

    @cached_property
    def _seen(self) -> tuple[Watch, tuple[str, ...]]:
        return _watched(self.runs, [])

    @property
    def damaged(self) -> tuple[str, ...]:
        """What could not be read of the runs, in sentences."""
        return self._seen[1]

    @cached_property
    def spells(self) -> Spells:
        """All spells; `Spells.of` narrows them, `Spells.to_arrow` makes a table."""
        return self._seen[0].spells()

    @cached_property
    def changes(self) -> pa.Table:
        """What came and went: a row per run and segment."""
        return self._seen[0].changes()

    @cached_property
    def flows(self) -> pa.Table:
        """From where to where: a row per run and pair of segments of an exclusive segmentation."""
        return self._seen[0].flows()

    @cached_property
    def half_lives(self) -> pa.Table:
        """How long members stay: a row per segment."""
        return half_lives(self.spells)

    @cached_property
    def segments(self) -> dict[tuple[str, str], str]:
        """Titles by segmentation and segment, those of the newest run first and in its order."""
        found: dict[tuple[str, str], str] = {}
        for run in reversed(self.runs):
            with suppress(*_DAMAGE):
                for row in run.folder.table("segments", columns=["segmentation", "segment", "title"]).to_pylist():
                    found.setdefault((row["segmentation"], row["segment"]), row["title"])
        return found

    @property
    def time_zone(self) -> str:
        """The project's time zone, as its newest run has it."""
        return str(self.runs[-1].folder.info.get("time_zone") or "UTC")

    def find(self, segment: str) -> tuple[str, str]:
        """Find a segment by its name, or by segmentation and name with a point between.

        Raises:
            RunError: No run knows it; the message names the nearest.
        """
        found = [key for key in self.segments if segment in (key[1], ".".join(key))]
        if not found:
            near = nearest(segment, {key[1] for key in self.segments})
            hint = f"; did you mean '{near}'?" if near else ""
            known = ", ".join(sorted({key[1] for key in self.segments})) or "none"
            raise RunError(f"no run of '{self.project}' knows a segment '{segment}', they know {known}{hint}")
        if len(found) > 1:
            several = " or ".join(f"'{'.'.join(key)}'" for key in found)
            raise RunError(f"there are {len(found)} segments '{segment}': wanted {several}")
        return found[0]

    def until(self, when: str | Instant) -> History:
        """Give the history as it stood at an instant, or at a run: later runs are left out.

        Args:
            when: A run's name, an instant in ISO 8601, or microseconds UTC.

        Raises:
            RunError: There is no run so early.
        """
        at = next((run.at for run in self.runs if run.run == when), None)
        if at is None:
            at = self._instant(when) if isinstance(when, str) else when
        kept = tuple(run for run in self.runs if run.at <= at)
        if not kept:
            first = format_instant(self.runs[0].at)
            asked = format_instant(at)
            raise RunError(f"no run of '{self.project}' is as of {asked} or earlier; the first is as of {first}")
        return replace(self, runs=kept)

    def as_of(self, when: str | Instant) -> pa.Table:
        """Give the membership that was known as of an instant: that of the latest run as of then or earlier.

        Args:
            when: A run's name, an instant in ISO 8601, or microseconds UTC.

        Returns:
            ``segmentation``, ``segment``, ``customer_id``, as that run published them.

        Raises:
            RunError: There is no run so early.
        """
        run = self.until(when).runs[-1]
        try:
            return run.folder.table("membership")
        except (OSError, pa.ArrowException) as error:
            raise RunError(f"the membership of run '{run.run}' cannot be read: {_why(error)}") from error

    def of_customer(self, customer_id: str | int) -> pa.Table:
        """Give the spells of one customer, first entered first; only her rows are read.

        Raises:
            RunError: No run knows her.
        """
        wanted = str(customer_id).strip()
        watching, _ = _watched(self.runs, [("customer_id", "=", wanted)])
        spells = watching.spells()
        if not len(spells.customers):
            raise RunError(f"no run of '{self.project}' knows a customer '{wanted}'{self._like(wanted)}")
        keys = ("entered_at", "segmentation", "segment")
        return spells.of(customer_id=wanted).to_arrow().sort_by([(name, "ascending") for name in keys])

    def _like(self, wanted: str) -> str:
        ids = self.runs[-1].folder.table("customers", columns=["customer_id"])["customer_id"]
        alike = ids.filter(pc.starts_with(pc.utf8_lower(ids), wanted.lower()[: max(len(wanted) - 2, 1)]))
        near = nearest(wanted, alike.slice(0, _NEAR).to_pylist())
        return f"; did you mean '{near}'?" if near else ""

    def _instant(self, text: str) -> Instant:
        try:
            return parse_instant(text, self.time_zone)
        except SmaltiError as error:
            near = nearest(text, [run.run for run in self.runs])
            hint = f"; did you mean the run '{near}'?" if near else ""
            raise RunError(f"{error}, or the name of a run{hint}") from None

    def __repr__(self) -> str:
        return f"<history of {self.project}: {len(self.runs)} run{'' if len(self.runs) == 1 else 's'}>"


def history(runs: Path | str = RUNS, project: str | None = None) -> History:
    """Look back over the runs of a folder.

    Args:
        runs: The folder of runs.
        project: The project's name, where the folder holds runs of several; the newest run's if left out.

    Returns:
        The history; a run that is damaged is passed over and told.

    Raises:
        RunError: There is no run, or none of this project.
    """
    home = Path(runs)
    found, damaged = [], []
    for folder in list_runs(home):
        try:
            found.append((str(folder.info["project"]), _seen_run(folder)))
        except _DAMAGE as error:
            damaged.append(f"run '{folder.id}' is passed over: {_why(error)}")
    if not found:
        told = f"; {damaged[0]}" if damaged else ""
        raise RunError(f"there is no run in {home} yet; make one with: smalti run{told}")
    wanted = project if project is not None else max(found, key=lambda one: (one[1].made, one[1].run))[0]
    mine = [run for name, run in found if name == wanted]
    if not mine:
        near = nearest(wanted, {name for name, _ in found})
        hint = f"; did you mean '{near}'?" if near else ""
        raise RunError(f"there is no run of '{wanted}' in {home}{hint}")
    return History(wanted, tuple(in_order(mine)), (*damaged, *_others(mine, len(found))))


def behind(home: Path, info: Mapping[str, Any], made: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Look back from a run that is not published yet: what came and went up to it, and how long members stay.

    Of many earlier runs the latest are read, as many as together have no more than some million members.

    Args:
        home: The folder of runs.
        info: What the run's ``run.json`` will hold.
        made: Its tables.

    Returns:
        ``changes`` and ``half_lives`` as `History` has them; nothing where no earlier run can be read.
    """
    at = info["as_of_microseconds"]
    try:
        runs = [run for run in history(home, info["project"]).runs if run.at < at]
    except RunError:
        return {}
    watching, _ = _watched(_latest(runs), [])
    if not len(watching):
        return {}
    everyone = made["customers"]["customer_id"]
    watching.see(Sighting("", at, definitions(made["segments"], info), everyone, made["membership"]))
    return {"changes": watching.changes(), "half_lives": half_lives(watching.spells())}


def _latest(runs: list[SeenRun]) -> tuple[SeenRun, ...]:
    kept: list[SeenRun] = []
    rows = 0
    for run in reversed(runs):
        rows += int((run.folder.info.get("tables") or {}).get("membership", 0))
        if kept and rows > _ROWS_BEHIND:
            break
        kept.insert(0, run)
    return tuple(kept)


def _others(mine: list[SeenRun], count: int) -> Iterator[str]:
    again, others = len(mine) - len(in_order(mine)), count - len(mine)
    if again:
        yield f"{again} run{'' if again == 1 else 's'} passed over: made again later as of the same instant"
    if others:
        yield f"{others} run{'' if others == 1 else 's'} passed over: of another project"


def _seen_run(folder: RunFolder) -> SeenRun:
    missing = {"membership", "segments", "customers"} - set(folder.tables)
    if missing:
        raise RunError(f"it has no table '{min(missing)}'")
    return SeenRun(folder.id, int(folder.info["as_of_microseconds"]), str(folder.info["made_at"]), folder)


def _why(error: Exception) -> str:
    """Say what is wrong with a run in one line."""
    told = f"it has no {error}" if isinstance(error, KeyError) else str(error)
    return told.splitlines()[0] if told else type(error).__name__


def _watched(runs: tuple[SeenRun, ...], where: _Where) -> tuple[Watch, tuple[str, ...]]:
    watching, damaged = Watch(), []
    for run in runs:
        try:
            sighting = _sighting(run, where)
        except _DAMAGE as error:
            damaged.append(f"run '{run.run}' is passed over: {_why(error)}")
            continue
        watching.see(sighting)
    return watching, tuple(damaged)


def _sighting(run: SeenRun, where: _Where) -> Sighting:
    folder = run.folder
    return Sighting(
        run.run,
        run.at,
        definitions(folder.table("segments", columns=["segmentation", "segment", "rule"]), folder.info),
        folder.table("customers", columns=["customer_id"], where=where or None)["customer_id"],
        folder.table("membership", columns=SCHEMA.names, where=where or None).select(SCHEMA.names),
        run.made,
    )


def definitions(segments: pa.Table, info: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Write each segment's definition: its rule, and all of the project's own that the rule speaks of.

    Two runs whose texts differ may tell members apart by different rules; cuts that each run fits anew are not part of it.

    Args:
        segments: ``segmentation``, ``segment``, ``rule``.
        info: The run's ``run.json``.

    >>> rows = pa.table({"segmentation": ["s"], "segment": ["big"], "rule": ["big_spend > 5"]})
    >>> definitions(rows, {"definitions": {"traits": [["big_spend", {"value": "spend_total / 2"}]]}})
    {('s', 'big'): 'big_spend > 5; big_spend: spend_total / 2'}
    """
    said = info.get("definitions") or {}
    own = {name: one["value"] if isinstance(one, Mapping) else one for name, one in said.get("traits") or ()}
    rows = segments.to_pylist()
    rules = {row["segment"]: row["rule"] for row in rows}
    use = said.get("use") or ()
    settings = dict(use if isinstance(use, Mapping) else [one for one in use if not isinstance(one, str)])
    found = {}
    for row in rows:
        parts = _closure(row["rule"], own, rules)
        framework = settings.get(row["segmentation"])
        parts += [dumps(framework, sort_keys=True)] if framework else []
        found[row["segmentation"], row["segment"]] = "; ".join(parts)
    return found


def _closure(rule: str, own: Mapping[str, str], rules: Mapping[str, str]) -> list[str]:
    """Follow names of traits and segments from a rule to all that it stands on, in the order of names."""
    told: dict[str, str] = {}
    open_texts = [rule]
    while open_texts:
        for name, text in _named(open_texts.pop(), own, rules):
            if name not in told:
                told[name] = text
                open_texts.append(text)
    return [rule, *(f"{name}: {text}" for name, text in sorted(told.items()))]


def _named(text: str, own: Mapping[str, str], rules: Mapping[str, str]) -> list[tuple[str, str]]:
    try:
        nodes = list(walk(parse(text)))
    except SmaltiError:
        return []
    traits = [node.name for node in nodes if isinstance(node, Name | Score)]
    others = [node.segment for node in nodes if isinstance(node, Member)]
    found = [(name, own[name]) for name in traits if name in own]
    return found + [(f"member({name})", rules[name]) for name in others if name in rules]
