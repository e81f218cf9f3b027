"""Looking back over a folder of runs: what they saw, in the order of their instants, whatever state some of them are in."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import smalti
from smalti.engine import history
from smalti.engine.history import definitions
from smalti.errors import RunError
from smalti.facts import DAY
from smalti.store import RunWriter

PAGE = Path(__file__).parents[2] / "docs" / "history.md"
PEOPLE = ["ann", "bob", "cyd"]
GOLD, IRON = ("tiers", "gold"), ("tiers", "iron")


@pytest.fixture
def home(tmp_path):
    return tmp_path / "runs"


def put(home, name, day, members, *, project="shop", rules=None, made="", known=PEOPLE, **info):
    """Publish a small run as of a day; `members` maps (segmentation, segment) to customers."""
    rows = [(*key, one) for key, ones in members.items() for one in ones]
    names = ("segmentation", "segment", "customer_id")
    stays = {column: pa.array([row[place] for row in rows], pa.string()) for place, column in enumerate(names)}
    segments = [
        dict(zip(names, key, strict=False)) | {"title": key[1].title(), "rule": (rules or {}).get(key, "a > 1")}
        for key in members
    ]
    with RunWriter(home, name) as writer:
        writer.write_table("membership", pa.table(stays))
        writer.write_table("customers", pa.table({"customer_id": known}))
        writer.write_table("segments", pa.Table.from_pylist(segments))
        told = {"project": project, "as_of_microseconds": day * DAY, "made_at": made or name} | info
        return writer.publish(told)


@pytest.fixture
def three(home):
    put(home, "r3", 60, {GOLD: ["ann", "bob"], IRON: ["cyd"]})
    put(home, "r1", 0, {GOLD: ["ann"], IRON: ["bob"]}, known=["ann", "bob"])
    put(home, "r2", 30, {GOLD: ["ann"], IRON: ["bob", "cyd"]})
    return history(home)


def test_runs_are_put_in_the_order_of_their_instants(three):
    assert [run.run for run in three.runs] == ["r1", "r2", "r3"]
    assert repr(three) == "<history of shop: 3 runs>"
    spells = three.spells.to_arrow().to_pylist()
    assert [(row["segment"], row["customer_id"], row["entered_by"], row["left_by"]) for row in spells] == [
        ("gold", "ann", "already in", None),
        ("gold", "bob", "move", None),
        ("iron", "bob", "already in", "move"),
        ("iron", "cyd", "new customer", None),
    ]
    assert three.half_lives.to_pydict()["segment"] == ["gold", "iron"]
    moved = {(row["origin"], row["target"]): row["customers"] for row in three.flows.to_pylist() if row["run"] == "r3"}
    assert moved == {("gold", "gold"): 1, ("iron", "gold"): 1, ("iron", "iron"): 1}


@pytest.mark.parametrize(
    ("when", "members"),
    [
        ("1970-01-01", [("gold", "ann"), ("iron", "bob")]),
        ("1970-01-30T23:59:59.999999Z", [("gold", "ann"), ("iron", "bob")]),
        ("1970-01-31", [("gold", "ann"), ("iron", "bob"), ("iron", "cyd")]),
        (31 * DAY, [("gold", "ann"), ("iron", "bob"), ("iron", "cyd")]),
        ("r2", [("gold", "ann"), ("iron", "bob"), ("iron", "cyd")]),
        ("2026-01-01", [("gold", "ann"), ("gold", "bob"), ("iron", "cyd")]),
    ],
)
def test_membership_as_of_an_instant_is_that_of_the_latest_run_until_then(three, when, members):
    rows = three.as_of(when).to_pylist()
    assert [(row["segment"], row["customer_id"]) for row in rows] == members


def test_history_until_an_instant_knows_no_later_run(three):
    assert [run.run for run in three.until("1970-02-10").runs] == ["r1", "r2"]
    assert three.until("r2").spells.left.max() == -1
    with pytest.raises(
        RunError, match="no run of 'shop' is as of 1969-12-31 or earlier; the first is as of 1970-01-01"
    ):
        three.until("1969-12-31")
    with pytest.raises(
        RunError, match=r"not an instant: found 'r 3', .* or the name of a run; did you mean the run 'r3'"
    ):
        three.as_of("r 3")


def test_one_customers_spells_are_hers_alone(three):
    rows = three.of_customer("bob").to_pylist()
    every = [row for row in three.spells.to_arrow().to_pylist() if row["customer_id"] == "bob"]
    assert sorted(rows, key=str) == sorted(every, key=str)
    assert [row["segment"] for row in rows] == ["iron", "gold"]
    assert three.of_customer("cyd").to_pylist()[0]["entered_by"] == "new customer"
    with pytest.raises(RunError, match="no run of 'shop' knows a customer 'bop'; did you mean 'bob'"):
        three.of_customer("bop")


def test_segments_are_found_by_name(three, home):
    assert three.find("gold") == three.find("tiers.gold") == GOLD
    with pytest.raises(RunError, match="knows a segment 'glod', they know gold, iron; did you mean 'gold'"):
        three.find("glod")
    put(home, "r4", 90, {GOLD: [], ("metals", "gold"): []})
    with pytest.raises(RunError, match=r"there are 2 segments 'gold': wanted 'tiers.gold' or 'metals.gold'"):
        history(home).find("gold")


def test_of_runs_as_of_one_instant_the_latest_made_counts(home):
    put(home, "b", 0, {GOLD: ["ann"]}, made="2026-01-02")
    put(home, "a", 0, {GOLD: ["bob"]}, made="2026-01-03")
    seen = history(home)
    assert [run.run for run in seen.runs] == ["a"]
    assert seen.passed_over == ("1 run passed over: made again later as of the same instant",)


def test_runs_of_another_project_are_not_looked_at(home):
    put(home, "r1", 0, {GOLD: ["ann"]}, project="other")
    put(home, "r2", 0, {GOLD: ["bob"]})
    assert history(home).project == "shop"
    assert history(home).passed_over == ("1 run passed over: of another project",)
    assert [run.run for run in history(home, "other").runs] == ["r1"]
    with pytest.raises(RunError, match=r"there is no run of 'shopp' in .*; did you mean 'shop'"):
        history(home, "shopp")


def test_damaged_runs_are_in_nobodys_way_but_told(home):
    put(home, "r1", 0, {GOLD: ["ann"]})
    (put(home, "r2", 30, {GOLD: []}).path / "membership.parquet").write_bytes(b"PAR1 half of it")
    (put(home, "r3", 40, {GOLD: []}).path / "run.json").write_text("{half")
    (put(home, "r4", 50, {GOLD: []}).path / "customers.parquet").unlink()
    bad = put(home, "r5", 55, {GOLD: []})
    (bad.path / "run.json").write_text(json.dumps({"project": "shop", "made_at": "x"}))
    put(home, "r6", 60, {GOLD: ["ann"]})
    seen = history(home)
    assert seen.spells.to_arrow()["left_at"].to_pylist() == [None]
    assert len(seen.passed_over) == 3
    assert "run 'r4' is passed over: it has no table 'customers'" in seen.passed_over
    assert "run 'r5' is passed over: it has no 'as_of_microseconds'" in seen.passed_over
    assert len(seen.damaged) == 1
    assert seen.damaged[0].startswith("run 'r2' is passed over: ")
    assert seen.of_customer("ann").num_rows == 1
    with pytest.raises(RunError, match="the membership of run 'r2' cannot be read"):
        seen.as_of("r2")


def test_without_a_run_there_is_no_history(home):
    with pytest.raises(RunError, match=r"there is no run in .* yet; make one with: smalti run"):
        history(home)


def test_a_definition_is_the_rule_and_all_of_ones_own_that_it_speaks_of():
    rows = [("gold", "big > 5"), ("best", "member(gold) and days_since_order < 9"), ("odd", "not a rule (")]
    table = pa.Table.from_pylist([{"segmentation": "s", "segment": name, "rule": rule} for name, rule in rows])

    def of(**said):
        return {key[1]: text for key, text in definitions(table, {"definitions": said}).items()}

    before = of(traits=[["big", {"value": "half * 2"}], ["half", {"value": "spend_total / 2"}], ["other", "1"]])
    after = of(traits=[["big", {"value": "half * 2"}], ["half", {"value": "spend_total / 3"}], ["other", "2"]])
    assert before["gold"] == "big > 5; big: half * 2; half: spend_total / 2"
    assert [name for name in before if before[name] != after[name]] == ["gold", "best"]
    assert of()["odd"] == "not a rule ("
    assert of(use={"s": {"bands": 4}})["gold"] == 'big > 5; {"bands": 4}'
    assert of(use=["s"])["gold"] == "big > 5"


QUARTERS = ["2025-09-30", "2025-12-31", "2026-03-31", "2026-06-30"]


@pytest.fixture(scope="module")
def year(make, tmp_path_factory):
    """The shop, run as of the ends of four quarters, the last one first."""
    home = tmp_path_factory.mktemp("quarters")
    runs = {when: make(to=home, as_of=when) for when in [QUARTERS[-1], *QUARTERS[:-1]]}
    return home, [runs[when] for when in QUARTERS]


def test_a_year_of_the_shop_adds_up(year):
    home, runs = year
    seen = smalti.history(home)
    assert [run.run for run in seen.runs] == [run.id for run in runs]
    for position, run in enumerate(runs):
        published = run.membership.to_arrow()
        rebuilt = seen.spells.members_at(position)
        keys = [(name, "ascending") for name in published.column_names]
        assert rebuilt.equals(published.sort_by(keys))
        assert seen.as_of(QUARTERS[position]).equals(published)
    sizes = {(run.id, row["segment"]): row["size"] for run in runs for row in run.segments.to_arrow().to_pylist()}
    for row in seen.changes.to_pylist():
        assert row["size"] == sizes[row["run"], row["segment"]]
        assert not row["redefined"]
    for before, now in pairwise(runs):
        flows = seen.flows.filter(pc.equal(seen.flows["run"], now.id)).to_pylist()
        for name in ("rfm", "lifecycle", "value_tiers"):
            mine = [row for row in flows if row["segmentation"] == name]
            came = sum(row["customers"] for row in mine if row["origin_is"] == "new customer")
            assert came == len(now.customers) - len(before.customers)
            inside = Counter(row["target"] for row in mine for _ in range(row["customers"]) if row["target"])
            assert all(sizes[now.id, segment] == count for segment, count in inside.items())
            assert sum(inside.values()) == len(now.customers)


def test_the_shop_tells_who_lapses_and_that_nobody_stays_new(year):
    seen = smalti.history(year[0])
    stays = {row["segment"]: row for row in seen.half_lives.to_pylist()}
    assert stays["new"]["half_life"].days <= 92
    lasts = stays["lapsed"]["half_life"]
    assert lasts is None or lasts > stays["new"]["half_life"]
    her = seen.spells.of(segment="lapsed").to_arrow()["customer_id"][0].as_py()
    rows = [row for row in seen.of_customer(her).to_pylist() if row["segmentation"] == "lifecycle"]
    assert "lapsed" in [row["segment"] for row in rows]
    assert all(one["left_at"] <= other["entered_at"] for one, other in pairwise(rows))


def test_the_page_tells_how_long_members_stay(year):
    page = year[1][-2].report.read_text(encoding="utf-8")  # made last, and it sees the two before it
    assert "as 3 runs since 30 September 2025 saw it" in page
    assert re.search(r"half-life (over )?\d+ days", page)
    first = year[1][0].report.read_text(encoding="utf-8")
    assert "half-life" not in first.lower().replace(".stay", "")


def test_looking_back_changes_no_table(make, year, tmp_path):
    alone = make(to=tmp_path, as_of=QUARTERS[2])
    for name in alone.folder.tables:
        file = f"{name}.parquet"
        assert (alone.path / file).read_bytes() == (year[1][2].path / file).read_bytes()


def test_a_definition_that_changed_is_told(make, tmp_path):
    quiet = {"quiet": {"who": "days_since_order > long", "why": "gone quiet"}}
    columns = {"revenue": "amount"}
    orders = {"from": "orders.csv", "customer": "customer_id", "at": "ordered_at", "columns": columns}
    for when, days in (("2026-03-31", "90"), ("2026-06-30", "60")):
        said = smalti.Project(sources={"orders": orders}, segments=quiet, traits={"long": f"{days} + 0"})
        run = make(said, to=tmp_path, as_of=when)
    rows = [row for row in history(tmp_path).changes.to_pylist() if row["redefined"]]
    assert [(row["segment"], row["run"]) for row in rows] == [("quiet", run.id)]
    assert "New or defined otherwise since the run before: Quiet." in run.report.read_text(encoding="utf-8")


def test_the_page_of_the_docs_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"(?s)```python\n(.*?)```\n+(?:```text\n(.*?)```)?", PAGE.read_text(encoding="utf-8"))
    assert blocks
    names: dict[str, object] = {}
    for code, printed in blocks:
        exec(compile(code, "history.md", "exec"), names)  # noqa: S102 - the page is ours
        assert capsys.readouterr().out == printed
