"""What was proven: a value to look at, to store, and to show as a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smalti.errors import SmaltiError
from smalti.experiments.proof import Proof
from smalti.report import proof_page, tell_proof

FORM = 1
"""The form of what `to_dict` gives."""


@dataclass(frozen=True)
class Proved:
    """What a trial proves.

    Attributes:
        about: The trial: its name, rows, arms, control, what was taken for what, what was set aside, warnings.
        outcomes: Of each outcome the average effects, the proof with and without costs, where effects differ.
    """

    about: Mapping[str, Any]
    outcomes: tuple[Mapping[str, Any], ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The verdicts, one sentence or two for each outcome."""
        return tuple(one.verdict for one in tell_proof(self.to_dict()).outcomes)

    def proof(self, outcome: str | None = None) -> Proof:
        """Give the three-policy proof of an outcome; the first if none is named.

        Raises:
            SmaltiError: There is no such outcome.
        """
        names = [one["outcome"] for one in self.outcomes]
        if outcome is not None and outcome not in names:
            raise SmaltiError(f"outcome: found '{outcome}', wanted one of {', '.join(names)}")
        return Proof.restored(self.outcomes[names.index(outcome) if outcome else 0]["proof"])

    def to_dict(self) -> dict[str, Any]:
        """Give it as dictionaries, lists, texts and numbers, for JSON and for `smalti.report.proof_page`."""
        return {"form": FORM, **self.about, "outcomes": [dict(one) for one in self.outcomes]}

    def page(self) -> str:
        """Give it as one self-contained HTML page."""
        return proof_page(self.to_dict())

    def write(self, path: Path | str) -> Path:
        """Write the page to a file."""
        file = Path(path)
        file.write_text(self.page(), encoding="utf-8")
        return file
