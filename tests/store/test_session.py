"""The door to the engine: tables by name, any characters in names, and its refusals told as ours."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import smalti.store
from smalti.errors import StoreError
from smalti.store import Store
from smalti.store.session import quoted


@pytest.fixture
def store():
    with Store(threads=1) as store:
        yield store


@pytest.fixture(scope="module")
def one_store():
    with Store(threads=1) as store:
        yield store


ONE = pa.table({"n": [1]})
ODD_NAMES = ["Customer ID", 'say "hi"', "it's", "select", "a.b", "a;b", "naïve", "線", "_incoming "]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_taken_as_they_are(name, store):
    store.put(name, pa.table({name: [1, 2]}))
    store.create("sums", f"SELECT sum({quoted(name)}) AS total FROM {quoted(name)}")
    assert store.table(name).to_pydict() == {name: [1, 2]}
    assert list(store.columns(name)) == [name]
    assert store.read("SELECT * FROM sums").column(0)[0].as_py() == 3
    store.drop(name)
    with pytest.raises(StoreError):
        store.columns(name)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20))
def test_any_name_is_quoted_so_that_it_comes_back(one_store, name):
    assert one_store.read(f"SELECT 1 AS {quoted(name)}").column_names == [name]


def test_a_table_takes_the_place_of_what_had_its_name(store):
    store.put("t", ONE)
    store.create("t", "SELECT 2 AS n")
    assert store.table("t").to_pydict() == {"n": [2]}
    store.create("t", "SELECT n + 1 AS n FROM t")
    assert store.table("t").to_pydict() == {"n": [3]}
    store.put("t", ONE)
    assert store.table("t").to_pydict() == {"n": [1]}


def test_a_failed_replacement_leaves_what_was_there(store):
    store.put("t", ONE)
    with pytest.raises(StoreError):
        store.create("t", "SELECT nothing FROM nowhere")
    assert store.table("t").to_pydict() == {"n": [1]}


def test_a_reader_is_taken_batch_by_batch(store):
    taken = []

    def batches():
        for number in range(5):
            taken.append(number)
            yield pa.record_batch({"n": [number] * 3})

    store.put("t", pa.RecordBatchReader.from_batches(pa.schema({"n": pa.int64()}), batches()))
    assert taken == [0, 1, 2, 3, 4]
    assert store.table("t")["n"].to_pylist() == [n for n in range(5) for _ in range(3)]


def test_dropping_what_is_not_there_is_no_error(store):
    store.drop("nothing")


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda store: store.read("SELEKT 1"), "the engine refused a query"),
        (lambda store: store.create("t", "SELECT * FROM nowhere"), "the engine refused a statement"),
        (lambda store: store.table("nowhere"), "nowhere"),
        (lambda store: store.columns("nowhere"), "no table 'nowhere' in the store"),
        (lambda store: store.read("SELECT 9223372036854775807 + 1"), "the engine refused a query"),
    ],
)
def test_what_the_engine_refuses_is_told_as_an_error_of_the_store(ask, told, store):
    with pytest.raises(StoreError, match=told):
        ask(store)


def test_after_an_error_the_store_goes_on(store):
    with pytest.raises(StoreError):
        store.create("t", "SELECT 1 / nothing")
    store.put("t", ONE)
    assert store.table("t").num_rows == 1


def test_a_closed_store_says_so():
    store = Store(threads=1)
    store.close()
    with pytest.raises(StoreError, match="refused"):
        store.read("SELECT 1")


@pytest.mark.parametrize("settings", [{"memory": "lots"}, {"threads": 0}])
def test_a_setting_the_engine_does_not_understand_is_told(settings):
    with pytest.raises(StoreError, match="the engine cannot start"):
        Store(**settings)


def setting(store, name):
    return store.read(f"SELECT current_setting('{name}') AS value")["value"][0].as_py()


def test_the_engine_spills_to_a_folder_that_goes_with_the_store():
    with Store(memory="1GB", threads=2) as store:
        folder = Path(setting(store, "temp_directory"))
        assert folder.is_dir()
        assert setting(store, "threads") == 2
        assert setting(store, "memory_limit").endswith("MiB")
        assert setting(store, "TimeZone") == "UTC"
    assert not folder.exists()


@pytest.mark.slow
def test_a_table_larger_than_the_memory_spills():
    with Store(memory="60MB", threads=1) as store:
        folder = Path(setting(store, "temp_directory"))
        store.create("big", "SELECT range AS n, hash(range) AS h, md5(range::VARCHAR) AS t FROM range(2000000)")
        store.create("sorted", "SELECT * FROM big ORDER BY t")
        assert any(folder.iterdir())
        assert store.read("SELECT count(*) AS n FROM sorted")["n"][0].as_py() == 2_000_000


def test_the_face_promises_what_is_there():
    assert all(hasattr(smalti.store, name) for name in smalti.store.__all__)
