"""smalti plan with treatments, smalti decide, smalti simulate: in words and JSON, and what is refused."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from smalti.cli.planning import said_context
from smalti.errors import SmaltiError
from smalti.samples import shop as invented
from smalti.samples import write_shop
from smalti.store import list_runs

PAGE = (Path(__file__).parents[2] / "docs" / "plan.md").read_text(encoding="utf-8")
PLANNED = re.findall(r"(?s)```yaml\n(.*?)```", PAGE)[0]
CONFTEST = Path(__file__).with_name("conftest.py")
AS_OF = ("--as-of", "2026-06-30")


def terminal_in(folder):
    found = importlib.util.spec_from_file_location("terminals", CONFTEST)
    terminals = importlib.util.module_from_spec(found)
    found.loader.exec_module(terminals)
    return terminals.Terminal(folder)


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A folder with a project that has treatments, run."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("planned")
        patch.chdir(folder)
        one = terminal_in(folder)
        one.file("smalti.yml", PLANNED)
        write_shop(invented(300, seed=7), folder)
        one.first = one.types("run", *AS_OF)
        assert one.first.exit_code == 0
        yield one


def plain(text):
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


def treated(planned):
    """Customers with a treatment, by their rows of the plan."""
    table = pq.read_table(list_runs(Path(".smalti/runs"))[-1].path / "plan.parquet").to_pylist()
    return {row["customer_id"]: row for row in reversed(table) if row["treatment"]}


def test_a_run_tells_its_plan(planned):
    told = plain(planned.first.stdout)
    assert re.search(r"The plan: \d+ of 300 customers get a treatment, worth £[\d,.]+ \(", told)
    assert "more would bring £" in told


def test_the_plan_comes_first_then_what_would_change_and_nothing_is_published(planned):
    before = [run.id for run in list_runs(Path(".smalti/runs"))]
    told = planned.types("plan", *AS_OF).stdout
    assert [run.id for run in list_runs(Path(".smalti/runs"))] == before
    assert told.startswith("The plan, from 30 June 2026 to 7 July 2026\n")
    assert told.index("What is done") < told.index("The definitions are the same: nothing would change for anyone.")


def test_plan_and_run_say_the_same(planned):
    shown = json.loads(planned.types("plan", *AS_OF, "--show", "plan", "--json").stdout)["plan"]
    info = list_runs(Path(".smalti/runs"))[-1].info["plan"]
    for name in ("value", "bound", "gap", "customers", "contacts", "cost"):
        assert shown[name] == info[name], name
    assert shown["customers"] == len(treated(planned))
    assert "decider" not in shown
    assert {"all", "treatment", "channel"} <= {row["by"] for row in shown["totals"]}


@pytest.mark.slow
def test_changes_alone_and_everything_for_a_machine(planned):
    alone = planned.types("plan", *AS_OF, "--show", "changes").stdout
    assert "What is done" not in alone
    both = json.loads(planned.types("plan", *AS_OF, "--json").stdout)
    assert (both["moved"], both["customers"]) == (0, 300)
    assert both["plan"]["customers"] > 0


def test_explain_tells_what_is_planned(planned):
    customer, row = next(iter(sorted(treated(planned).items())))
    told = plain(planned.types("explain", customer).stdout)
    assert f"Planned: {'Come back' if row['treatment'] == 'come_back' else 'A call to say thank you'} by " in told
    assert "It is expected to bring £" in told
    story = json.loads(planned.types("explain", customer, "--json").stdout)
    assert story["planned"][0].startswith("Planned: ")


def test_explain_says_why_nothing_is_planned(planned):
    ids = {f"C{n:06d}" for n in range(1, 301)} - treated(planned).keys()
    told = plain(planned.types("explain", min(ids)).stdout)
    assert "Nothing is planned: " in told


def test_a_decision_in_words_and_json(planned):
    best = max(treated(planned).values(), key=lambda row: row["gain"])
    customer = best["customer_id"]
    told = plain(planned.types("decide", customer).stdout)
    assert told.startswith(f"{customer} gets ")
    found = json.loads(planned.types("decide", customer, "--json").stdout)
    assert (found["customer"], found["treatment"]) == (customer, best["treatment"])
    assert found["gain"] == pytest.approx(float(best["gain"]) * 100, abs=1)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["decide", "C999999"], "this run knows no customer 'C999999'"),
        (
            ["decide", "C000001", "--context", "channels=pigeon"],
            "unknown channel in the context: found 'pigeon', wanted",
        ),
        (
            ["decide", "C000001", "--context", "cart"],
            "--context: found 'cart', wanted NAME=VALUE such as cart_value=30",
        ),
        (["decide", "C000001", "--context", "spend_356d=3"], "did you mean 'spend_365d'?"),
        (["decide", "C000001", "--context", "spend_365d=much"], "spend_365d"),
        (["decide", "C000001", "--context", "now=1", "--context", "now=2"], "--context: found 'now' twice"),
        (["decide", "C000001", "--run", "yesterday"], "there is no run 'yesterday'"),
        (["decide", "C000001", "--to", "nowhere"], "there is no run in nowhere yet"),
        (["plan", "--show", "plan", "--against", "main"], "--against and --fail-if-moved go with changes"),
        (["plan", "--show", "everything"], "'everything' is not one of"),
        (["plan", "--json", "--markdown"], "found --json and --markdown, wanted one of them"),
        (["simulate", "--repetitions", "1"], "repetitions: found 1, wanted 2"),
        (["simulate", "--who", "anybody"], "anybody"),
        (["simulate", "--currency", "XYZ1"], "XYZ1"),
    ],
)
def test_hostile_input_is_answered_in_words(planned, words, wanted):
    assert wanted in plain(planned.complaint(*words).replace("│", " "))


def test_limits_that_contradict_each_other(planned, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_shop(invented(300, seed=7), tmp_path)
    text = PLANNED.replace("budget: 20", "budget: 20\n  numbers: {treatment: thank_you_call, least: 8}")
    Path("smalti.yml").write_text(text, encoding="utf-8")
    told = planned.complaint("plan", *AS_OF, "--show", "plan")
    assert "thank_you_call" in told
    assert "phone a day" in told


@pytest.mark.slow
def test_a_simulation_in_words_and_json(terminal, monkeypatch):
    words = ("simulate", "--customers", "200", "--repetitions", "2", "--days", "14")
    found = json.loads(terminal.types(*words, "--json").stdout)
    assert found["asked"]["customers"] == 200
    monkeypatch.setenv("COLUMNS", "200")
    told = plain(terminal.types(*words).stdout)
    assert "What to expect: 200 invented customers over 14 days, 40 contacts, 2 times over" in told
    for sentence in found["sentences"]:
        assert plain(sentence).rstrip(".").lower() in told.lower()


def test_context_that_is_said():
    assert said_context(["a=", "b= x = y "]) == {"a": None, "b": "x = y"}
    with pytest.raises(SmaltiError, match="wanted an instant and a channel"):
        said_context(["contacted=2026-07-01"])
