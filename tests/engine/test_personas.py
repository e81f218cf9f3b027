"""Personas of runs: published, whole, the same again; and on real data people whom their segments are named after."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import smalti
from smalti.engine import Run
from smalti.errors import RunError
from smalti.segments import Spread, unlike

VALUES = ("value_now", "value_to_come", "value_at_risk", "untapped_potential")


def members(run: Run, segmentation: str, segment: str) -> pa.Table:
    table = run.membership.to_arrow()
    own = table.filter(pc.and_(pc.equal(table["segmentation"], segmentation), pc.equal(table["segment"], segment)))
    customers = run.customers.to_arrow()
    return customers.filter(pc.is_in(customers["customer_id"], value_set=own["customer_id"].combine_chunks()))


def test_there_is_a_persona_of_every_segment_and_its_numbers_add_up(run):
    segments, found = run.segments.to_arrow().to_pylist(), run.personas.to_arrow().to_pylist()
    assert [(row["segmentation"], row["segment"], row["size"]) for row in found] == [
        (row["segmentation"], row["segment"], row["size"]) for row in segments
    ]
    assert len(run.personas) == len(found)
    for row, segment in zip(found, segments, strict=True):
        assert [row[name] for name in VALUES] == [segment[name] for name in VALUES]
        assert sum(play["primary"] for play in row["plays"]) == row["size"]
        assert row["gain"] - row["gain_alike"] == row["lost"]
        assert row["lost"] >= row["lost_at_best"]
        if not row["size"]:
            assert row["typical"] is None
            continue
        own = members(run, row["segmentation"], row["segment"])
        commonest = pc.max(pc.value_counts(own["primary_strategy"]).field("counts")).as_py()
        assert row["another_strategy"] == row["size"] - commonest
        assert row["gain"] == pc.sum(own["primary_gain"]).as_py()
        for who in ("typical", "untypical"):
            if row[who] is not None:
                assert row[who]["customer_id"] in own["customer_id"].to_pylist()
        for one in row["misled"]:
            values = np.array([float(value) for value in own[one["trait"]].drop_null().to_pylist()])
            median = np.median(values)
            off = sum(value != 0 if median == 0 else not 0.5 <= value / median <= 2 for value in values)
            assert (one["known"], one["off"]) == (len(values), pytest.approx(off, abs=1))


def test_what_sets_apart_carries_its_interval(run):
    rows = run.folder.table("segment_traits").to_pylist()
    assert all(-1 <= row["low"] <= row["effect"] <= row["high"] <= 1 for row in rows)
    assert any(row["sure"] for row in rows) and not all(row["sure"] for row in rows)
    assert all((row["median"] is None) or row["q025"] <= row["q25"] <= row["median"] <= row["q975"] for row in rows)
    ruled = {
        row["trait"] for row in rows if (row["segmentation"], row["segment"]) == ("segments", "quiet") and row["ruled"]
    }
    assert "days_since_order" in ruled and "spend_365d" not in ruled


def test_what_is_told_of_a_customer_is_what_sets_her_apart_in_the_run(run):
    """On demand from the quartiles, `explain` gives what the arrays say: the same three traits at most, or none."""
    rows = run.folder.table("segment_traits").to_pylist()
    table = run.customers.to_arrow()
    ordinary = 0
    for place in range(0, table.num_rows, max(1, table.num_rows // 25)):
        profile = run.customer(table["customer_id"][place].as_py())
        for segment, told in zip(profile.segments, profile.story.memberships, strict=True):
            mine = [
                row
                for row in rows
                if (row["segmentation"], row["segment"]) == (segment["segmentation"], segment["segment"])
            ]
            apart = set()
            for row in mine:
                value = profile.row.get(row["trait"])
                if row["median"] is not None and isinstance(value, int | float) and not isinstance(value, bool):
                    inside = Spread(0, *(row[name] for name in ("q025", "q25", "median", "q75", "q975")))
                    if unlike(np.array([float(value)]), inside)[0]:
                        apart.add(row["trait"])
            said = {one.name for one in told.differences}
            assert len(said) <= 3
            numbers = {name for name in said if isinstance(profile.row[name], int | float)}
            assert numbers <= apart
            assert bool(said) or not apart or told.ordinary
            ordinary += told.ordinary
    assert ordinary


def test_a_segment_is_found_by_name_or_title_and_the_nearest_is_said(run):
    name = next(row["segment"] for row in run.personas_of())
    assert {row["segment"] for row in run.personas_of(name.upper())} == {name}
    with pytest.raises(RunError, match=f"did you mean '{name}'"):
        run.personas_of(name[:-1])


def test_same_inputs_same_personas(run, make):
    again = make()
    for name in ("personas", "segment_traits"):
        first, second = (one.path / f"{name}.parquet" for one in (run, again))
        assert first.read_bytes() == second.read_bytes()


@pytest.mark.realdata
def test_personas_of_a_real_shop_are_like_their_names(tmp_path):
    folder = os.environ.get("SMALTI_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("no real data: SMALTI_DATA names no folder")
    made = smalti.run(str(Path(folder) / "orders/online_retail_II.parquet"), to=tmp_path)
    found = {row["segment"]: row for row in made.personas.to_arrow().to_pylist() if row["segmentation"] == "rfm"}
    champions, lost = found["champions"], found["lost"]
    traits = {(row["segment"], row["trait"]): row for row in made.folder.table("segment_traits").to_pylist()}
    her = {row["customer_id"]: row for row in made.customers.to_arrow().to_pylist()}
    typical, untypical = (her[champions[who]["customer_id"]] for who in ("typical", "untypical"))
    own = [traits["champions", one["trait"]] for one in champions["apart"]]
    counts = [one for one in own if isinstance(typical[one["trait"]], int | float)]
    assert len(counts) >= 2
    assert all(one["q25"] <= typical[one["trait"]] <= one["q75"] for one in counts)
    assert any(not one["q25"] <= untypical[one["trait"]] <= one["q75"] for one in counts)
    assert champions["untypical"]["distance"] > 3 * champions["typical"]["distance"]
    assert champions["value_to_come_each"] > 20 * lost["value_to_come_each"]
    assert traits["champions", "orders_total"]["low"] > 0.7
    assert traits["lost", "days_since_order"]["low"] > 0.8
    assert all(row["another_strategy"] > 0 and row["lost"] > 0 for row in (champions, found["loyal"]))
