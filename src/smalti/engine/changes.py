"""Changed definitions against earlier ones: both reckoned on the same data as of the same instant, nothing published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from smalti.engine.clock import Clock
from smalti.engine.earlier import Earlier, earlier, home_of, newest, of_newest, same_reading
from smalti.engine.experimenting import weigh
from smalti.engine.options import Options
from smalti.engine.reckoning import Facts, read_facts, reckon_as_of
from smalti.engine.redefined import redefinitions
from smalti.engine.settling import settled
from smalti.engine.shifts import (
    Side,
    aligned,
    channel_shifts,
    contacts,
    moved,
    renamed,
    segment_changes,
    segment_flows,
    side_of,
    strategy_matrix,
    strategy_shifts,
    with_names,
)
from smalti.errors import DefinitionError, SmaltiError
from smalti.facts import Currency, Instant, format_instant, parse_instant, to_datetime
from smalti.project import Origin, Project, Work, load_project, prepare
from smalti.report import Changes, CutShift
from smalti.store import Store


def compare(
    project: Project,
    options: Options | None = None,
    *,
    against: Project | Path | str | None = None,
    origin: Origin | None = None,
    progress: Callable[[Work], None] = lambda _: None,
) -> Changes:
    """Tell what changed definitions would do to the customers, before anything is run for good.

    Both definitions are reckoned on what the sources hold now, as of one instant, so that nothing but the definitions
    differs. Nothing is published and nothing is written.

    Args:
        project: The new definitions.
        options: How; as of the instant of the newest run where nothing else is said, of the latest fact where there is none.
        against: The old definitions: a project, its folder or file, or a run by its id; None takes the newest run, and
            compares with nothing where there is none.
        origin: Where the new definitions were written, for messages.
        progress: Told each step as it begins.

    Returns:
        What would change.

    Raises:
        SmaltiError: Sources cannot be read, definitions are wrong, or there is nothing of the name in `against`.
    """
    options = options or Options()
    found = newest(project.name, options.runs) if against is None or options.as_of is None else None
    notes: list[str] = []
    old: Earlier | None
    if against is not None:
        old = earlier(against, options.runs, options.home)
    else:
        old = of_newest(found[0], options.home) if found else None
        notes += [found[1]] if found and found[1] else []
    at = _instant(project, options, old, found[0].info.get("as_of_microseconds") if found else None)
    pair = _reckoned(_Task(project, options, origin, progress, at), old)
    return _told(project, old, pair, notes)


def plan_changes(
    project: Project | Path | str = ".",
    *,
    against: Project | Path | str | None = None,
    as_of: str | None = None,
    to: Path | str | None = None,
) -> Changes:
    r"""Tell what changed definitions would do to the customers; nothing is published.

    Args:
        project: The new definitions: a project, its folder or file. Files of one built in code start from the working folder.
        against: The old ones: likewise, or a run by its id; the newest run's if left out.
        as_of: The instant asked about in ISO 8601; the newest run's if left out.
        to: The folder of runs; ``.smalti/runs`` beside the project if left out.

    Returns:
        Who would enter, leave, change strategy; the money and the contacts before and after.

    Raises:
        SmaltiError: Sources cannot be read, definitions are wrong, or there is nothing of the name in `against`.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "orders.csv").write_text("customer,date,amount\nann,2026-01-05,9.50\nbob,2026-02-01,30.00\n")
    >>> sources = {"orders": {"from": str(folder / "orders.csv")}}
    >>> old = Project(sources=sources, segments={"large": "spend_total >= 20"})
    >>> new = Project(sources=sources, segments={"large": "spend_total >= 5"})
    >>> changes = plan_changes(new, against=old, to=folder)
    >>> [(one.segment, one.before, one.after) for one in changes.segments if one.moved]
    [('large', 1, 2)]
    """
    home, origin = Path(), None
    if not isinstance(project, Project):
        home = Path(project) if Path(project).is_dir() else Path(project).parent
        project, origin = load_project(project)
    options = Options(home=home, to=Path(to) if to is not None else None, as_of=as_of)
    return compare(project, options, against=against, origin=origin)


@dataclass(frozen=True)
class _Task:
    """What is to be reckoned, and how; `at` is None where the latest fact decides."""

    project: Project
    options: Options
    origin: Origin | None
    progress: Callable[[Work], None]
    at: Instant | None

    @property
    def said(self) -> Options:
        """The options with the instant as the sources' reader takes it."""
        return self.options if self.at is None else replace(self.options, as_of=to_datetime(self.at).isoformat())

    def clock(self, whose: str) -> Clock:
        """Give a clock that tells whose steps it times."""
        return Clock(lambda work: self.progress(Work(work.step, f"{whose} definitions: {work.about}")))


@dataclass(frozen=True)
class _Pair:
    """Both sides, and on what they were reckoned: the definitions with what their frameworks took from the facts."""

    before: Side | None
    after: Side
    old: Project | None
    new: Project
    at: Instant
    read_twice: bool


def _instant(project: Project, options: Options, old: Earlier | None, of_newest_run: object) -> Instant | None:
    if options.as_of is not None:
        return parse_instant(options.as_of, project.time_zone)
    if old is not None and old.at is not None:
        return old.at
    return of_newest_run if isinstance(of_newest_run, int) else None


