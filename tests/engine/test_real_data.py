"""The whole job on public data, without a single option."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import smalti

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def data() -> Path:
    folder = os.environ.get("SMALTI_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("no real data: SMALTI_DATA names no folder")
    return Path(folder)


@pytest.mark.parametrize(
    ("file", "customers", "rows", "money"),
    [
        (
            "orders/online_retail_II.parquet",
            5_942,
            1_067_370,
            (1_928_723_255, 1_737_478_625, -108_481_298, 299_725_928),
        ),
        ("orders/CDNOW_master.txt", 23_570, 69_659, (250_031_563, 250_031_563, 0, 0)),
        ("orders/CDNOW_sample.txt", 2_357, 6_919, (24_409_194, 24_409_194, 0, 0)),
    ],
)
def test_every_penny_of_orders_is_accounted_for(data, tmp_path, file, customers, rows, money):
    total, kept, returns, aside = money
    run = smalti.run(str(data / file), to=tmp_path)
    (account,) = run.info["account"]
    assert run.info["customers"] == len(run.customers) == customers
    assert account["balanced"]
    assert account["rows"]["total"] == rows
    assert account["money"] == {"total": total, "kept": kept, "returns": returns, "set_aside": aside}
    assert kept + returns + aside == total
    assert len(run.strategies) == 2 * customers
    assert len(run.set_aside) == account["rows"]["set_aside"]
    assert str(run.customer(str(run.customers.to_arrow()["customer_id"][0])))


def test_a_file_of_attributes_alone_gets_strategies_too(data, tmp_path):
    run = smalti.run(str(data / "surveys/marketing_campaign.csv"), to=tmp_path)
    assert len(run.strategies) == 2 * 2_240
    assert run.info["totals"]["value_now"] > 0
    assert any("attributes stand in" in sentence for sentence in run.info["guess"])
