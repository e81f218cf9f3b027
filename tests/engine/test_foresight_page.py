"""The page on foresight does what it says: its project checked, its tables those of the code, its Python run."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import numpy as np
import pytest

from smalti.cli.app import app
from smalti.engine.foresight import behaviour, since, training
from smalti.errors import DefinitionError
from smalti.facts import CUSTOMERS, DAY, ORDERS
from smalti.models import choosing, drift, lookalike, sensitivity
from smalti.models.products import fitting
from smalti.models.retention import backtest
from smalti.models.supervised import splits
from smalti.models.supervised.trial import Trial
from smalti.project import FILE_NAME, parse_project, prepare
from smalti.project.scores import FORETOLD, ScoreDefinition
from smalti.rules import names_in

FILE = Path(__file__).parents[2] / "docs" / "foresight.md"
PAGE = FILE.read_text(encoding="utf-8")


def rows(*lines):
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def settings():
    fields = ScoreDefinition.model_fields.items()
    return rows(*((f"`{name}`", one.description) for name, one in fields))


def least():
    """Give the table of what each model wants at least, from the code's own borders."""
    return rows(
        ("who is still a customer, and what she spends", f"{behaviour.LEAST_REPEAT_CUSTOMERS} customers who came back"),
        ("the choice among the three kinds", f"{choosing.LEAST_CUSTOMERS} customers in a hold-out; else MBG/NBD"),
        (
            "scores of your own",
            f"{splits.LEAST_CUSTOMERS} customers, {splits.LEAST_EACH} to whom it came and {splits.LEAST_EACH} to whom it did "
            f"not; facts of one horizon, and of {training.LEAST_HISTORY // DAY} days (or another horizon, if that is shorter) "
            "before it",
        ),
        ("their back-test", f"{splits.LEAST_TESTED} of each among those it is tested on"),
        ("what she buys next", f"{fitting.LEAST_CUSTOMERS} customers who bought both before and within the horizon"),
        ("look-alikes", f"{lookalike.LEAST_MEMBERS} members, and as many others"),
        ("contracts", f"{backtest.LEAST_LEAVERS} customers who have left"),
        (
            "discounts",
            f"{sensitivity.LEAST_CUSTOMERS} customers of a segment, or it takes what all have in common; a line wants "
            f"{sensitivity.LEAST_ORDERS} orders of known discount",
        ),
    )


def test_the_table_of_settings_is_that_of_the_code():
    assert settings() in PAGE, f"\n{settings()}"


def test_the_table_of_what_is_wanted_is_that_of_the_code():
    assert least() in PAGE, f"\n{least()}"


def test_every_word_that_can_be_foretold_is_told():
    table = PAGE.partition("| predict |")[2].partition("\n\n")[0]
    assert tuple(re.findall(r"(?m)^\| `(\w+)` \|", table)) == FORETOLD


def test_the_borders_that_the_page_names_are_those_of_the_code():
    assert f"false alarms is held to {drift.ALPHA:.0%}".replace("%", " %") in PAGE
    assert f"at least {drift.LEAST_MOVED:.0%} have moved".replace("%", " %") in PAGE
    assert f"off by more than {drift.LEAST_OFF:.0%}, or the slope by more than {2 * drift.LEAST_OFF:g}".replace(
        "%", " %"
    ) in (PAGE.replace("\n", " "))
    assert f"from {since.LEAST_WATCHED // DAY} days on" in PAGE
    assert f"{training.MOST:,} customers are learnt from at most" in PAGE


def test_every_project_of_the_page_is_right():
    examples = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    wanted = [{"will_buy", "visits_again"}, {"will_buy", "spend_ahead"}]
    projects = [parse_project(text, FILE_NAME)[0] for text in examples]
    assert [{name for name, _ in project.scores} for project in projects] == wanted


def test_the_strategy_of_the_page_asks_for_its_scores():
    text = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
    project, origin = parse_project(text, FILE_NAME)
    streams = {ORDERS.name: ORDERS, CUSTOMERS.name: CUSTOMERS}
    (voucher,) = [one for one in prepare(project, streams, origin).strategies if one.name == "voucher"]
    assert {"will_buy", "spend_ahead"} <= names_in(voucher.eligible) | names_in(voucher.headroom)
    with pytest.raises(DefinitionError, match="will_buy"):
        prepare(project.model_copy(update={"scores": ()}), streams, origin)


def test_the_measures_of_the_page_are_called_as_in_a_terminal():
    target, chances = np.array([0.0, 1.0] * 60), np.tile([0.3, 0.6], 60)
    table = PAGE.partition("| measure | better |")[2].partition("\n\n")[0]
    told = {name.strip() for row in re.findall(r"(?m)^\| ([^|]+) \|", table) for name in row.split(",")} | {
        "calibration intercept, as odds"
    }
    for task, forecast in (("chance", chances), ("amount", chances)):
        simple = {"the same for everybody": np.full((120, 1), 0.5)}
        taken = Trial(task, target, forecast[:, None], simple, None, 0).measures()
        assert {one.name for one in taken} <= told


def test_the_python_of_the_page_answers_as_it_says():
    found = doctest.testfile(str(FILE), module_relative=False)
    assert (found.failed, found.attempted >= 8) == (0, True)


@pytest.mark.parametrize("line", re.findall(r"(?m)^\$ smalti (.*)$", PAGE))
def test_the_commands_of_the_page_are_there(line):
    assert line.split()[0] in {one.name or one.callback.__name__ for one in app.registered_commands}
