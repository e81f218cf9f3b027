"""The page about the frameworks says what the code says: every table of it, every name, every example."""

import re
from pathlib import Path

import pytest

from smalti.project import FILE_NAME, parse_project
from smalti.segments import FRAMEWORKS, standard_framework
from smalti.segments.frameworks import ALWAYS, Minimum

PAGE = (Path(__file__).parents[2] / "docs" / "frameworks.md").read_text(encoding="utf-8")
WHERE_CARRIED = ("engagement", "negative")


def rows(*lines):
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def wanted(least: Minimum):
    """Say what a framework wants to see at least."""
    counted = [
        (least.customers, "customers"),
        (least.buyers, "customers with an order"),
        (least.repeat_buyers, "customers with a second day of purchase"),
        (least.history_days, "days of history"),
    ]
    told = [f"{number:,} {what}" for number, what in counted if number]
    told += [f"a fact in the last {least.silence_days} days"] if least.silence_days is not None else []
    return f"{', '.join(told)}: {least.because}"


def overview():
    """Give the table of all frameworks."""
    used = dict.fromkeys(ALWAYS, "yes") | dict.fromkeys(WHERE_CARRIED, "where the facts tell of it")
    made = [standard_framework(name) for name in FRAMEWORKS]
    return rows(
        ("framework", "kind", "what it tells", "by default", "wants to see"),
        ("---",) * 5,
        *((f"`{one.name}`", one.kind, one.about, used.get(one.name, ""), wanted(one.minimum)) for one in made),
    )


def segments(name):
    """Give the table of a framework's segments."""
    made = standard_framework(name).segments.items()
    return rows(("segment", "who is in it"), ("---",) * 2, *((f"`{segment}`", one.why) for segment, one in made))


def settings(name):
    """Give the table of a framework's settings."""
    fields = FRAMEWORKS[name].settings.model_fields.items()
    return rows(
        ("setting", "default", "what it is"),
        ("---",) * 3,
        *((f"`{setting}`", f"`{written(one.default)}`", one.description) for setting, one in fields),
    )


def written(value):
    """Write a default as it would be written in a project."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{', '.join(str(one) for one in value)}]" if isinstance(value, tuple) else str(value)


def test_the_table_of_all_is_that_of_the_code():
    assert overview() in PAGE, f"\n{overview()}"


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_segments_and_settings_are_those_of_the_code(name):
    chapter = PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert segments(name) in chapter, f"\n{segments(name)}"
    assert settings(name) in chapter, f"\n{settings(name)}"


def test_every_example_is_a_project():
    examples = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) >= 3
    for text in examples:
        parse_project(text, FILE_NAME)


def test_the_rules_told_of_rfm_are_its_rules():
    told = dict(re.findall(r"^\| `(\w+)` \| `(rfm_[^`]+|\(rfm_[^`]+)` \|$", PAGE, re.MULTILINE))
    assert told == {name: one.who for name, one in standard_framework("rfm").segments.items()}
