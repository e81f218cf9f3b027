"""A segment as somebody to speak to, for those who will: each sentence of a card comes from a row of the personas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from smalti.report.columns import as_minor, rows
from smalti.report.matter import Matter
from smalti.report.palette import CLEAR
from smalti.report.writing import NOTHING, Pen, count, named, ratio, share, spoken, stop

MOST = 40
"""Cards on a page at most."""
_OPEN = 2
_PEOPLE = ("typical", "untypical")
_TOLD = 4
_MISLED = 3
_MONEY = {
    "value_now": "now",
    "value_to_come": "to come",
    "value_at_risk": "at risk",
    "untapped_potential": "untapped",
}


@dataclass(frozen=True)
class Trait:
    """One trait that sets a segment apart.

    Attributes:
        title: The trait.
        inside: Its typical value inside.
        outside: Its typical value outside.
        effect: How far apart the two are, with the interval, in words.
        ruled: Whether the segment's own rule rests on it.
        typical: The typical member's value.
        untypical: The untypical member's value.
    """

    title: str
    inside: str
    outside: str
    effect: str
    ruled: bool
    typical: str
    untypical: str


@dataclass(frozen=True)
class Someone:
    """A real member.

    Attributes:
        customer: The id.
        likeness: How near she is to the middle of the segment, in words.
        values: Her values of the traits that set the segment apart, with their titles.
        plan: Her own strategy, and why.
    """

    customer: str
    likeness: str
    values: tuple[tuple[str, str], ...]
    plan: str


@dataclass(frozen=True)
class Card:
    """One segment on one page.

    Attributes:
        segmentation: The segmentation's title.
        title: The segment's title.
        kind: What it goes by, or nothing.
        size: Members in words, with their share.
        why: Why it is there, or nothing.
        money: Name, total and money per head of each of the four values.
        apart: What sets it apart.
        typical: The member nearest to the middle, or None.
        untypical: A member far from it, or None.
        needs: What they need, sentences.
        reach: How to reach them, sentences.
        do: What to do, the most gain first, sentences.
        avoid: What not to do, sentences.
        hides: What the segment hides, sentences.
    """

    segmentation: str
    title: str
    kind: str
    size: str
    why: str
    money: tuple[tuple[str, str, str], ...]
    apart: tuple[Trait, ...]
    typical: Someone | None
    untypical: Someone | None
    needs: tuple[str, ...]
    reach: tuple[str, ...]
    do: tuple[str, ...]
    avoid: tuple[str, ...]
    hides: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give the card as dicts, lists and texts, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Cards:
    """The cards of one segmentation.

    Attributes:
        key: Names it in the page.
        title: What it is called.
        cards: Its cards, in the table's order.
        opened: How many of them are shown open.
        left_out: What is not shown for want of room, a sentence, or nothing.
    """

    key: str
    title: str
    cards: tuple[Card, ...]
    opened: int
    left_out: str


def persona_cards(matter: Matter, most: int = MOST) -> tuple[Cards, ...]:
    """Make the cards of a run's segments that have members.

    Args:
        matter: The run.
        most: Cards at most; of the segmentations after that it is said where their cards are.
    """
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in rows(matter.tables, "personas"):
        if row["size"]:
            by_name.setdefault(row["segmentation"], []).append(row)
    found: list[Cards] = []
    room = most
    for place, (name, mine) in enumerate(by_name.items()):
        shown = tuple(card(row, matter.info) for row in mine[: max(room, 0)])
        left = len(mine) - len(shown)
        told = f"{count(left, 'more card')} would make this page too long: smalti personas tells them." if left else ""
        found.append(Cards(f"personas-{place}", named(spoken(name)), shown, 0 if found else _OPEN, told))
        room -= len(shown)
    return tuple(found)


def card(row: Mapping[str, Any], info: Mapping[str, Any]) -> Card:
    """Make a card of a row of the table of personas.

    Args:
        row: The row.
        info: The run's `run.json`: `currency` is used.
    """
    pen = Pen.of(info)
    return Card(
        segmentation=spoken(str(row["segmentation"])),
        title=named(row["title"], spoken(str(row["segment"]))),
        kind=spoken(row["kind"]) if row["kind"] else "",
        size=f"{count(row['size'], 'customer')}, {share(row['share'])} of all",
        why=stop(row["why"] or ""),
        money=tuple(
            (title, pen.round_money(_minor(pen, row, name)), pen.round_money(_minor(pen, row, f"{name}_each")))
            for name, title in _MONEY.items()
        ),
        apart=tuple(_trait(one, row) for one in row["apart"]),
        typical=_someone(pen, row["typical"]),
        untypical=_someone(pen, row["untypical"]),
        needs=_needs(row),
        reach=_reach(row),
        do=_do(pen, row),
        avoid=_avoid(row),
        hides=_hides(pen, row),
    )


def _minor(pen: Pen, row: Mapping[str, Any], name: str) -> int | None:
    return as_minor(row[name], pen.currency)


def tell_card(told: Card) -> str:
    """Tell a card as plain text: paragraphs parted by an empty line."""
    money = ", ".join(f"{total} {title} ({each} each)" for title, total, each in told.money)
    apart = "; ".join(f"{one.title} {one.inside}, others {one.outside} ({one.effect})" for one in told.apart)
    people = [(told.typical, "Typical"), (told.untypical, "Untypical")]
    paragraphs = [
        f"{told.title} ({told.segmentation}): {told.size}. {told.why}".strip(),
        f"Money: {money}.",
        f"What sets them apart: {apart}." if apart else "Nothing that we know of sets them apart for sure.",
        *(_told_of(one, word) for one, word in people if one is not None),
        *(
            f"{head}: {' '.join(sentences)}"
            for head, sentences in (
                ("What they need", told.needs),
                ("How to reach them", told.reach),
                ("What to do", told.do),
                ("What not to do", told.avoid),
                ("What this hides", told.hides),
            )
            if sentences
        ),
    ]
    return "\n\n".join(paragraphs)


def _told_of(one: Someone, word: str) -> str:
    values = "; ".join(f"{title} {text}" for title, text in one.values)
    return f"{word} is {one.customer}, {one.likeness}: {f'{values}. ' if values else ''}{one.plan}"


def _trait(one: Mapping[str, Any], row: Mapping[str, Any]) -> Trait:
    title = named(one["title"], spoken(one["trait"]))
    sides = one["inside"], one["outside"], apart_words(one), bool(one["ruled"])
    return Trait(title[:1].upper() + title[1:], *sides, *(_hers(row[who], one["trait"]) for who in _PEOPLE))


def _hers(member: Mapping[str, Any] | None, trait: str) -> str:
    return next((one["text"] for one in member["values"] if one["trait"] == trait), NOTHING) if member else NOTHING


def apart_words(row: Mapping[str, Any]) -> str:
    """Say an effect: of numbers how often a member exceeds an outsider, of texts how many times as common a value is.

    >>> apart_words({"inside": "3", "effect": 0.5, "low": 0.4, "high": 0.6, "lift": None})
    'higher in 75 of 100 pairs, 70 to 80'
    >>> apart_words({"inside": "web: 60 %", "effect": 0.4, "low": 0.35, "high": 0.45, "lift": 3.0})
    '40 points more, 35 to 45; 3.0 times the others'
    """
    sign = 1 if row["effect"] >= 0 else -1
    ends = sorted((sign * row["low"], sign * row["high"]))
    if ": " in str(row["inside"]) and str(row["inside"]).endswith("%"):
        low, high = (f"{100 * end:.0f}" for end in ends)
        times = f"; {row['lift']:.1f} times the others" if row["lift"] else ""
        return f"{100 * abs(row['effect']):.0f} points {'more' if sign > 0 else 'fewer'}, {low} to {high}{times}"
    pairs, low, high = (f"{50 * (1 + part):.0f}" for part in (abs(row["effect"]), *ends))
    return f"{'higher' if sign > 0 else 'lower'} in {pairs} of 100 pairs, {low} to {high}"


def _someone(pen: Pen, row: Mapping[str, Any] | None) -> Someone | None:
    if row is None:
        return None
    gain = as_minor(row["gain"], pen.currency)
    earns = f", {pen.money(gain)} expected" if gain else ""
    return Someone(
        named(row["customer_id"]),
        f"{share(row['distance'])} of the way from the middle to the edge",
        tuple((named(one["title"]), one["text"]) for one in row["values"]),
        f"Her own strategy is {row['strategy_title']}{earns}: {row['reason'] or 'no reason is known'}.",
    )


def _needs(row: Mapping[str, Any]) -> tuple[str, ...]:
    size, told = row["size"], []
    plans = [play for play in row["plays"] if play["strategy"] not in CLEAR]
    for rank, word in (("primary", "first"), ("secondary", "second")):
        best = max(plans, key=lambda play: play[rank], default=None)
        if best and best[rank]:
            about = str(best["about"]).rstrip(".")
            told.append(
                f"{best['title']} comes {word} for {share(best[rank] / size)}: {about[:1].lower() + about[1:]}."
            )
            plans = [play for play in plans if play is not best]
    for one in row["answers"]:
        told.append(f"They answered on {one['title']}: {one['inside']}, others {one['outside']} ({apart_words(one)}).")
    return tuple(told)


def _reach(row: Mapping[str, Any]) -> tuple[str, ...]:
    told = [
        f"{spoken(one['channel'])}: {count(one['members'])} of {count(row['size'])} may be reached ({share(one['share'])})."
        for one in row["reach"]
    ]
    told += [
        f"{stop(one['title']).rstrip('.')}: {one['value']} for {share(one['share'])} of them."
        for one in row["commonest"]
    ]
    if row["channels"]:
        told.append(f"Their owner wants them reached by {', '.join(row['channels'])}.")
    return tuple(told) or ("We know of no channel: name channels in the project, with consent.",)


def _do(pen: Pen, row: Mapping[str, Any]) -> tuple[str, ...]:
    size = row["size"]
    plans = [play for play in row["plays"] if play["strategy"] not in CLEAR]
    told = []
    for play in plans[:_TOLD]:
        gain = as_minor(play["gain"], pen.currency) or 0
        each = pen.round_money(ratio(gain, play["primary"]))
        told.append(
            f"{play['title']} with {count(play['primary'])} of them ({share(play['primary'] / size)}): "
            f"{pen.round_money(gain)} expected, {each} each."
        )
    rest = sum(play["primary"] for play in plans[_TOLD:])
    if rest:
        told.append(f"Something else with {count(rest)}: {', '.join(play['title'] for play in plans[_TOLD:])}.")
    return tuple(told) or ("Nothing we know is expected to pay for any of them.",)


def _avoid(row: Mapping[str, Any]) -> tuple[str, ...]:
    told = ["Do not target them: the segment is there to say so."] if row["kind"] == "negative" else []
    quiet = {play["strategy"]: play["primary"] for play in row["plays"] if play["strategy"] in CLEAR}
    alone, left_out = (quiet.get(name, 0) for name in CLEAR)
    if alone:
        told.append(f"Leave {count(alone)} of them alone ({share(alone / row['size'])}): nothing is expected to pay.")
    if left_out:
        told.append(f"Take {count(left_out)} off the mailings that everybody gets.")
    if row["never"]:
        told.append(f"Never here: {', '.join(one['title'] for one in row['never'])}; it is expected to pay for nobody.")
    if row["last_resort"]:
        last = ", ".join(f"{play['title']} ({count(play['pays'])})" for play in row["last_resort"])
        told.append(f"Only as a last resort, since it pays for so few: {last}.")
    return tuple(told)


def _hides(pen: Pen, row: Mapping[str, Any]) -> tuple[str, ...]:
    told, size = [], row["size"]
    titles = {play["strategy"]: play["title"] for play in row["plays"]}
    lost, gain = (as_minor(row[name], pen.currency) or 0 for name in ("lost", "gain"))
    if row["another_strategy"]:
        part = f" ({share(lost / gain)})" if gain > 0 else ""
        told.append(
            f"{count(row['another_strategy'])} of {count(size)} ({share(row['another_strategy'] / size)}) are better served "
            f"by another strategy than {titles.get(row['strategy'], '')}, the commonest: with it for all, "
            f"{pen.round_money(lost)} of {pen.round_money(gain)} expected{part} would be lost."
        )
        if row["best_strategy"] != row["strategy"]:
            least = as_minor(row["lost_at_best"], pen.currency) or 0
            best = titles.get(row["best_strategy"], spoken(row["best_strategy"]))
            told.append(f"Even the best single one, {best}, would lose {pen.round_money(least)}.")
    else:
        told.append(f"{titles.get(row['strategy'], 'One strategy')} is right for every one of them.")
    told += _misleading([one for one in row["misled"] if one["off"]])
    told.append(f"{share(row['unlike'])} are unlike the others in at least one number.")
    if row["looked_at"] < size:
        told.append(f"These shares and the two members come from {count(row['looked_at'])} of them, drawn at random.")
    return tuple(told)


def _misleading(misled: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"The typical {one['title']}, {one['typical']}, is wrong by more than a factor of two for {share(one['share'])} "
        f"({share(one['low'])} to {share(one['high'])})."
        for one in misled[:_MISLED]
    ]
