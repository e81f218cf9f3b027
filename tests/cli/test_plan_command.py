"""smalti plan: what changed definitions would do, in words, JSON and Markdown; its exit statuses; its page in the docs."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from smalti.samples import shop as invented
from smalti.samples import write_shop
from smalti.store import list_runs

PAGE = (Path(__file__).parents[2] / "docs" / "plan.md").read_text(encoding="utf-8")
PLANNED, DEFINED = re.findall(r"(?s)```yaml\n(.*?)```", PAGE)
CHANGED = DEFINED.replace("days_since_order > 90", "days_since_order > 60").replace("1.20", "9.00")


@pytest.fixture
def changed(shop, terminal, tmp_path):
    """The shop that has been run, copied to change it."""
    shutil.copytree(shop.folder, tmp_path, dirs_exist_ok=True)
    file = Path("smalti.yml")
    text = re.sub(r"(?m)^segments:\n(?:  .*\n)*", "", file.read_text(encoding="utf-8"))
    file.write_text(text, encoding="utf-8")
    return terminal


def define(text):
    file = Path("smalti.yml")
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


ALL = "\nsegments:\n  everyone: 'true'\n"


def test_a_project_that_has_not_changed(changed):
    result = changed.types("plan")
    assert result.exit_code == 0
    assert "The definitions are the same: nothing would change for anyone." in result.stdout
    assert "new definitions:" in result.stderr


def test_in_words_json_and_markdown(changed):
    define(ALL)
    assert "7 of 7 customers (100" in changed.types("plan").stdout
    told = json.loads(changed.types("plan", "--json").stdout)
    assert (told["customers"], told["moved"], told["share_moved"], told["moved_strategy"]) == (7, 7, 1.0, 0)
    assert [one["after"] for one in told["segments"] if one["segment"] == "everyone"] == [7]
    markdown = changed.types("plan", "--markdown").stdout
    assert markdown.startswith("## ")
    assert "| Everyone (new) | – | 7 | 7 | 0 |" in markdown
    assert "c3" not in markdown


def test_exit_statuses_for_a_machine(changed):
    define(ALL)
    allowed = changed.types("plan", "--fail-if-moved", "1")
    assert allowed.exit_code == 0
    refused = changed.types("plan", "--fail-if-moved", "0.05", "--json")
    assert refused.exit_code == 3
    assert json.loads(refused.stdout)["moved"] == 7
    assert "7 of 7 customers would move, more than the share of 0.05 that is allowed" in refused.stderr


def test_nothing_is_published(changed):
    define(ALL)
    before = [run.id for run in list_runs(Path(".smalti/runs"))]
    changed.types("plan")
    assert [run.id for run in list_runs(Path(".smalti/runs"))] == before


def test_without_a_run(changed):
    result = changed.types("plan", "--to", "none")
    assert result.exit_code == 0
    assert "There is no earlier run, so everything is new; this is what a run would find." in result.stdout
    assert not Path("none").exists()
    told = changed.complaint("plan", "--to", "none", "--fail-if-moved", "0.1")
    assert "--fail-if-moved needs something to compare with: there is no run in none yet" in told


def test_definitions_that_are_wrong_are_told_as_by_check(changed):
    define("\nsegments:\n  one: days_since_odrer > 3\n  two: count(ordesr) > 1\n")
    told = changed.types("plan")
    assert told.exit_code == 2
    assert told.stderr == changed.types("check").stderr
    assert "2 problems in the definitions" in told.stderr
    assert len(json.loads(changed.types("plan", "--json").stdout)["problems"]) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--against", "nowhere"], "nothing to compare with: found 'nowhere'"),
        (["--against", ""], "nothing to compare with: found ''"),
        (["--against", "orders.csv"], "orders.csv"),
        (["--against", "."], ""),
        (["--as-of", "yesterday"], "yesterday"),
        (["--as-of", "1990-01-01"], "there is no customer yet"),
        (["--json", "--markdown"], "found --json and --markdown, wanted one of them"),
        (["--fail-if-moved", "2"], "less than or equal to 1"),
        (["--fail-if-moved", "nan"], "less than or equal to 1"),
        (["elsewhere"], "there is no folder 'elsewhere'"),
    ],
)
def test_hostile_input_is_answered_in_words(changed, words, told):
    if words == ["--against", "."]:
        assert "nothing would change" in changed.types("plan", *words).stdout
    else:
        assert told in changed.complaint("plan", *words)


def test_a_run_whose_definitions_cannot_be_read(changed):
    run = list_runs(Path(".smalti/runs"))[-1].path / "run.json"
    info = json.loads(run.read_text(encoding="utf-8"))
    run.write_text(json.dumps(info | {"definitions": {"from the future": 1}}), encoding="utf-8")
    assert "holds definitions that this version of smalti cannot read" in changed.complaint("plan")


def test_the_old_definitions_may_be_what_is_wrong(changed):
    Path("old").mkdir()
    text = Path("smalti.yml").read_text(encoding="utf-8")
    Path("old/smalti.yml").write_text(text + "\nsegments:\n  one: days_since_odrer > 3\n", encoding="utf-8")
    told = changed.complaint("plan", "--against", "old")
    assert "the project in old" in told
    assert "days_since_odrer" in told


def test_without_treatments_there_is_nothing_to_plan_with(changed):
    assert "found no treatments: in smalti.yml" in changed.complaint("plan", "--show", "plan")
    assert "has no plan" in changed.complaint("decide", "c3")


def test_the_page_shows_what_is_said(terminal):
    for folder, text in (("main", DEFINED), ("mine", CHANGED)):
        Path(folder).mkdir()
        Path(folder, "smalti.yml").write_text(text, encoding="utf-8")
        write_shop(invented(300, seed=7), Path(folder))
    command = re.search(r"`smalti (plan mine [^`]*)`", PAGE)[1].split()
    told = terminal.types(*command).stdout
    assert re.findall(r"(?s)````markdown\n(.*?)````", PAGE)[1] == told


def test_the_page_shows_the_plan(terminal):
    Path("planned").mkdir()
    Path("planned/smalti.yml").write_text(PLANNED, encoding="utf-8")
    write_shop(invented(300, seed=7), Path("planned"))
    command = re.search(r"`smalti (plan planned [^`]*)`", PAGE)[1].split()
    told = terminal.types(*command).stdout
    assert re.findall(r"(?s)````markdown\n(.*?)````", PAGE)[0] == told
