"""The live step on one core: facts a second, wake-ups a second, and what a day costs when a million customers sleep.

    python benchmarks/live_step.py [--customers 50000] [--facts 500000] [--sleepers 1000000] [--rounds 3]

Twenty traits of the standard library and twenty-one segments of the standard frameworks (RFM with fitted cuts, lifecycle,
value tiers) over invented orders, returns and visits in the order of time. Wake-ups are kept in a heap and processed as time
goes. Beside it the same traits and segments written out by hand for this one project, on the same facts and wake-ups; that
both end with the same members is checked. Then a day passes for so many sleeping customers, with few due and with many.
"""

from __future__ import annotations

import argparse
import gc
import heapq
import json
import random
import resource
import time
from functools import partial
from typing import Any, TypeAlias

import live_step_by_hand as by_hand

from smalti.facts import DAY, ORDERS, RETURNS, Column, Currency, Stream, Type, parse_instant
from smalti.rules import Node, Quantile, Vocabulary, check, parse, walk
from smalti.rules.step import Step
from smalti.segments import standard_framework
from smalti.traits import standard_traits

Fact: TypeAlias = tuple[int, int, str, tuple[Any, ...]]
"""When, whose, in which stream, and its values in the order of the step's columns."""

START = parse_instant("2025-01-01")
VISITS = Stream("visits", (Column("page", Type.TEXT), Column("seconds", Type.INTEGER)))
STREAMS = {"orders": ORDERS, "returns": RETURNS, "visits": VISITS}
TRAITS = [
    "first_order_at", "last_order_at", "days_since_first_order", "days_since_order", "orders_total", "orders_90d",
    "purchase_days", "spend_total", "spend_365d", "spend_90d", "mean_order_value", "typical_gap_days",
    "returns_total", "refunds_365d",
]  # fmt: skip
"""Of the library; the frameworks bring five, and one is the project's own."""
FRAMEWORKS = {"rfm": None, "lifecycle": {"won_back": False}, "value_tiers": None}
"""With their settings."""
CUTS = {
    "days_since_order": {0.2: 20.0, 0.4: 60.0, 0.6: 120.0, 0.8: 240.0},
    "orders_total": {0.2: 1, 0.4: 3, 0.6: 6, 0.8: 12},
    "spend_total": {0.2: 3_000, 0.4: 12_000, 0.6: 30_000, 0.8: 80_000},
    "spend_365d": {0.5: 20_000, 0.8: 60_000, 0.95: 150_000},
    "typical_gap_days": {0.5: 45.0},
}


def definitions() -> tuple[dict[str, Node], dict[str, Node], dict[Quantile, Any]]:
    """Give the traits and rules made ready, and made-up constants in place of fitted ones."""
    library = standard_traits(STREAMS, {})
    texts = {name: library[name].value for name in TRAITS} | {"visits_30d": "count(visits, last 30 days)"}
    frameworks = [standard_framework(name, settings) for name, settings in FRAMEWORKS.items()]
    texts |= {name: text for one in frameworks for name, text in one.traits.items()}
    types: dict[str, Type | None] = {}
    traits = {}
    for name, text in texts.items():
        checked = check(parse(text), Vocabulary(STREAMS, types, Currency("GBP")))
        assert not checked.problems, checked.problems
        traits[name], types[name] = checked.node, checked.type
    whos = {name: one.who for framework in frameworks for name, one in framework.segments.items()}
    rules = {name: check(parse(who), Vocabulary(STREAMS, types, Currency("GBP"))).node for name, who in whos.items()}
    quantiles = {
        part for tree in (*traits.values(), *rules.values()) for part in walk(tree) if isinstance(part, Quantile)
    }
    return traits, rules, {one: CUTS[one.of.name][one.p] for one in quantiles}


