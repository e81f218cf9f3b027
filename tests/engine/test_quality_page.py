"""The page about the gate says what the gate does."""

from pathlib import Path

import pytest

from smalti.report.verdicts import QUESTIONS
from smalti.segments.quality import TESTS, Bars

PAGE = (Path(__file__).parents[2] / "docs" / "quality.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("bar", list(Bars.model_fields))
def test_every_bar_is_told_with_its_default_and_reason(bar):
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{bar}` |"))
    value = getattr(Bars.model_validate({}), bar)
    told = ", ".join(value) if isinstance(value, tuple) else f"{value:g}" if isinstance(value, float) else str(value)
    assert row.split("|")[2].strip() == told
    assert " ".join(Bars.model_fields[bar].description.split()) in row


def test_every_test_is_told_by_its_name():
    told = {line.split("|")[1].strip() for line in PAGE.splitlines() if line.startswith("| ")}
    assert {QUESTIONS[test][0] for test in TESTS} <= told
