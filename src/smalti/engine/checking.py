"""A project checked against its sources without running it."""

from __future__ import annotations

from pathlib import Path

from smalti.facts import Currency
from smalti.project import Origin, Project, Work, after_facts, before_facts, prepare
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
        DefinitionError: Every problem of the project.
        SourceError: A source cannot be read.
    """
    currency = Currency(project.currency)
    streams = peek(dict(project.sources), currency=currency, time_zone=project.time_zone, home=home)
    prepared = prepare(project, streams, origin)
    return before_facts(project) + after_facts(prepared, streams), prepared.notes
