"""A customer's story as plain paragraphs."""

from __future__ import annotations

from collections.abc import Sequence

from smalti.report.plans import BASES
from smalti.report.story import Choice, CustomerStory, Difference, Fact, Membership, Place, percentile
from smalti.report.writing import stop

_TURNS = {1: "First", 2: "Second"}


def tell(story: CustomerStory) -> str:
    """Tell a story as plain text: paragraphs parted by an empty line, each on one long line.

    >>> from smalti.report.story import customer_story
    >>> info = {"currency": "GBP", "as_of": "2026-06-30T00:00:00Z"}
    >>> print(tell(customer_story({"customer_id": "C42", "orders_total": 3}, info=info)))
    C42, as of 30 June 2026, has ordered 3 times.
    """
    told = [
        _who(story),
        *(_member(story, membership) for membership in story.memberships),
        _placed(story),
        " ".join(story.ahead),
        *map(_chosen, story.choices),
        " ".join(story.planned),
        f"What would change that: {' '.join(story.changes)}" if story.changes else "",
    ]
    return "\n\n".join(paragraph for paragraph in told if paragraph)


def _who(story: CustomerStory) -> str:
    facts = {fact.name: fact.text for fact in story.facts}
    subject = f"{story.customer}, as of {story.as_of},"
    ordered = _times(facts.get("orders_total"))
    if "first_order_at" in facts:
        head = f"{subject} has been a customer since {facts['first_order_at']}{f' and {ordered}' if ordered else ''}."
    else:
        head = f"{subject} {ordered or 'has no orders that we know of'}."
    others = [
        _last(facts),
        _spent(facts),
        f"The usual gap between orders is {facts['typical_gap_days']}." if "typical_gap_days" in facts else "",
        f"Returns in the last 12 months: {facts['returns_365d']}." if facts.get("returns_365d", "0") != "0" else "",
        f"The chance of still being a customer is {facts['p_alive']}." if "p_alive" in facts else "",
        _listed("Favourites", [fact for fact in story.facts if fact.name.startswith("favourite_")]),
        _listed("Known besides", story.attributes),
    ]
    return " ".join([head, *(sentence for sentence in others if sentence)])


def _times(orders: str | None) -> str:
    if orders is None:
        return ""
    return {"0": "has not ordered yet", "1": "has ordered once"}.get(orders, f"has ordered {orders} times")


def _last(facts: dict[str, str]) -> str:
    if "last_order_at" not in facts:
        return ""
    ago = f", {facts['days_since_order']} before" if "days_since_order" in facts else ""
    return f"The last order was on {facts['last_order_at']}{ago}."


def _spent(facts: dict[str, str]) -> str:
    told = [
        f"{facts[name]} {words}"
        for name, words in (
            ("spend_total", "in all"),
            ("spend_365d", "in the last 12 months"),
            ("mean_order_value", "an order"),
        )
        if name in facts
    ]
    return f"Spent: {', '.join(told)}." if told else ""


def _listed(head: str, facts: Sequence[Fact]) -> str:
    said = [f"{fact.title.removeprefix('favourite ')} {fact.text}" for fact in facts]
    return f"{head}: {', '.join(said)}." if said else ""


def _member(story: CustomerStory, membership: Membership) -> str:
    rule = f" ({membership.sentence.rstrip('.')})" if membership.sentence else ""
    head = f"{membership.segmentation}: {membership.segment}{rule}."
    if not membership.differences:
        return f"{head} {story.customer} is like its other members." if membership.ordinary else head
    told = "; ".join(map(_differs, membership.differences))
    return f"{head} Unlike its typical member, {story.customer} has: {told}."


def _differs(difference: Difference) -> str:
    spread = "" if difference.low == difference.high else f", half of them {difference.low} to {difference.high}"
    return f"{difference.title} {difference.text} (typical {difference.typical}{spread})"


def _placed(story: CustomerStory) -> str:
    if not story.places:
        return ""
    return f"On the value map: {'; '.join(_valued(place, story.customers) for place in story.places)}."


def _valued(place: Place, customers: int | None) -> str:
    interval = f" ({place.interval})" if place.interval else ""
    rank = f", {percentile(place.rank, customers)}" if place.rank and customers and place.minor else ""
    return f"{place.title.lower()} {place.text}{interval}{rank}"


def _chosen(choice: Choice) -> str:
    told = [f"{_TURNS.get(choice.rank, f'Number {choice.rank}')}: {choice.title}.", choice.reason]
    if choice.gain:
        interval = f" ({choice.interval})" if choice.interval else ""
        basis = f"; {BASES.get(choice.basis, choice.basis)}" if choice.basis else ""
        told.append(f"It is expected to earn {choice.text}{interval}{basis}.")
    if choice.why_not:
        told.append(stop(choice.why_not))
    return " ".join(sentence for sentence in told if sentence)
