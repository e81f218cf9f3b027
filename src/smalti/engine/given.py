"""What was read into the store, and what a project makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from smalti.engine.shown import Shown
from smalti.facts import Currency, Instant
from smalti.project import Prepared, Project
from smalti.sources import Loaded


@dataclass(frozen=True)
class Facts:
    """What was read into the store, and what a project makes of it.

    Attributes:
        project: The project.
        loaded: The streams, rows set aside, fingerprints.
        prepared: The project's definitions, made ready.
        at: The as-of instant that was asked for, or that of the latest fact.
        account: The account of every source.
        remarks: What a reader should know before believing a run.
        written: The project before its frameworks took from the facts what they were not told.
        lacking: By framework, what there is too little of, in sentences.
        shown: By score, the effect that an experiment has shown.
    """

    project: Project
    loaded: Loaded
    prepared: Prepared
    at: Instant
    account: list[dict[str, Any]]
    remarks: tuple[str, ...]
    written: Project
    lacking: Mapping[str, tuple[str, ...]]
    shown: Mapping[str, Shown] = field(default_factory=dict)

    @property
    def currency(self) -> Currency:
        """The project's currency."""
        return Currency(self.project.currency)
