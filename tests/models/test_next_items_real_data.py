"""Who buys what next on a real shop, out of time: Online Retail II, every fourth customer."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from smalti.models.products import Purchases, fit_next

pytestmark = [pytest.mark.realdata, pytest.mark.slow]
DAY = 86_400
JUNE, HORIZON = 15_126, 90


@pytest.fixture(scope="module")
def lines() -> Purchases:
    folder = os.environ.get("SMALTI_DATA")
    file = Path(folder or "") / "orders/online_retail_II.parquet"
    if folder is None or not file.exists():
        pytest.skip("SMALTI_DATA names no folder with orders/online_retail_II.parquet")
    pd = pytest.importorskip("pandas")
    sold = pd.read_parquet(file).drop(columns="sheet").drop_duplicates()
    sold = sold[sold["Customer ID"].notna() & (sold["Quantity"] > 0) & (sold["Price"] > 0)]
    sold = sold[(sold["Customer ID"] % 4 == 0) & (sold["StockCode"].astype(str).str.count(r"\d") > 2)]
    customer, ids = pd.factorize(sold["Customer ID"], sort=True)
    day = sold["InvoiceDate"].astype("datetime64[s]").astype("int64").to_numpy() // DAY
    paid = (sold["Quantity"] * sold["Price"] * 100).round().to_numpy()
    return Purchases.of(customer, sold["StockCode"].astype(str).tolist(), day, paid, len(ids))


def test_the_blend_beats_what_sells_most_and_is_no_worse_than_buying_again(lines):
    test = fit_next(lines, JUNE + HORIZON, level="product", horizon=HORIZON).backtest
    ours, again = test.measure("NDCG at 20"), test.measure("NDCG at 20", "buy again")
    popular = test.measure("NDCG at 20", "most popular")
    assert test.customers > 300
    assert ours.low > popular.high
    assert ours.value >= again.value - 0.005
    new, most = (test.measure("NDCG at 20, new to her", of) for of in ("model", "most popular"))
    assert new.low > most.value
    assert np.isfinite(test.horizon_days)
