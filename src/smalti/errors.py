"""Every error smalti raises: one tree, each message saying what was found and what was wanted.

A `Problem` is one thing wrong with one definition, with its place. `DefinitionError` carries all the problems of a
project at once, because a person mends a page faster than a line.

>>> nearest("recensy", ["recency", "frequency"])
'recency'
>>> print(Problem("unknown trait", found="recensy", wanted="a trait", hint="recency", file="smalti.yml", line=4))
smalti.yml:4: unknown trait: found 'recensy', wanted a trait; did you mean 'recency'?
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "DefinitionError",
    "ModelError",
    "PlanError",
    "Problem",
    "RunError",
    "SmaltiError",
    "SourceError",
    "StoreError",
    "nearest",
]


class SmaltiError(Exception):
    """What every error of smalti is; its text is made for the person who wrote the definition or gave the data."""


class SourceError(SmaltiError):
    """Outside data could not be read or understood as a whole (single bad rows are set aside instead)."""


class ModelError(SmaltiError):
    """A model cannot be fitted on what there is, and why."""


class PlanError(SmaltiError):
    """No plan can be made within the limits there are, and which of them contradict each other."""


class StoreError(SmaltiError):
    """The store was asked for something it does not hold, or could not do."""


class RunError(SmaltiError):
    """A run cannot be made, found or read."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one definition.

    Attributes:
        what: The kind of mistake in a few words.
        found: What stood there, or None where nothing did.
        wanted: What would have been right, or None.
        hint: The nearest right name, or None.
        file: The file of the definition, or None for one built in code.
        line: Line in that file, counted from 1.
        column: Character in that line, counted from 1.
        subject: The definition concerned, such as ``trait spend_365d``.
    """

    what: str
    found: str | None = None
    wanted: str | None = None
    hint: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    subject: str | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        subject = f"{self.subject}: " if self.subject else ""
        told = []
        if self.found is not None:
            told.append(f"found '{self.found}'")
        if self.wanted is not None:
            told.append(f"wanted {self.wanted}")
        text = f"{subject}{self.what}" + (": " + ", ".join(told) if told else "")
        text += f"; did you mean '{self.hint}'?" if self.hint else ""
        return f"{place}: {text}" if place else text

    def at(self, *, file: str | None = None, line: int | None = None, column: int | None = None) -> Problem:
        """Give the same problem with its place filled in."""
        return replace(self, file=file or self.file, line=line or self.line, column=column or self.column)

    def of(self, subject: str) -> Problem:
        """Give the same problem as one of this subject."""
        return self if self.subject else replace(self, subject=subject)


class DefinitionError(SmaltiError):
    """All that is wrong with the definitions of a project, found before anything ran."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = "1 problem in the definitions" if count == 1 else f"{count} problems in the definitions"
        super().__init__(head + ":\n" + "\n".join(f"  {problem}" for problem in self.problems))


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Give the name most like the one written, or None if none is near.

    >>> nearest("Spend", ["spend", "tenure"])
    'spend'
    >>> nearest("xyz", ["spend"]) is None
    True
    """
    folded = {candidate.casefold(): candidate for candidate in sorted(names, reverse=True)}
    matches = get_close_matches(name.casefold(), sorted(folded), n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None
