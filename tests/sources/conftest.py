from __future__ import annotations

import os
from pathlib import Path

import pytest

from smalti.facts import Currency, parse_instant
from smalti.sources import Loaded, SourceDefinition, load
from smalti.store import Store

NOW = parse_instant("2026-06-30")


class Reader:
    """Writes files to a folder and loads them into a store."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder = folder
        self.store = store

    def file(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return name

    def load(self, *files: str, source: str = "orders", zone: str = "UTC", currency: str = "GBP", **fields) -> Loaded:
        definition = SourceDefinition(files=files, **fields)
        return load(
            self.store, {source: definition}, currency=Currency(currency), time_zone=zone, now=NOW, home=self.folder
        )

    def orders(self, content: str | bytes, name: str = "orders.csv", **fields) -> Loaded:
        return self.load(self.file(name, content), **fields)

    def rows(self, table: str) -> list[dict]:
        return self.store.table(table).to_pylist()


@pytest.fixture
def reader(tmp_path):
    with Store(memory="1GB", threads=1) as store:
        yield Reader(tmp_path, store)


@pytest.fixture(scope="session")
def real_data():
    folder = os.environ.get("SMALTI_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("the public data sets are not here: set SMALTI_DATA to their folder")
    return Path(folder)
