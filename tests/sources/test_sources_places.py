"""Places as people write them become countries, continents, cities and distances, or are counted as unknown."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smalti.errors import SourceError
from smalti.facts import Type
from smalti.sources import PlacesDefinition, peek
from smalti.sources.gazetteer import continent_of, country_of, gazetteer, plain
from smalti.sources.places import haversine, point

MADE = (
    "country_name", "country_code", "continent", "city_population", "urban", "latitude", "longitude", "distance_km",
)  # fmt: skip
PEOPLE = """id,country,town
ann,United Kingdom,London
bob,U.K.,st. albans
cem,EIRE,CORK
dan,France,Nether Mosswick
eva,,Paris
fay,Atlantis,Paris
gus,Channel Islands,
hal,Deutschland,Koln
"""
POINTS = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


def people(reader, content=PEOPLE, places=None, **fields):
    loaded = reader.load(
        reader.file("people.csv", content), source="customers", customer="id", places=places or {}, **fields
    )
    return {row["customer_id"]: row for row in reader.rows("customers")}, loaded


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("GB", "GB"), ("gbr", "GB"), ("U.K.", "GB"), ("Scotland", "GB"), ("EIRE", "IE"), ("Éire", "IE"), ("USA", "US"),
        ("U.S.A.", "US"), ("The United States of America", "US"), ("RSA", "ZA"), ("Korea", "KR"), ("Korea, Republic of", "KR"),
        ("Democratic People's Republic of Korea", "KP"), ("Iran, Islamic Republic of", "IR"), ("Deutschland", "DE"),
        ("Federal Republic of Germany", "DE"), ("ÖSTERREICH", "AT"), ("España", "ES"), ("中国", "CN"), ("Россия", "RU"),
        ("Czech Republic", "CZ"), ("Türkiye", "TR"), ("Côte d'Ivoire", "CI"), ("Hong Kong", "HK"), ("Holland", "NL"),
        ("Republic of China", "TW"), ("Niger", "NE"), ("Nigeria", "NG"), ("Guinea", "GN"), ("Namibia", "NA"), ("Georgia", "GE"),
    ],
)  # fmt: skip
def test_a_country_is_known_by_what_people_call_it(text, code):
    assert country_of(text).code == code


@pytest.mark.parametrize("text", ["Unspecified", "", "  ", "?", "n/a", "N.A.", "Grmany", "Kongo", "Channel Islands"])
def test_what_is_no_country_or_may_be_several_is_not_guessed(text):
    assert country_of(text) is None


def test_regions_have_only_a_continent():
    found = {
        text: continent_of(text) for text in ("Channel Islands", "European Community", "West Indies", "Unspecified")
    }
    assert found == {"Channel Islands": "EU", "European Community": "EU", "West Indies": "NA", "Unspecified": None}


@given(st.text(max_size=20))
@example("𝕬")
@settings(max_examples=200)
def test_how_a_name_is_compared_does_not_change_when_done_twice(text):
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize(
    ("country", "city", "name", "region"),
    [
        ("GB", "newcastle", "Newcastle upon Tyne", "ENG"), ("GB", "SAINT ALBANS", "St Albans", "ENG"),
        ("DE", "Köln", "Köln", "07"), ("DE", "Cologne", "Köln", "07"), ("DE", "Muenchen", "Munich", "02"),
        ("US", "Manchester", "Manchester", "NH"), ("US", "franklin", "Franklin", "TN"),
        ("US", "new york", "New York City", "NY"),
        ("FR", "st-etienne", "Saint-Étienne", "84"),
    ],
)  # fmt: skip
def test_a_city_is_found_however_it_is_spelt(country, city, name, region):
    found = gazetteer(frozenset({"GB", "DE", "US", "FR"})).find(country, city)[0]
    assert (plain(found.name), found.region) in {(plain(name), region), (plain("Cologne"), region)}


def test_of_namesakes_the_most_populous_is_taken_unless_the_region_says_which():
    book = gazetteer(frozenset({"GB", "DE", "US", "FR"}))
    sizes = [one.population or 0 for one in book.find("US", "Springfield") if one.name == "Springfield"]
    assert len(sizes) > 5 and sizes == sorted(sizes, reverse=True)
    assert book.find("US", "Springfield")[0].region == "MO"
    assert book.find("US", "Springfield", "Illinois")[0].region == "IL"
    assert book.find("US", "Springfield", "il")[0].region == "IL"
    assert book.find("US", "Springfield", "nowhere")[0].region == "MO"
    assert book.find("US", "") == book.find("ZZ", "Springfield") == ()


def test_customers_are_placed_by_country_and_city(reader):
    rows, loaded = people(reader, places={"country": "country", "city": "town", "near": "London, GB"})
    assert {name: rows["ann"][name] for name in MADE} == {
        "country_name": "United Kingdom", "country_code": "GB", "continent": "Europe", "city_population": 8961989,
        "urban": True, "latitude": 51.50853, "longitude": -0.12574, "distance_km": 0.0,
    }  # fmt: skip
    assert rows["bob"]["distance_km"] == pytest.approx(30.4, abs=1)
    assert (rows["cem"]["country_name"], rows["cem"]["distance_km"]) == ("Ireland", pytest.approx(578, rel=0.01))
    assert rows["hal"]["country_code"] == "DE" and rows["hal"]["urban"] is True
    assert [rows["dan"][name] for name in MADE] == ["France", "FR", "Europe", None, None, None, None, None]
    assert [rows["gus"][name] for name in MADE] == [None, None, "Europe", None, None, None, None, None]
    for who in ("eva", "fay"):
        assert [rows[who][name] for name in MADE] == [None] * len(MADE)
    assert rows["fay"]["country"] == "Atlantis"
    kinds = {column.name: column.type for column in loaded.streams["customers"].columns}
    assert kinds["urban"] is Type.BOOLEAN and kinds["city_population"] is Type.INTEGER
    assert kinds["distance_km"] is kinds["latitude"] is Type.NUMBER
    assert loaded.notes == (
        "1 of 8 customers are of a region of more than one country, of which only the continent is known: "
        "'Channel Islands' (1)",
        "1 of 8 customers are of a country that is not known: 'Atlantis' (1)",
        "1 of 8 customers name a city that is not known in its country: 'Nether Mosswick' (1)",
        "1 of 8 customers name a city and no country, and were not placed",
    )
    assert loaded.accounts[0].kept.rows == 8


def test_without_places_nothing_is_made(reader):
    loaded = reader.load(reader.file("people.csv", PEOPLE), source="customers", customer="id")
    assert loaded.streams["customers"].names == ("country", "town")
    assert loaded.notes == ()


def test_a_country_alone_gives_the_country_alone(reader):
    _, loaded = people(reader, places={"country": "country"})
    assert loaded.streams["customers"].names == ("country", "town", *MADE[:3])


def test_columns_that_were_not_asked_for_place_a_customer_too(reader):
    rows, loaded = people(reader, places={"country": "country", "city": "town"}, columns={"land": "country"})
    assert loaded.streams["customers"].names == ("land", *MADE[:7])
    assert rows["ann"]["city_population"] == 8961989


def test_all_others_are_of_the_default_country(reader):
    places = {"country": "country", "city": "town", "default_country": "France"}
    rows, _ = people(reader, places=places)
    assert (rows["eva"]["country_code"], rows["eva"]["urban"]) == ("FR", True)
    assert rows["fay"]["country_code"] is None
    rows, _ = people(reader, "id,town\nann,Leeds\n", places={"city": "town", "default_country": "UK"})
    assert (rows["ann"]["country_code"], rows["ann"]["urban"]) == ("GB", True)


def test_what_is_urban_and_which_cities_are_known_can_be_said(reader):
    content = "id,country,town\nann,GB,Ely\nbob,GB,Leeds\ncem,GB,Ambleside\n"
    base = {"country": "country", "city": "town"}
    rows, _ = people(reader, content, places=base)
    assert [rows[who]["urban"] for who in ("ann", "bob", "cem")] == [False, True, None]
    rows, _ = people(reader, content, places=base | {"urban_from": 20_000, "smallest": 1000})
    assert [rows[who]["urban"] for who in ("ann", "bob", "cem")] == [True, True, False]


def test_a_column_of_the_file_stays_as_it_is(reader):
    content = "id,country_code,town,Urban\nann,uk,London,never\n"
    rows, loaded = people(reader, content, places={"country": "country_code", "city": "town"})
    assert rows["ann"]["country_code"] == "uk"
    assert rows["ann"]["country_name"] == "United Kingdom"
    assert (rows["ann"]["Urban"], "urban" in rows["ann"]) == ("never", False)
    assert loaded.notes == ("country_code, Urban: the file has columns of these names, and places made none",)


def test_places_have_a_history(reader):
    content = (
        "id,since,country,town,plan\n"
        "ann,2026-01-01,GB,London,\n"
        "ann,2026-03-01,,,gold\n"
        "ann,2026-02-01,,Leeds,\n"
        "ann,2026-05-01,FR,Paris,\n"
        "ann,2026-06-01,,Nether Mosswick,\n"
        "bob,2026-02-01,,,basic\n"
    )
    people(reader, content, at="since", places={"country": "country", "city": "town", "near": "51.50853, -0.12574"})
    rows = [
        (r["customer_id"], r["country_code"], r["distance_km"] and round(r["distance_km"]))
        for r in reader.rows("customers")
    ]
    assert rows == [
        ("ann", "GB", 0.0), ("ann", None, None), ("ann", "GB", 272), ("ann", "FR", 344),
        ("ann", "FR", None), ("bob", None, None),
    ]  # fmt: skip


def test_it_is_told_when_somebody_moves_out_of_what_is_known(reader):
    content = "id,since,country,town\nann,2026-01-01,GB,London\nann,2026-02-01,,Nether Mosswick\n"
    _, loaded = people(reader, content, at="since", places={"country": "country", "city": "town"})
    assert loaded.notes == (
        "1 of 2 rows name a city that is not known in its country: 'Nether Mosswick' (1)",
        "1 rows move a customer to a city that is not known: what is known of the last one holds",
    )


def test_rows_without_dates_are_placed_as_joined(reader):
    content = "id,country,town\nann,GB,Leeds\nann,,London\nann,FR,\n"
    rows, loaded = people(reader, content, places={"country": "country", "city": "town"})
    assert (rows["ann"]["country"], rows["ann"]["town"], rows["ann"]["country_code"]) == ("FR", "London", "FR")
    assert rows["ann"]["city_population"] is None
    assert any("'London' (1)" in note for note in loaded.notes)


def test_namesakes_and_the_commonest_unknown_are_told(reader):
    lines = [f"{n},US,Springfield" for n in range(4)] + [f"x{n},US,Nowhere {n % 7}" for n in range(30)]
    _, loaded = people(reader, "id,country,town\n" + "\n".join(lines), places={"country": "country", "city": "town"})
    assert loaded.notes == (
        "30 of 34 customers name a city that is not known in its country: 'Nowhere 0' (5), 'Nowhere 1' (5), 'Nowhere 2' (4), "
        "'Nowhere 3' (4), 'Nowhere 4' (4) and 2 more",
        "4 of 34 customers name a city that has namesakes in its country, the most populous of which was taken: "
        "'Springfield' (4)",
    )


def test_peek_gives_the_streams_of_load(reader):
    places = PlacesDefinition(country="country", city="town", near="Paris, France")
    _, loaded = people(reader, places=places)
    from smalti.facts import Currency  # noqa: PLC0415 - only here

    seen = peek(dict(loaded.definitions), currency=Currency("GBP"), time_zone="UTC", home=reader.folder)
    assert seen == loaded.streams


def test_the_customer_column_is_still_found_by_itself(reader):
    file = reader.file("people.csv", "customer_id,country\nann,UK\n")
    loaded = reader.load(file, source="customers", places={"country": "country"})
    assert loaded.definitions["customers"].places == PlacesDefinition(country="country")
    assert reader.rows("customers")[0]["country_code"] == "GB"


@pytest.mark.parametrize(
    ("places", "told"),
    [
        ({"country": "land"}, "no column 'land' for places"),
        ({"country": "country", "city": "town", "near": "Lundon, GB"}, "United Kingdom; did you mean 'London'"),
        ({"country": "country", "city": "town", "near": "London, Grmany"}, "did you mean 'Germany'"),
        ({"country": "country", "city": "town", "near": "somewhere"}, "such as 'London, GB', or latitude"),
        ({"country": "country", "city": "town", "near": "91, 0"}, "not on the Earth"),
        (
            {"city": "town", "default_country": "Frannce"},
            "default_country 'Frannce' is not known; did you mean 'France'",
        ),
    ],
)
def test_what_is_said_wrongly_is_answered_in_words(reader, places, told):
    with pytest.raises(SourceError, match=told):
        people(reader, places=places)


@pytest.mark.parametrize(
    "places", [{}, {"city": "town"}, {"country": "c", "near": "London, GB"}, {"country": "c", "smallest": 7}]
)
def test_places_that_mean_nothing_are_refused(places):
    with pytest.raises(ValueError, match=r"places need|Input should be"):
        PlacesDefinition.model_validate(places)


def test_only_customers_have_places(reader):
    with pytest.raises(SourceError, match="source 'orders' takes no 'places'"):
        reader.orders(
            "who,day,total\nann,2026-01-05,9.50\n",
            places={"country": "who"},
            customer="who",
            at="day",
            columns={"revenue": "total"},
        )


@pytest.mark.parametrize(
    ("one", "other", "kilometres"),
    [
        ("London, GB", "Paris, France", 344),
        ("New York, US", "Los Angeles, USA", 3936),
        ("Sydney, AU", "Santiago, Chile", 11340),
    ],
)
def test_known_distances(one, other, kilometres):
    latitude, longitude = point(one)
    assert haversine(latitude, longitude, point(other)) == pytest.approx(kilometres, rel=0.01)


@given(POINTS, POINTS, POINTS)
def test_distances_are_symmetric_and_keep_the_triangle(one, other, third):
    def between(here, there):
        return float(haversine(*here, there))

    assert between(one, other) == pytest.approx(between(other, one), abs=1e-6)
    assert between(one, one) == 0
    assert 0 <= between(one, other) <= math.pi * 6371.0088 + 1e-6
    assert between(one, third) <= between(one, other) + between(other, third) + 1e-3


@pytest.mark.realdata
def test_online_retail_countries_are_placed_but_for_those_that_are_none(real_data, reader):
    file = real_data / "orders" / "online_retail_II.parquet"
    loaded = reader.load(str(file), source="customers", customer="Customer ID", places={"country": "Country"})
    rows = reader.store.table("customers")
    unplaced = rows.filter(pc.is_null(rows["country_code"]))
    regions = {"Channel Islands", "European Community", "West Indies"}
    assert set(unplaced["Country"].to_pylist()) == regions | {"Unspecified"}
    assert set(unplaced.filter(pc.is_null(unplaced["continent"]))["Country"].to_pylist()) == {"Unspecified"}
    assert [note for note in loaded.notes if "continent" in note or "not known" in note] == [
        "16 of 5,942 customers are of a region of more than one country, of which only the continent is known: "
        "'Channel Islands' (14), 'European Community' (1), 'West Indies' (1)",
        "7 of 5,942 customers are of a country that is not known: 'Unspecified' (7)",
    ]
    shares = pc.value_counts(rows["country_name"]).to_pylist()
    assert max(shares, key=lambda one: one["counts"])["values"] == "United Kingdom"


def test_a_million_customers_are_looked_up_by_their_distinct_places():
    from smalti.sources import places as module  # noqa: PLC0415 - only here

    names = np.array([f"Town {n}" for n in range(500)] + ["Leeds"])
    cities = pa.array(names[np.arange(200_000) % len(names)])
    where = [pa.array(np.full(200_000, "UK")), cities, pa.nulls(200_000, pa.string())]
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "country_of", lambda text: asked.append(text) or country_of(text))
        found = module.place(PlacesDefinition(country="c", city="t"), where, np.ones(200_000, bool), "customers")
    assert len(asked) == len(names)
    assert found.located.sum() == (cities.to_numpy(zero_copy_only=False) == "Leeds").sum()
