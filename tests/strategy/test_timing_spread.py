"""Spreading over days: never beyond capacity, in quiet hours or out of its span; as many, and as valuable, as can be."""

from collections import Counter
from itertools import permutations
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from smalti.facts import DAY, HOUR, MINUTE, parse_instant, to_datetime
from smalti.strategy.limits import QuietDefinition
from smalti.strategy.timing import ANY_HOUR, NO_PLACE, Clocks, Queue, accepted, fill, is_quiet, next_allowed, spread

ZONE = "Europe/London"
START = parse_instant("2026-03-27T10:20Z")  # the clocks are put forward on the 29th
NIGHT = (QuietDefinition(start="21:00", end="8:00"), QuietDefinition(days=("sunday",)))
HOMES = (ZONE, "America/New_York", "Asia/Tokyo", "Pacific/Chatham")


def queue(earliest, latest, *, channel=None, hours=None, worth=None, zones=None, channels=("call", "email")):
    count = len(earliest)
    return Queue(
        np.array(earliest, dtype=np.int64),
        np.array(latest, dtype=np.int64),
        np.array(channel if channel is not None else [0] * count, dtype=np.int64),
        channels,
        np.array(hours if hours is not None else [ANY_HOUR] * count, dtype=np.int64),
        np.array(worth if worth is not None else [1.0] * count),
        Clocks.of(zones or [ZONE] * count, ZONE),
    )


def day_of(instant):
    return to_datetime(int(instant)).astimezone(ZoneInfo(ZONE)).date()


