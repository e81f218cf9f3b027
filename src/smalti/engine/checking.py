"""A project checked against its sources without running it."""

from __future__ import annotations

from pathlib import Path

from smalti.errors import DefinitionError, Problem, SourceError
from smalti.facts import Currency, Stream
from smalti.project import Origin, Project, Read, Work, after_facts, before_facts, in_order, prepare
from smalti.sources import peek


def check_project(
    project: Project, home: Path, origin: Origin | None = None
) -> tuple[tuple[Work, ...], tuple[str, ...]]:
    """Check all definitions against the head of every source.

    Args:
        project: What to check.
        home: The folder that file names of sources start from.
        origin: Where the definitions were written.

    Returns:
        What a run would do, and notes on what the data cannot carry.

    Raises:
        DefinitionError: Every problem of the project, unreadable sources among them.
    """
    return check_read(Read(project, origin or Origin(), ()), home)


def check_read(read: Read, home: Path) -> tuple[tuple[Work, ...], tuple[str, ...]]:
    """Check what could be understood of a project, beside what could not; the arguments are those of `check_project`.

    Raises:
        DefinitionError: Every problem of the project at once.
    """
    if read.project is None:
        raise DefinitionError(read.problems)
    streams, problems = _streams(read, read.project, home)
    incomplete = bool(problems) or bool(read.lost)
    try:
        prepared = prepare(read.project, streams, read.origin)
    except DefinitionError as error:
        found = [one for one in error.problems if not (incomplete and _may_follow(one, read, bool(problems)))]
        raise DefinitionError(in_order([*read.problems, *problems, *found])) from None
    if read.problems or problems:
        raise DefinitionError(in_order([*read.problems, *problems]))
    return before_facts(read.project) + after_facts(prepared, streams), prepared.notes


def _streams(read: Read, project: Project, home: Path) -> tuple[dict[str, Stream], list[Problem]]:
    streams: dict[str, Stream] = {}
    problems = []
    for name, source in project.sources:
        try:
            currency = Currency(project.currency)
            streams |= peek({name: source}, currency=currency, time_zone=project.time_zone, home=home)
        except SourceError as error:
            path = ("sources", name, "from")
            problems.append(read.origin.locate(Problem(str(error)), path).of(f"source {name}"))
    return streams, problems


def _may_follow(problem: Problem, read: Read, sources_lack: bool) -> bool:
    """Whether a problem may be there only because something else could not be read."""
    missing = problem.found in read.lost
    return missing or (sources_lack and (problem.what.startswith(("unknown", "not known")) or "needs" in problem.what))
