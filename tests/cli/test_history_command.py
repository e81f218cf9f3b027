"""``smalti history``: segments run by run, one segment, one customer; and plain words where there is nothing to tell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

TEXT = """name: Shop
currency: GBP
sources:
  orders: {from: orders.csv, customer: customer, at: date, columns: {revenue: amount}}
segments:
  lately: {who: days_since_order <= 20, why: bought lately}
"""


class Past:
    """A folder with a project that has been run as of four instants; before the last one a definition changed."""

    def __init__(self, terminal) -> None:
        self.terminal = terminal
        terminal.orders("past/orders.csv")
        terminal.file("past/smalti.yml", TEXT)
        for when in ("2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"):
            if when == "2026-06-30":
                terminal.file("past/smalti.yml", TEXT.replace("<= 20", "<= 9"))
            assert terminal.types("run", "past", "--as-of", when).exit_code == 0

    def types(self, *words):
        return self.terminal.types(*words, "--project", "past")

    def complaint(self, *words):
        return self.terminal.complaint(*words, "--project", "past")


@pytest.fixture(scope="module")
def past(shop):
    return Past(shop)


def words(result):
    assert result.exit_code == 0, result.output
    return [line.split() for line in result.stdout.splitlines()]


def test_segments_are_told_with_sizes_changes_and_half_life(past):
    lines = words(past.types("history"))
    assert ["Shop:", "4", "runs,", "as", "of", "2026-03-31", "to", "2026-06-30"] in lines
    told = json.loads(past.types("history", "--json").stdout)
    changes = {(row["as_of"], row["segment"]): row for row in told["changes"]}
    last = changes["2026-06-30T00:00:00Z", "active"]
    (line,) = [line for line in lines if line[:1] == ["active"]]
    assert " ".join(str(last[name]) for name in ("size", "entered", "left")) in " ".join(line)
    assert [one["as_of"] for one in told["runs"]] == ["2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"]
    assert any(line[:1] == ["lately*"] for line in lines)
    assert "defined otherwise than in the run before" in past.types("history").stdout


def test_one_segment_is_told_run_by_run(past):
    told = json.loads(past.types("history", "lately", "--json").stdout)
    assert {row["segment"] for row in told["changes"]} == {"lately"}
    lines = words(past.types("history", "lately"))
    for row in told["changes"]:
        (line,) = [line for line in lines if line[:1] == [row["as_of"][:10]]]
        assert line[1] == str(row["size"])
        assert (line[-2:] == ["new", "definition"]) == row["redefined"]
    assert [row["redefined"] for row in told["changes"]] == [False, False, False, True]
    assert any(line[:3] == ["half-life", "of", "membership:"] for line in lines)


def test_flows_of_one_segment_add_up(past):
    told = json.loads(past.types("history", "rfm.champions", "--json").stdout)
    for row in told["changes"][1:]:
        flows = [flow for flow in told["flows"] if flow["run"] == row["run"]]
        assert sum(flow["customers"] for flow in flows if flow["target"] == "champions") == row["size"]
        assert sum(flow["customers"] for flow in flows if flow["origin"] == "champions") == row["before"]


def test_a_customer_has_spells(past):
    spells = json.loads(past.types("history", "--customer", "c1", "--json").stdout)["spells"]
    lines = words(past.types("history", "--customer", "c1"))
    assert len([line for line in lines if line and "." in line[0]]) == len(spells)
    assert {spell["customer_id"] for spell in spells} == {"c1"}
    assert any(line[-2:] == ["still", "in"] for line in lines)


def test_as_of_leaves_out_later_runs(past):
    told = json.loads(past.types("history", "--as-of", "2026-05-01", "--json").stdout)
    assert [one["as_of"] for one in told["runs"]] == ["2026-03-31", "2026-04-30"]
    by_name = json.loads(past.types("history", "--as-of", told["runs"][0]["run"], "--json").stdout)
    assert len(by_name["runs"]) == 1
    assert "no run of 'Shop' is as of 2026-01-01 or earlier" in past.complaint("history", "--as-of", "2026-01-01")


def test_what_is_not_known_is_told_with_the_nearest(past):
    assert "did you mean 'champions'?" in past.complaint("history", "chmpions")
    assert "no run of 'Shop' knows a customer 'C3'; did you mean 'c3'?" in past.complaint("history", "--customer", "C3")
    assert "wanted one of them" in past.complaint("history", "champions", "--customer", "c1")
    assert "not an instant: found 'spring'" in past.complaint("history", "--as-of", "spring")


def test_without_runs_or_with_one_it_says_so(terminal):
    assert "there is no run in .smalti/runs yet; make one with: smalti run" in terminal.complaint("history")
    assert terminal.types("run", terminal.orders(), "--to", "there").exit_code == 0
    said = terminal.types("history", "--to", "there")
    assert said.exit_code == 0
    assert "There is only one run: who enters and leaves shows from the second one on." in said.stdout
    assert json.loads(terminal.types("history", "--to", "there", "--json").stdout)["flows"] == []


def test_a_damaged_run_is_told_in_a_note(terminal):
    terminal.types("run", terminal.orders(), "--as-of", "2026-03-31")
    terminal.types("run", "orders.csv")
    (first, _) = sorted(Path(".smalti/runs").glob("*/run.json"))
    (first.parent / "membership.parquet").write_bytes(b"nothing")
    assert f"note: run '{first.parent.name}' is passed over" in terminal.types("history").stdout
    first.write_text("{half")
    said = terminal.types("history").stdout
    assert "1 run, as of" in said
    assert "is passed over: run" in said
