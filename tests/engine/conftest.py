from __future__ import annotations

from pathlib import Path

import pytest

from smalti.engine import Options, Run, run_project
from smalti.facts import parse_instant
from smalti.project import Project
from smalti.samples import Export, shop, write_shop

NOW = parse_instant("2026-07-01")
PROJECT = Project(
    name="Corner Shop",
    currency="GBP",
    time_zone="Europe/London",
    sources={
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
    },
    traits={"orders_180d": "count(orders, last 180 days)", "gap": "last(orders.at) - first(orders.at)"},
    segments={"quiet": {"who": "days_since_order > 90", "why": "gone quiet", "strategy": "win_back"}},
    assumptions={"channel_costs": {"web": "1.20", "shop": "2.50", "phone": "6.00"}},
)


@pytest.fixture(scope="session")
def export(tmp_path_factory) -> Export:
    """Two hundred customers, with dirt in their orders."""
    return write_shop(shop(200, seed=3), tmp_path_factory.mktemp("shop"), with_dirt=True)


@pytest.fixture(scope="session")
def make(export, tmp_path_factory):
    """Run the project on the shop, or on files of another folder."""

    def made(project: Project = PROJECT, home: Path | None = None, **options) -> Run:
        to = options.pop("to", None) or tmp_path_factory.mktemp("runs")
        return run_project(project, Options(home=home or export.orders.parent, to=to, now=NOW, **options))

    return made


@pytest.fixture(scope="session")
def run(make) -> Run:
    return make(threads=1)