def facts(customers: int, count: int, seed: int = 7) -> list[tuple[int, int, str, tuple[Any, ...]]]:
    """Invent facts over eighteen months: instant, customer, stream, and the values by column, in order of time."""
    chance = random.Random(seed)  # noqa: S311
    found = []
    for _ in range(count):
        at = START + int(chance.random() * 540 * DAY)
        customer = min(int(chance.paretovariate(0.9)) - 1, customers - 1)
        customer = (customer * 7919 + chance.randrange(customers)) % customers
        kind = chance.random()
        if kind < 0.5:
            values = {"revenue": chance.randrange(500, 20_000), "day": at // DAY}
            found.append((at, customer, "orders", values))
        elif kind < 0.55:
            found.append((at, customer, "returns", {"refund": chance.randrange(500, 5_000)}))
        else:
            found.append((at, customer, "visits", {"page": "/", "seconds": chance.randrange(100)}))
    found.sort(key=lambda one: one[0])
    return found


class Shop:
    """Customers' states and a heap of when to wake whom; what is asleep costs nothing."""

    def __init__(self, customers: int, empty: Any, on_fact: Any, on_time: Any, wake_at: Any) -> None:
        self.states = [empty() for _ in range(customers)]
        self.due: list[tuple[int, int]] = []
        self.on_fact, self.on_time, self.wake_at = on_fact, on_time, wake_at
        self.wakes = self.changes = 0
        self.waking = 0.0

    def sleep(self, customer: int, before: int | None) -> None:
        wake = self.wake_at(self.states[customer])
        if wake is not None and wake != before:
            heapq.heappush(self.due, (wake, customer))

    def wake(self, until: int) -> None:
        """Wake everybody who is due up to an instant, each at her own."""
        due = self.due
        while due and due[0][0] <= until:
            wake, customer = heapq.heappop(due)
            state = self.states[customer]
            if self.wake_at(state) == wake:
                self.wakes += 1
                self.changes += len(self.on_time(state, wake))
                self.sleep(customer, None)

    def live(self, told: list[Fact]) -> None:
        """Take in facts and wake everybody when she is due."""
        due, states = self.due, self.states
        for at, customer, stream, values in told:
            if due and due[0][0] <= at:
                start = time.process_time()
                self.wake(at)
                self.waking += time.process_time() - start
            state = states[customer]
            before = self.wake_at(state)
            self.changes += len(self.on_fact(state, stream, at, values, at))
            self.sleep(customer, before)


def of_step(step: Step, customers: int) -> Shop:
    return Shop(customers, step.empty, step.on_fact, step.on_time, step.wake_at)


def of_hand(customers: int) -> Shop:
    return Shop(customers, by_hand.Her, by_hand.on_fact, by_hand.on_time, by_hand.wake_at)


def measured(work: Any) -> float:
    gc.collect()
    gc.freeze()
    start = time.process_time()
    work()
    return time.process_time() - start


def stream(made: Any, told: list[Fact], rounds: int) -> dict[str, Any]:
    """Play the facts and all wake-ups; the best of rounds, taken apart into facts and wake-ups, the heap included in both."""
    runs = []
    for _ in range(rounds):
        shop = made()
        runs.append((measured(partial(shop.live, told)), shop.waking))
    whole, waking = min(runs)
    return {
        "facts a second": round(len(told) / (whole - waking)),
        "wake-ups a second": round(shop.wakes / waking),
        "facts a second, their wake-ups included": round(len(told) / whole),
        "wake-ups": shop.wakes,
        "changes": shop.changes,
    }


def alone(step: Step, customers: int, told: list[Fact]) -> int:
    """Play the same with a clock around every fact, so that the heap and the loop are left out: facts a second."""
    shop, taken, clock = of_step(step, customers), 0.0, time.perf_counter
    for at, customer, name, values in told:
        shop.wake(at)
        state = shop.states[customer]
        before = shop.wake_at(state)
        start = clock()
        step.on_fact(state, name, at, values, at)
        taken += clock() - start
        shop.sleep(customer, before)
    return round(len(told) / taken)


def members(answers: list[dict[str, Any]]) -> dict[str, int]:
    return {name: sum(1 for one in answers if one[name] is True) for name in answers[0]}


def same(step: Step, told: list[Fact], customers: int) -> int:
    """Check that both end with the same members and made the same number of changes."""
    one, two = of_step(step, customers), of_hand(customers)
    for shop in (one, two):
        shop.live(told)
        shop.wake(told[-1][0])
    mine = [step.answers(state) for state in one.states if step.now(state) is not None]
    hers = [by_hand.answers(state) for state in two.states if state.now is not None]
    assert members(mine) == members(hers), (members(mine), members(hers))
    return len(mine)


def sleepers(step: Step, count: int) -> list[dict[str, Any]]:
    """Let a day pass for so many customers asleep: with few, and with many of them due on it.

    Memory is what the process grew by for states, heap and all; only the first line's is telling, later ones use it again.
    """
    found = []
    for share in (0.0001, 0.01, 0.1):
        shop, chance = of_step(step, count), random.Random(3)  # noqa: S311
        columns = step.columns["orders"]
        day = START + 100 * DAY
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for customer in range(count):
            # she is a newcomer for 60 days: so many until some time of this day, all others for a week longer
            at = day - 60 * DAY + chance.randrange(DAY) if chance.random() < share else day - 53 * DAY
            values = {"revenue": chance.randrange(500, 20_000), "day": at // DAY}
            step.on_fact(shop.states[customer], "orders", at, tuple(values.get(name) for name in columns), at)
            step.on_time(shop.states[customer], day)
            shop.sleep(customer, None)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        took = measured(partial(shop.wake, day + DAY - 1))
        found.append(
            {
                "customers": count,
                "woken": shop.wakes,
                "changes": shop.changes,
                "seconds for the day": round(took, 4),
                "microseconds a wake-up": round(took / max(shop.wakes, 1) * 1e6, 2),
                "bytes a customer": round(grown * 1024 / count),
            }
        )
        del shop
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--facts", type=int, default=500_000)
    parser.add_argument("--sleepers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    began = time.perf_counter()
    traits, rules, fitted = definitions()
    step = Step(traits, rules, STREAMS, fitted)
    print(f"{len(traits)} traits, {len(rules)} segments, made ready in {time.perf_counter() - began:.2f} s")
    told = [
        (at, who, stream, tuple(values.get(name) for name in step.columns[stream]))
        for at, who, stream, values in facts(options.customers, options.facts)
    ]
    known = same(step, told[:20_000], options.customers)
    print(f"{len(told)} facts of {options.customers} customers; of {known} the step and the hand say the same")
    ours = stream(partial(of_step, step, options.customers), told, options.rounds)
    print("step", json.dumps(ours))
    print("the step alone, facts a second", alone(step, options.customers, told))
    hand = stream(partial(of_hand, options.customers), told, options.rounds)
    print("hand", json.dumps(hand))
    print("step/hand", {name: round(ours[name] / hand[name], 2) for name in ours if "second" in name})
    for one in sleepers(step, options.sleepers):
        print("a day", json.dumps(one))


if __name__ == "__main__":
    main()