def _reckoned(task: _Task, old: Earlier | None) -> _Pair:
    options, project = task.options, task.project
    with Store(memory=options.memory, threads=options.threads) as store:
        facts = read_facts(store, project, task.said, task.origin, task.clock("new"))
        at = facts.at if task.at is None else task.at
        task = replace(task, at=at)
        twice = old is not None and not same_reading((old.project, old.home), (project, options.home))
        before, definitions = None, None
        if old is not None and twice:
            before, definitions = _read_again(task, old, at)
        elif old is not None:
            definitions = settled(store, old.project, facts.loaded.streams, at)
            if definitions != facts.project:
                before = _before(store, replace(facts, project=definitions), old, at, task)
        facts = weigh(store, replace(facts, at=at), proven=()).facts
        after = side_of(facts, reckon_as_of(store, facts, at, task.clock("new")))
        return _Pair(before or (after if old else None), after, definitions, facts.project, at, twice)


def _before(store: Store, facts: Facts, old: Earlier, at: Instant, task: _Task) -> Side:
    """Reckon the old definitions on the facts that were read for the new ones, which stay in the store."""
    try:
        prepared = prepare(facts.project, facts.loaded.streams, old.origin)
    except DefinitionError as error:
        raise _old_is_wrong(error, old) from None
    then = weigh(store, replace(facts, prepared=prepared, at=at), proven=()).facts
    reckoned = reckon_as_of(store, then, at, task.clock("old"), label="_before", keep_facts=True)
    side = side_of(then, reckoned)
    store.drop(reckoned.computed.table)
    return side


def _read_again(task: _Task, old: Earlier, at: Instant) -> tuple[Side, Project]:
    """Reckon the old definitions on what they read themselves."""
    options = replace(task.said, home=home_of(old, task.options.home))
    with Store(memory=options.memory, threads=options.threads) as store:
        try:
            facts = read_facts(store, old.project, options, old.origin, task.clock("old"))
        except DefinitionError as error:
            raise _old_is_wrong(error, old) from None
        except SmaltiError as error:
            raise SmaltiError(f"{old.told}, which is compared with, cannot be read any more: {error}") from None
        facts = weigh(store, replace(facts, at=at), proven=()).facts
        return side_of(facts, reckon_as_of(store, facts, at, task.clock("old"))), facts.project


def _old_is_wrong(error: DefinitionError, old: Earlier) -> DefinitionError:
    """Say of every problem that it is one of the old definitions."""
    return DefinitionError(
        replace(one, subject=f"{old.told}: {one.subject}" if one.subject else old.told) for one in error.problems
    )


def _told(project: Project, old: Earlier | None, pair: _Pair, notes: list[str]) -> Changes:
    before, after = (pair.before, pair.after) if pair.before is None else aligned(pair.before, pair.after)
    names: Mapping[str, str] = {}
    changed = after.grounds.changed(before.grounds) if before else frozenset()
    if before is not None:
        names = renamed(before, after)
        before = with_names(before, names)
    segment, primary, secondary = moved(before, after) if before else moved(after, after)
    if old is not None:
        notes = [*notes, *_notes(project, old, pair)]
    return Changes(
        project=project.name,
        against=old.told if old else None,
        as_of=format_instant(pair.at),
        currency=project.currency,
        time_zone=project.time_zone,
        customers=len(after.ids),
        moved=int((segment | primary).sum()),
        moved_segment=int(segment.sum()),
        moved_strategy=int(primary.sum()),
        moved_secondary=int(secondary.sum()),
        read_twice=pair.read_twice,
        definitions=redefinitions(pair.old, pair.new) if pair.old else (),
        segments=segment_changes(before, after, {new: name for name, new in names.items()}, changed),
        flows=segment_flows(before, after) if before else (),
        strategies=strategy_shifts(before, after, changed),
        matrix=strategy_matrix(before, after) if before else (),
        gain_before=before.gain if before else None,
        gain_after=after.gain,
        worth_before=before.total if before else None,
        worth_after=after.total,
        contacts_before=contacts(before) if before else None,
        contacts_after=contacts(after),
        channels=channel_shifts(before, after),
        cuts=_cuts(before, after) if before else (),
        notes=tuple(notes),
    )


def _notes(project: Project, old: Earlier, pair: _Pair) -> list[str]:
    found = []
    if pair.read_twice:
        found.append(
            "The sources are read differently, so both definitions were reckoned on what each of them reads: "
            "a part of what changes may come from the facts."
        )
    if old.project.currency != project.currency:
        then, now = Currency(old.project.currency), Currency(project.currency)
        told = "" if then.places == now.places else "; their smallest units differ, so sums of money cannot be compared"
        found.append(f"Money was in {then.code} and is in {now.code}: nothing was converted{told}.")
    if pair.before is not None and not pair.before.ids.equals(pair.after.ids):
        found.append(
            f"There were {len(pair.before.ids):,} customers under the old definitions and are {len(pair.after.ids):,} "
            "under the new ones; who is missing on one side is in no segment there."
        )
    return found


def _cuts(before: Side, after: Side) -> tuple[CutShift, ...]:
    found = []
    for key in [*after.cuts, *(key for key in before.cuts if key not in after.cuts)]:
        then, now = before.cuts.get(key), after.cuts.get(key)
        if then is None or now is None or then[1] != now[1]:
            told = (now or then or ("", None, ""))[0]
            found.append(CutShift(told, then[2] if then else None, now[2] if now else None))
    return tuple(found)
