"""A simulation, run: other customers each time, every plan on the same customers with the same luck."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from smalti.engine.simulating.asked import Simulating
from smalti.engine.simulating.judging import Estimate, Outcome, come_of, mean_of, ratio_of
from smalti.engine.simulating.knowing import KNOWLEDGE, know
from smalti.engine.simulating.simulated import Comparison, PlanFound, Simulated
from smalti.engine.simulating.spending import as_many, by_calendar, by_trigger
from smalti.facts import Currency, format_minor
from smalti.project import Work
from smalti.samples.campaigns import campaign

OWN = "trigger individual own"
_TITLES = {"generic": "one for all", "segment": "by segment", "individual": "one to one"}
_WHEN = {"calendar": "by calendar", "trigger": "by trigger"}
_COMPARED = (
    ("when", "trigger individual", "calendar individual", "by trigger in place of by calendar"),
    ("who: segment", "calendar segment", "calendar generic", "by segment in place of one for all"),
    ("who: individual", "calendar individual", "calendar segment", "one to one in place of by segment"),
    ("who: trigger", "trigger individual", "trigger generic", "one to one in place of one for all, by trigger"),
    ("how", OWN, "trigger individual", "each her own channel and hour in place of one for all"),
)

Outcomes = dict[str, list[Outcome]]


def simulate(asked: Simulating | None = None, progress: Callable[[Work], None] | None = None) -> Simulated:
    """Spend the same contacts by calendar and by trigger, for all alike, by segment and one to one, and say what came of it.

    Each repetition invents customers with moments of need and learns from a trial on others what offers bring: on average, in
    each segment, to each customer. Then the same number of contacts is spent by each plan. What came of it is drawn from the
    truth with the same luck for all plans; what the truth expects of them is told beside it, so that anybody can see that the
    machinery recovers what was planted.

    Args:
        asked: What to simulate; None takes the defaults.
        progress: Told of each repetition before it is done.

    Returns:
        Plans, comparisons and sentences; the same for the same question.

    Raises:
        SmaltiError: A number is outside what it can be.
    """
    told = asked or Simulating()
    found: Outcomes = {}
    for repetition in range(told.repetitions):
        if progress is not None:
            progress(Work("simulate", f"repetition {repetition + 1} of {told.repetitions}"))
        for key, outcome in _repetition(told, repetition).items():
            found.setdefault(key, []).append(outcome)
    plans = tuple(_plan(told, key, outcomes) for key, outcomes in found.items())
    compared = tuple(_compared(told, found, one) for one in _COMPARED)
    refused = sum(one.refused for outcomes in found.values() for one in outcomes)
    return Simulated(told, plans, compared, tuple(_notes(told, found)), refused)


def _repetition(asked: Simulating, repetition: int) -> dict[str, Outcome]:
    """Spend the contacts of one repetition by every plan: exactly as many by each that contacts anybody."""
    seeds = [int(one) for one in np.random.SeedSequence([asked.seed, repetition]).generate_state(3)]
    customers = campaign(asked.customers, asked.days, asked.planted, seed=seeds[0])
    known = know(asked, customers, seeds[1])
    luck = np.random.default_rng(seeds[2]).random(customers.size)
    contacts = max(round(asked.contacts * customers.size), 1)
    plans = {
        f"{when} {who}": (spend(customers, known.gain[who], asked.cost, contacts, known.may), known.gain[who])
        for who in KNOWLEDGE
        for when, spend in (("calendar", by_calendar), ("trigger", by_trigger))
    }
    spent = as_many(plans)
    found = {
        key: come_of(customers, one, known, luck, triggered=key.startswith("trigger")) for key, one in spent.items()
    }
    found[OWN] = come_of(customers, spent["trigger individual"], known, luck, own=True, triggered=True)
    return found


def _plan(asked: Simulating, key: str, outcomes: Sequence[Outcome]) -> PlanFound:
    when, who, *own = key.split()
    gain = mean_of([one.gain(asked) for one in outcomes], asked.level)
    how = "own" if own else "one for all"
    return PlanFound(
        key=key,
        when=when,
        who=who,
        how=how,
        title=f"{_WHEN[when]}, {_TITLES[who]}" + (", her own channel and hour" if own else ""),
        contacts=float(np.mean([one.contacts for one in outcomes])),
        orders=float(np.mean([one.orders for one in outcomes])),
        gain=gain.value,
        low=gain.low,
        high=gain.high,
        truth=float(np.mean([one.truth(asked) for one in outcomes])),
    )


def _compared(asked: Simulating, found: Outcomes, what: tuple[str, str, str, str]) -> Comparison:
    key, plan, over, title = what
    one, other = found[plan], found[over]
    pairs = list(zip(one, other, strict=True))
    more = mean_of([first.gain(asked) - second.gain(asked) for first, second in pairs], asked.level)
    ratio = ratio_of([each.rate for each in one], [each.rate for each in other], asked.level)
    planted = ratio_of([each.true_rate for each in one], [each.true_rate for each in other], asked.level)
    return Comparison(
        key=key,
        plan=plan,
        over=over,
        title=title,
        difference=more.value,
        low=more.low,
        high=more.high,
        truth=float(np.mean([first.truth(asked) - second.truth(asked) for first, second in pairs])),
        ratio=ratio.value if ratio else None,
        ratio_low=ratio.low if ratio else None,
        ratio_high=ratio.high if ratio else None,
        ratio_truth=planted.value if planted else None,
        shown=more.low > 0,
        words=_words(title, more, ratio, asked) if any(each.contacts for each in one) else _nobody(title),
    )


def _words(title: str, more: Estimate, ratio: Estimate | None, asked: Simulating) -> str:
    money = Currency(asked.currency)
    value, low, high = (_money(one, money) for one in (more.value, more.low, more.high))
    subject = f"{title[0].upper()}{title[1:]}"
    if more.low > 0:
        times = f", {ratio.value:.2f} times the orders" if ratio is not None else ""
        return f"{subject}: a contact brings {value} more ({low} to {high}){times}."
    if more.high < 0:
        value, low, high = (_money(-one, money) for one in (more.value, more.high, more.low))
        return f"{subject}: a contact brings {value} less ({low} to {high})."
    return f"{subject}: no difference is shown ({low} to {high} for a contact)."


def _nobody(title: str) -> str:
    return f"{title[0].upper()}{title[1:]}: no contact was worth its cost, so nobody was contacted."


def _money(value: float, currency: Currency) -> str:
    return format_minor(round(value * currency.scale), currency)


def _notes(asked: Simulating, found: Outcomes) -> list[str]:
    wanted = round(asked.contacts * asked.customers)
    spent = float(np.mean([one.contacts for one in found["trigger individual"]]))
    told = [
        "Customers are invented; what moments, offers and hours are worth is planted, not measured. Measure your own."
    ]
    if spent < 0.98 * wanted:
        told.append(
            f"Of {wanted:,} contacts {spent:,.0f} were spent: no more moments were seen, or no more contacts were worth their "
            "cost. The calendar spends as many."
        )
    refused = sum(one.refused for outcomes in found.values() for one in outcomes)
    if refused:
        told.append(f"The last gate refused {refused:,} contacts, which were not made.")
    return told
