"""What changed definitions would do is what two runs would show, and nothing is left behind by asking."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pyarrow.compute as pc
import pytest

import smalti
from smalti.engine import Options, compare, run_project
from smalti.errors import DefinitionError, RunError, SmaltiError
from smalti.facts import parse_instant
from smalti.project import Project, restored
from smalti.report import Worth

NOW = parse_instant("2026-07-01")
SOURCES = {
    "orders": {
        "from": "orders.csv",
        "customer": "customer_id",
        "at": "ordered_at",
        "columns": {
            "order_id": "order_id",
            "revenue": "amount",
            "product": "product",
            "category": "category",
            "channel": "channel",
            "cost": "cost",
            "discount": "discount",
        },
    },
    "customers": {"from": "customers.csv", "customer": "customer_id"},
}
BASE = {
    "name": "Corner Shop",
    "currency": "GBP",
    "time_zone": "Europe/London",
    "sources": SOURCES,
    "use": ["lifecycle"],
    "traits": {"orders_180d": "count(orders, last 180 days)", "often": "orders_180d >= 2"},
    "segments": {
        "quiet": {"who": "days_since_order > 90", "why": "gone quiet", "strategy": "win_back", "channels": ["email"]},
        "regular": {"who": "often", "channels": ["email", "post"]},
        "quiet_regular": "member(quiet) and member(regular)",
        "upper_half": "spend_total > quantile(spend_total, 0.5)",
        "worthy": "value_to_come > 20",
    },
    "playbook": {"retain": {"cost": "3 %"}},
    "channels": {
        "email": {"address": "email", "consent": "email_consent"},
        "post": {"address": "postcode", "basis": "contract; checked by legal 2026-01"},
    },
}


NONE = {"email": None, "post": None}
"""Channels left out."""


def project(**changes):
    """The shop with some sections changed: mappings are merged, what is None goes."""
    settings = {name: dict(value) if isinstance(value, dict) else value for name, value in BASE.items()}
    for name, value in changes.items():
        merged = settings.get(name, {}) | value if isinstance(value, dict) else value
        kept = {key: one for key, one in merged.items() if one is not None} if isinstance(value, dict) else value
        settings[name] = kept
    return Project.model_validate(settings)


@pytest.fixture(scope="module")
def home(export):
    return export.orders.parent


@pytest.fixture(scope="module")
def runs(home, tmp_path_factory):
    """A folder of runs that holds one of the shop as it is."""
    folder = tmp_path_factory.mktemp("changed") / "runs"
    run_project(project(), Options(home=home, to=folder, now=NOW))
    return folder


@pytest.fixture(scope="module")
def plan(home, runs):
    """Compare the shop, changed, with its run."""

    def planned(against=None, to=runs, as_of=None, threads=None, **changes):
        options = Options(home=home, to=to, now=NOW, as_of=as_of, threads=threads)
        return compare(project(**changes), options, against=against)

    return planned


MUCH = {
    "traits": {"orders_180d": "count(orders, last 60 days)"},
    "segments": {"quiet": "days_since_order > 45", "worthy": None, "new_one": {"who": "orders_total = 1"}},
    "playbook": {"retain": {"cost": "12.00"}, "win_back": {"off": True}, "cross_sell": {"success": 0.2}},
    "assumptions": {"margin_rate": 0.5, "cost_per_return": "9.00"},
}


@pytest.fixture(scope="module")
def much(plan):
    return plan(**MUCH)


def found(changes):
    return {one.segment: one for one in changes.segments}


def members(run, segment):
    table = run.membership.to_arrow()
    return set(table.filter(pc.equal(table["segment"], segment))["customer_id"].to_pylist())


def test_the_same_definitions_change_nothing(plan, runs):
    changes = plan()
    assert changes.unchanged
    assert changes.harmless
    assert changes.definitions == ()
    assert changes.moved == changes.moved_secondary == 0
    assert not changes.moves
    assert not changes.cuts
    assert not changes.read_twice
    assert changes.against == f"run {smalti.Run.newest(runs).id}"
    assert all(one.before == one.after == one.stayed for one in changes.segments)
    assert changes.gain_before == changes.gain_after


def test_words_alone_change_nothing_for_anyone(plan):
    titled = {"quiet": BASE["segments"]["quiet"] | {"title": "Silent", "why": "long silent"}}
    laid_out = {"regular": {"who": "  often\n", "channels": ["email", "post"]}}
    changes = plan(segments=titled | laid_out, playbook={"retain": {"cost": "3 %", "title": "Keep"}})
    assert changes.only_words
    assert changes.harmless
    assert {(one.name, one.part) for one in changes.definitions} == {
        ("quiet", "title"),
        ("quiet", "why"),
        ("regular", "who"),
        ("retain", "title"),
    }


def test_definitions_of_a_run_reckon_as_the_run_did(plan, runs):
    """A title makes both sides be reckoned, the old one from what run.json keeps; it must be what was published."""
    run = smalti.Run.newest(runs)
    changes = plan(name="Corner Shop", traits={"often": {"value": "orders_180d >= 2", "title": "often here"}})
    published = Counter(run.membership.to_arrow()["segment"].to_pylist())
    assert {name: one.before for name, one in found(changes).items() if one.before} == dict(published)
    assert changes.gain_before.gain == run.info["totals"]["gain"]
    assert changes.worth_before.value_now == run.info["totals"]["value_now"]


def test_a_threshold_moved_moves_exactly_those_between(plan, runs):
    changes = plan(segments={"quiet": BASE["segments"]["quiet"] | {"who": "days_since_order > 60"}})
    table = smalti.Run.newest(runs).customers.to_pandas()
    between = table[(table.days_since_order > 60) & (table.days_since_order <= 90)]
    one = found(changes)["quiet"]
    assert len(between) > 0
    assert (one.entered, one.left) == (len(between), 0)
    assert one.after - one.before == len(between)
    assert set(one.entering_examples) <= set(between.customer_id)
    assert one.entering == Worth(round(between.value_now.sum() * 100), round(between.value_to_come.sum() * 100))
    assert one.rests_on == ("segment quiet",)
    (told,) = changes.definitions
    assert (told.section, told.name, told.part) == ("segments", "quiet", "who")
    assert (told.before, told.after) == ("days_since_order > 90", "days_since_order > 60")
    assert changes.moved == changes.moved_segment == len(between)
    assert changes.moved_strategy == 0


def test_a_trait_changed_changes_what_rests_on_it(plan):
    changes = plan(traits={"orders_180d": "count(orders, last 30 days)"})
    told = found(changes)
    assert told["regular"].left > 0
    assert told["regular"].rests_on == ("trait orders_180d",)
    assert told["quiet_regular"].rests_on == ("trait orders_180d",)
    assert told["quiet"].rests_on == ()
    assert {name for name, one in told.items() if one.moved} <= {"regular", "quiet_regular"}


def test_an_assumption_reaches_what_speaks_of_value(plan):
    changes = plan(assumptions={"margin_rate": 0.9})
    (told,) = changes.definitions
    assert (told.section, told.name, told.before, told.after) == ("assumptions", "margin_rate", "0.3", "0.9")
    assert found(changes)["worthy"].rests_on == ("assumption margin_rate",)
    assert found(changes)["quiet"].rests_on == ()


def test_a_strategy_that_costs_more_is_chosen_less(plan):
    changes = plan(playbook={"develop": {"cost": "40 %"}})
    told = {one.strategy: one for one in changes.strategies}
    develop = told["develop"]
    assert develop.left > 0
    assert develop.entered == 0
    assert develop.rests_on == ("strategy develop",)
    assert {move.origin for move in changes.moves} == {"develop"}
    assert sum(move.customers for move in changes.moves) == develop.left == changes.moved_strategy
    assert changes.moved_segment == 0
    assert changes.gain_after.gain < changes.gain_before.gain
    (part,) = changes.definitions
    assert (part.name, part.part, part.before, part.after) == ("develop", "cost", "2 %", "40 %")


def test_a_strategy_left_out_and_a_new_one(plan):
    own = {
        "title": "Call",
        "mechanism": "voice",
        "eligible": "true",
        "headroom": "money(100)",
        "success": 0.9,
        "because": "we can",
    }
    changes = plan(playbook={"develop": {"off": True}, "call": own})
    told = {one.strategy: one for one in changes.strategies}
    assert (told["develop"].after, told["develop"].gain_after) == (None, None)
    assert (told["call"].before, told["call"].gain_before) == (None, None)
    assert told["call"].after == told["call"].entered > 0
    assert {(one.name, one.change) for one in changes.definitions} == {("develop", "removed"), ("call", "added")}


def test_margins_agree(much):
    for one in much.segments:
        before, after = one.before or 0, one.after or 0
        assert before - one.left + one.entered == after
        assert one.stayed + one.entered == after
        assert len(one.entering_examples) == min(5, one.entered)
    rows, columns = Counter(), Counter()
    for move in much.matrix:
        rows[move.origin] += move.customers
        columns[move.target] += move.customers
    assert sum(rows.values()) == much.customers
    for one in much.strategies:
        assert rows[one.strategy] == (one.before or 0)
        assert columns[one.strategy] == (one.after or 0)
        assert (one.before or 0) - one.left + one.entered == (one.after or 0)
    assert sum(move.customers for move in much.moves) == much.moved_strategy
    assert max(much.moved_segment, much.moved_strategy) <= much.moved <= much.moved_segment + much.moved_strategy


def test_it_is_what_two_published_runs_show(much, home, runs, tmp_path):
    """Counted from the published tables alone, customer by customer, by other code."""
    before = smalti.Run.newest(runs)
    after = run_project(project(**MUCH), Options(home=home, to=tmp_path, now=NOW))
    for name, one in found(much).items():
        then, now = members(before, name), members(after, name)
        assert (one.entered, one.left, one.stayed) == (len(now - then), len(then - now), len(now & then)), name
        assert (one.before or 0, one.after or 0) == (len(then), len(now))
        came = after.customers.to_pandas().set_index("customer_id").loc[sorted(now - then)]
        went = before.customers.to_pandas().set_index("customer_id").loc[sorted(then - now)]
        assert one.entering.value_now == round(came.value_now.sum() * 100)
        assert one.leaving.value_to_come == round(went.value_to_come.sum() * 100)
    old, new = (run.customers.to_pandas().set_index("customer_id") for run in (before, after))
    pairs = Counter(zip(old.primary_strategy, new.loc[old.index].primary_strategy, strict=True))
    assert {(move.origin, move.target): move.customers for move in much.matrix} == dict(pairs)
    changed = old.primary_strategy != new.loc[old.index].primary_strategy
    assert much.moved_strategy == int(changed.sum())
    assert much.moved_secondary == int((old.secondary_strategy != new.loc[old.index].secondary_strategy).sum())
    of = [
        {one: set(part.segment) for one, part in run.membership.to_pandas().groupby("customer_id")}
        for run in (before, after)
    ]
    apart = {one for one in old.index if of[0].get(one, set()) != of[1].get(one, set())}
    assert much.moved_segment == len(apart)
    assert much.moved == len(apart | set(old.index[changed]))
    assert much.gain_after.gain == after.info["totals"]["gain"]
    assert (much.gain_after.low, much.gain_after.high) == (
        after.info["totals"]["gain_low"],
        after.info["totals"]["gain_high"],
    )
    assert {flow.segmentation for flow in much.flows} == {"lifecycle", "segments"}


def test_contacts_are_those_whose_strategy_does_something(much, runs):
    playbook = smalti.Run.newest(runs).playbook.to_pandas()
    table = smalti.Run.newest(runs).customers.to_pandas()
    costs = dict(zip(playbook.strategy, (playbook.cost * 100).round().astype(int), strict=True))
    treated = ~table.primary_strategy.isin(["leave_alone", "do_not_target"])
    assert much.contacts_before.customers == int(treated.sum())
    assert much.contacts_before.cost == int(table.primary_strategy.map(costs).sum())
    email = members(smalti.Run.newest(runs), "quiet") | members(smalti.Run.newest(runs), "regular")
    by_name = {one.channel: one for one in much.channels}
    assert set(by_name) == {"email", "post"}
    named = treated & table.customer_id.isin(email)
    reached = named & table.email.notna() & (table.email_consent == True)  # noqa: E712
    assert by_name["email"].before.customers == int(reached.sum())
    assert 0 < int(reached.sum()) < int(named.sum())
    assert by_name["email"].after.customers < by_name["email"].before.customers  # quiet no longer names it


def test_whom_a_strategy_costs_nothing_is_a_contact_too(plan, runs):
    free = plan(playbook={"develop": {"cost": "0.00"}})
    developed = next(one for one in free.strategies if one.strategy == "develop")
    acting = [one.after for one in free.strategies if one.strategy not in ("leave_alone", "do_not_target")]
    assert developed.after > 0
    assert free.contacts_after.customers == sum(acting)


def test_without_channels_nobody_is_counted_by_channel(plan):
    undeclared = project(channels=NONE)
    both = plan(channels=NONE, against=undeclared, name="Other")
    assert [(one.channel, one.before, one.after) for one in both.channels] == [
        ("email", None, None),
        ("post", None, None),
    ]
    assert both.harmless
    declared = plan(against=undeclared)
    assert all(one.before is None and one.after.customers > 0 for one in declared.channels)
    assert not declared.harmless
    assert declared.moved == 0


def test_consent_withdrawn_from_a_channel_is_told(plan):
    changes = plan(channels={"email": {"address": "email", "consent": "email_consent and sms_consent"}})
    email = next(one for one in changes.channels if one.channel == "email")
    assert 0 < email.after.customers < email.before.customers
    assert not changes.harmless


def test_a_segment_renamed_is_still_the_same(plan):
    changes = plan(segments={"worthy": None, "precious": "value_to_come > 20"})
    one = found(changes)["precious"]
    assert (one.formerly, one.entered, one.left) == ("worthy", 0, 0)
    assert one.before == one.after == one.stayed > 0
    assert "worthy" not in found(changes)
    assert changes.moved == 0


def test_cuts_that_are_fitted_anew_are_told(plan):
    changed = {"upper_half": "spend_total > quantile(spend_total, 0.5, where orders_total > 1)"}
    cut = {"often_indeed": "orders_180d > quantile(orders_180d, 0.9)"}
    changes = plan(
        traits={"orders_180d": "count(orders, last 60 days)"}, segments=changed | cut, against=project(segments=cut)
    )
    came, refitted, gone = sorted(changes.cuts, key=lambda one: (one.before is not None, one.after is None))
    assert came.before is None and came.after is not None
    assert gone.after is None and gone.before is not None
    assert 0 < int(refitted.after) < int(refitted.before)


def test_segments_that_are_fitted_are_compared_too(plan):
    crossed = {"stage_by_cost": {"cross": ["lifecycle", "quiet"], "at_least": 20}}
    finer = {"stage_by_cost": {"cross": ["lifecycle", "quiet"], "at_least": 5}}
    changes = plan(segmentations=finer, against=project(segmentations=crossed))
    fitted = [one for one in changes.segments if one.segmentation == "stage_by_cost" and one.moved]
    assert fitted
    assert all("segmentation stage_by_cost" in one.rests_on for one in fitted if one.after is not None)
    (told,) = changes.definitions
    assert (told.section, told.name, told.part, told.before, told.after) == (
        "segmentations",
        "stage_by_cost",
        "at_least",
        "20",
        "5",
    )


def test_without_an_earlier_run_everything_is_new(plan, tmp_path):
    changes = plan(to=tmp_path / "none")
    assert changes.against is None
    assert (changes.moved, changes.definitions, changes.matrix) == (0, (), ())
    assert changes.gain_before is changes.contacts_before is None
    assert all(one.before is None and one.after == one.entered for one in changes.segments)
    assert sum(one.after for one in changes.strategies) == changes.customers
    assert not (tmp_path / "none").exists()


@pytest.mark.slow
def test_as_of_is_that_of_the_run_or_what_is_said(plan, home, tmp_path):
    run = run_project(project(), Options(home=home, to=tmp_path, now=NOW, as_of="2026-01-31"))
    assert plan(to=tmp_path).as_of == run.info["as_of"] == "2026-01-31"
    assert plan(to=tmp_path, as_of="2026-03-31").as_of.startswith("2026-03-30T23")  # midnight in London
    assert plan(to=tmp_path, against=project()).as_of == "2026-01-31"


def test_nothing_is_written(plan, runs, home):
    def files():
        return {path: path.stat().st_mtime_ns for folder in (runs, home) for path in folder.rglob("*")}

    before = files()
    plan(segments={"worthy": "true"})
    assert files() == before


def test_the_same_question_has_the_same_answer(much, plan):
    assert plan(threads=1, **MUCH).to_dict() == much.to_dict()
    json.dumps(much.to_dict(), allow_nan=False)


def test_other_columns_are_read_twice(plan):
    other = SOURCES["orders"] | {"columns": SOURCES["orders"]["columns"] | {"revenue": "cost", "cost": "amount"}}
    changes = plan(sources={"orders": other})
    assert changes.read_twice
    assert any("read differently" in note for note in changes.notes)
    assert ("sources", "orders", "columns") in {(one.section, one.name, one.part) for one in changes.definitions}
    assert changes.worth_before != changes.worth_after


def test_customers_on_one_side_alone_are_aligned(plan, home, tmp_path):
    lines = (home / "orders.csv").read_text(encoding="utf-8").splitlines()
    half = tmp_path / "half.csv"
    half.write_text("\n".join(lines[: len(lines) // 4]) + "\n", encoding="utf-8")
    fewer = {"orders": SOURCES["orders"] | {"from": str(half)}, "customers": None}
    changes = plan(
        sources=fewer, use=[], channels=NONE, segments={"all": "true"}, against=project(segments={"all": "true"})
    )
    all_ = found(changes)["all"]
    assert all_.before == changes.customers > all_.after > 0
    assert (all_.entered, all_.left) == (0, all_.before - all_.after)
    gone = sum(move.customers for move in changes.matrix if move.target is None)
    assert gone == all_.left
    assert any("customers under the old definitions" in note for note in changes.notes)


def test_money_in_another_currency_is_said(plan):
    changes = plan(currency="EUR")
    assert any("Money was in GBP and is in EUR: nothing was converted" in note for note in changes.notes)


def test_definitions_in_another_folder_are_compared_on_the_same_data(plan, home, tmp_path):
    (tmp_path / "smalti.yml").write_text(
        json.dumps(BASE | {"segments": {"quiet": "days_since_order > 10"}}), encoding="utf-8"
    )
    changes = plan(against=tmp_path)
    assert not changes.read_twice
    assert found(changes)["quiet"].left > 0
    assert changes.against.startswith("the project in ")


def test_a_run_may_be_named_by_its_folder(plan, runs):
    run = smalti.Run.newest(runs)
    assert plan(against=run.path, to=runs / "elsewhere").unchanged


@pytest.mark.slow
def test_a_run_of_another_project_is_compared_with_but_said(plan, home, tmp_path):
    run_project(project(name="Other"), Options(home=home, to=tmp_path, now=NOW))
    changes = plan(to=tmp_path)
    assert changes.only_words
    assert any("There is no run of Corner Shop" in note for note in changes.notes)
    mine = run_project(project(), Options(home=home, to=tmp_path, now=NOW))
    run_project(project(name="Other"), Options(home=home, to=tmp_path, now=NOW))
    assert plan(to=tmp_path).against == f"run {mine.id}"


def test_what_is_wrong_is_told(plan, runs):
    with pytest.raises(DefinitionError, match=r"unknown name: found 'days_since_odrer'"):
        plan(segments={"quiet": "days_since_odrer > 1"})
    old = project(segments={"quiet": "days_since_odrer > 1"})
    with pytest.raises(DefinitionError, match=r"the definitions of Corner Shop: segment quiet: unknown name"):
        plan(against=old)
    with pytest.raises(SmaltiError, match="did you mean"):
        plan(against=smalti.Run.newest(runs).id[:-2])
    with pytest.raises(SmaltiError, match="nothing to compare with: found ''"):
        plan(against="")


def test_a_damaged_run_is_said_or_passed_over(plan, home, tmp_path):
    run = run_project(project(), Options(home=home, to=tmp_path, now=NOW))
    broken = tmp_path / "9999-broken"
    broken.mkdir()
    (broken / "run.json").write_text("{", encoding="utf-8")
    assert plan(to=tmp_path).against == f"run {run.id}"
    with pytest.raises(RunError, match="cannot be read"):
        plan(to=tmp_path, against="9999-broken")
    (broken / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RunError, match="does not say as of when"):
        plan(to=tmp_path, against="9999-broken")


@pytest.mark.realdata
def test_on_online_retail_a_segment_changed_moves_whom_it_should(tmp_path):
    folder = os.environ.get("SMALTI_DATA")
    file = Path(folder or "") / "orders" / "online_retail_II.parquet"
    if not folder or not file.is_file():
        pytest.skip("no real data: SMALTI_DATA names no folder")
    run = smalti.run(str(file), to=tmp_path, segments={"big": "spend_365d >= 2000", "still": "days_since_order > 180"})
    old = restored(run.info["definitions"])
    segments = {"big": "spend_365d >= 1000", "still": "days_since_order > 180"}
    new = old.model_copy(update={"segments": Project.model_validate({"segments": segments}).segments})
    changes = compare(new, Options(to=tmp_path))
    table = run.customers.to_pandas()
    expected = int(((table.spend_365d >= 1000) & (table.spend_365d < 2000)).sum())
    one = found(changes)["big"]
    assert (one.entered, one.left) == (expected, 0)
    assert expected == 763
    assert changes.moved == expected
    assert found(changes)["still"].moved == 0
    assert changes.customers == 5_942