def open_days(earliest, latest, zone, quiet, channel):
    """Look at every quarter of an hour, and at both ends, for one that is not quiet."""
    moments = np.unique([earliest, latest, *range(-(-earliest // (15 * MINUTE)) * 15 * MINUTE, latest, 15 * MINUTE)])
    moments = moments[moments <= latest]
    free = moments[~is_quiet(moments, [zone] * len(moments), quiet, channel, ZONE)]
    return sorted({day_of(one) for one in free})


def most_placed(days_of, room):
    """Match contacts with places exactly."""
    slots = [day for day, places in sorted(room.items()) for _ in range(places)]
    if not slots or not days_of:
        return 0
    fits = csr_array(np.array([[day in days for day in slots] for days in days_of], dtype=np.int8))
    return int((maximum_bipartite_matching(fits, perm_type="column") >= 0).sum())


contacts = st.lists(
    st.tuples(
        st.integers(0, 4 * 24 * 4),
        st.integers(0, 3 * 24 * 4),
        st.integers(-1, 23),
        st.integers(0, 3),
        st.sampled_from(HOMES),
    ),
    min_size=1,
    max_size=9,
)


@settings(max_examples=60, deadline=None)
@given(contacts, st.integers(0, 2), st.sampled_from([(), NIGHT]), st.lists(st.integers(0, 5 * 24), max_size=3))
def test_as_many_get_a_place_as_can_and_the_most_valuable_of_them(asked, most, quiet, taken):
    earliest = [START + since * 15 * MINUTE for since, *_ in asked]
    latest = [start + length * 15 * MINUTE for start, (_, length, *_) in zip(earliest, asked, strict=True)]
    homes = [home for *_, home in asked]
    waiting = queue(
        earliest, latest, hours=[one[2] for one in asked], worth=[float(one[3]) for one in asked], zones=homes
    )
    before = [START + hours * HOUR for hours in taken]
    due = spread(waiting, {"call": most}, quiet=quiet, zone=ZONE, taken={"call": before})
    got = due != NO_PLACE
    assert (due[got] >= waiting.earliest[got]).all()
    assert (due[got] <= waiting.latest[got]).all()
    assert not is_quiet(due[got], waiting.clocks.take(np.flatnonzero(got)), quiet, "call", ZONE).any()
    used = Counter(day_of(one) for one in due[got])
    held = Counter(day_of(one) for one in before)
    assert all(used[day] + held[day] <= max(most, held[day]) for day in used)

    days = [
        open_days(one, other, home, quiet, "call") for one, other, home in zip(earliest, latest, homes, strict=True)
    ]
    room = {day: max(most - held[day], 0) for day in {day for some in days for day in some}}
    chosen = []
    for row in sorted(range(len(asked)), key=lambda row: (-asked[row][3], row)):
        if most_placed([days[one] for one in [*chosen, row]], room) == len(chosen) + 1:
            chosen.append(row)
    assert sorted(chosen) == np.flatnonzero(got).tolist()
    assert len(chosen) == most_placed(days, room)


def test_an_early_deadline_comes_before_a_late_one_that_is_worth_more():
    waiting = queue([START, START], [START + 5 * DAY, START + HOUR], worth=[9, 1])
    due = spread(waiting, {"call": 1}, zone=ZONE)
    assert day_of(due[1]) == day_of(START)
    assert day_of(due[0]) == day_of(START + DAY)


def test_a_quiet_sunday_is_skipped_and_others_moved_for_it():
    saturday = parse_instant("2026-03-28T09:00Z")
    waiting = queue([saturday] * 2, [saturday + DAY] * 2, worth=[2, 1], zones=[ZONE, "Asia/Tokyo"])
    sundays = (QuietDefinition(days=("sunday",)),)
    due = spread(waiting, {"call": 1}, quiet=sundays, zone=ZONE)
    # who lives in London has Saturday only, in Tokyo it is Sunday from 15:00 on, so she has Saturday only too
    assert [one != NO_PLACE for one in due.tolist()] == [True, False]
    monday = queue([saturday] * 2, [saturday + 2 * DAY] * 2, worth=[2, 1], zones=[ZONE, "Asia/Tokyo"])
    due = spread(monday, {"call": 1}, quiet=sundays, zone=ZONE)
    assert sorted(day_of(one).isoformat() for one in due.tolist()) == ["2026-03-28", "2026-03-29"]
    assert not is_quiet(due, monday.clocks, sundays, "call", ZONE).any()


def test_the_more_valuable_of_equals_go_first():
    rng = np.random.default_rng(1)
    worth = rng.permutation(100).astype(float)
    due = spread(queue([START] * 100, [START + 9 * DAY] * 100, worth=worth), {"call": 10}, zone=ZONE)
    days = np.array([day_of(one).toordinal() for one in due])
    assert Counter(days.tolist()).most_common()[-1][1] == 10
    assert (np.diff(days[np.argsort(-worth)]) >= 0).all()


def test_the_preferred_hour_is_kept_by_her_own_clock_through_a_change_of_clocks():
    sunday = parse_instant("2026-03-29T00:00Z")
    homes = [*HOMES, "Europe/London"]
    hours = [10, 22, 9, 0, 1]  # in London there is no one o'clock that night
    due = spread(queue([sunday] * 5, [sunday + DAY - 1] * 5, hours=hours, zones=homes, channel=[1] * 5), {}, zone="UTC")
    walls = [to_datetime(one).astimezone(ZoneInfo(home)) for one, home in zip(due.tolist(), homes, strict=True)]
    assert [(wall.hour, wall.minute) for wall in walls] == [(10, 0), (22, 0), (9, 0), (0, 0), (0, 0)]


def test_an_hour_that_is_quiet_moves_to_the_nearest_that_is_not():
    night = (QuietDefinition(start="20:00", end="8:00"),)
    morning = parse_instant("2026-06-01T00:00Z")
    due = spread(queue([morning] * 3, [morning + 20 * HOUR] * 3, hours=[6, 21, 3]), {"call": 9}, quiet=night, zone=ZONE)
    walls = [to_datetime(one).astimezone(ZoneInfo(ZONE)) for one in due.tolist()]
    assert [(wall.hour, wall.minute) for wall in walls] == [(8, 0), (19, 59), (8, 0)]


def test_who_has_missed_her_hour_waits_for_it_if_she_may():
    waiting = queue([START] * 3, [START + 6 * HOUR, START + DAY, START + DAY], hours=[9, 9, ANY_HOUR], channel=[-1] * 3)
    due = spread(waiting, {}, zone=ZONE)
    assert due.tolist() == [START, parse_instant("2026-03-28T09:00Z"), START]


def test_no_place_for_who_has_no_span_or_always_peace():
    always = (QuietDefinition(start="0:00", end="23:59"), QuietDefinition(start="23:00", end="0:00"))
    assert spread(queue([START, START], [START - 1, START + HOUR]), {}, zone=ZONE).tolist() == [NO_PLACE, START]
    assert spread(queue([START], [START + DAY]), {"call": 5}, quiet=always, zone=ZONE).tolist() == [NO_PLACE]
    assert spread(queue([START], [START + DAY]), {"call": 0}, zone=ZONE).tolist() == [NO_PLACE]
    assert spread(queue([], []), {"call": 1}, zone=ZONE).tolist() == []


def test_channels_do_not_take_each_others_places():
    waiting = queue([START] * 4, [START + HOUR] * 4, channel=[0, 1, 0, 1])
    assert (spread(waiting, {"call": 1, "email": 2}, zone=ZONE) != NO_PLACE).tolist() == [True, True, False, True]


def test_any_order_of_rows_gives_everyone_the_same_instant():
    rng = np.random.default_rng(2)
    count = 200
    earliest = START + rng.integers(0, 72, count) * HOUR
    latest = earliest + rng.integers(0, 72, count) * HOUR
    worth, hours = rng.permutation(count).astype(float), rng.integers(-1, 24, count)
    homes = [HOMES[place] for place in rng.integers(0, 4, count)]
    due = spread(queue(earliest, latest, worth=worth, hours=hours, zones=homes), {"call": 20}, quiet=NIGHT, zone=ZONE)
    order = rng.permutation(count)
    again = queue(
        earliest[order], latest[order], worth=worth[order], hours=hours[order], zones=[homes[one] for one in order]
    )
    assert (spread(again, {"call": 20}, quiet=NIGHT, zone=ZONE) == due[order]).all()
    assert 0 < (due != NO_PLACE).sum() < count


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=4),
    st.lists(st.integers(0, 2), min_size=3, max_size=3),
    st.data(),
)
def test_places_are_the_greedy_best_of_all_that_can_be_placed(suits, room, data):
    suits, room = np.array(suits), np.array(room)
    classes = np.array(data.draw(st.lists(st.integers(0, len(suits) - 1), min_size=1, max_size=6)))

    def can_be_placed(rows):
        slots = [day for day in range(3) for _ in range(room[day])]
        return any(
            all(suits[classes[row], day] for row, day in zip(rows, some, strict=True))
            for some in permutations(slots, len(rows))
        )

    chosen = []
    for row in range(len(classes)):
        if can_be_placed([*chosen, row]):
            chosen.append(row)
    taken = accepted(classes, suits, room)
    assert np.flatnonzero(taken).tolist() == chosen
    counts = np.bincount(classes[taken], minlength=len(suits))
    filled = fill(counts, np.ones(len(suits)), suits, room)
    assert (filled.sum(axis=1) == counts).all()
    assert (filled.sum(axis=0) <= room).all()
    assert not filled[~suits].any()


def test_days_that_are_wholly_quiet_are_not_days():
    friday = parse_instant("2026-06-05T12:00Z")
    weekend = (QuietDefinition(days=("saturday", "sunday")),)
    waiting = queue([friday] * 3, [friday + 3 * DAY] * 3, worth=[3, 2, 1])
    due = spread(waiting, {"call": 1}, quiet=weekend, zone=ZONE)
    assert [one if one == NO_PLACE else day_of(one).isoformat() for one in due.tolist()] == [
        "2026-06-05",
        "2026-06-08",
        NO_PLACE,
    ]
    assert next_allowed(due[:2], None, weekend, "call", ZONE).tolist() == due[:2].tolist()


@settings(max_examples=60, deadline=None)
@given(contacts, st.sampled_from([(), NIGHT, (*NIGHT, QuietDefinition(days=("friday", "saturday")))]))
def test_without_a_capacity_everybody_who_may_ever_be_reached_is(asked, quiet):
    earliest = [START + since * 15 * MINUTE for since, *_ in asked]
    latest = [start + length * 15 * MINUTE for start, (_, length, *_) in zip(earliest, asked, strict=True)]
    homes = [home for *_, home in asked]
    waiting = queue(earliest, latest, hours=[one[2] for one in asked], zones=homes)
    due = spread(waiting, {"email": 1}, quiet=quiet, zone=ZONE)
    free = next_allowed(waiting.earliest, homes, quiet, "call", ZONE)
    assert ((due != NO_PLACE) == (free <= waiting.latest)).all()
    got = np.flatnonzero(due != NO_PLACE)
    assert (due[got] >= waiting.earliest[got]).all()
    assert (due[got] <= waiting.latest[got]).all()
    assert not is_quiet(due[got], waiting.clocks.take(got), quiet, "call", ZONE).any()
    soon = got[waiting.hours[got] == ANY_HOUR]
    assert (due[soon] == free[soon]).all()


def test_a_day_that_is_quiet_at_her_hour_and_throughout_is_not_waited_for():
    friday = parse_instant("2026-06-05T15:00Z")
    weekend = (QuietDefinition(days=("saturday",)), QuietDefinition(start="22:00", end="8:00"))
    due = spread(queue([friday], [friday + 30 * HOUR], hours=[10]), {}, quiet=weekend, zone=ZONE)
    assert due.tolist() == [friday]
