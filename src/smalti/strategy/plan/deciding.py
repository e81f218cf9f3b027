"""One customer now: the same choice from the stored prices of the limits, in pure Python, for a live service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from smalti.facts import Currency, Instant, Microseconds, draw_of, format_minor
from smalti.strategy.permits import BARS
from smalti.strategy.plan.lots import drawn_action
from smalti.strategy.plan.made import Plan
from smalti.strategy.plan.moments import Quiet, contact_at
from smalti.strategy.plan.wording import ALONE_BY_LOT, NOTHING_ELSE, effect_told

FORM = 1
"""Of what `Decider.to_info` gives."""
_SENTENCES = {one.name: one.sentence for one in BARS}
_OFTEN, _DATES, _ADDRESS = "contacted too often", "out of its dates", "no address"


@dataclass(frozen=True)
class Offer:
    """One action for one customer, as a run holds it; money in minor units.

    Attributes:
        gain: What it is expected to bring.
        low: Low end of the 80 % interval.
        high: High end.
        why: Why it is not possible, a code of `permits.BARS`; "possible" where it is.
        earliest: From when its first contact is possible; None at once.
        latest: Until when; None for ever.
    """

    gain: float
    low: float
    high: float
    why: str = "possible"
    earliest: Instant | None = None
    latest: Instant | None = None


@dataclass(frozen=True)
class Standing:
    """What is known of one customer when it is decided.

    Attributes:
        customer: Her id.
        offers: By action, what it would bring her; what is not among them is not for her.
        segments: The segments she is in.
        groups: By what fairness goes by, the name of her group.
        zone: Her time zone; None takes the project's.
        hours: By channel, her best hour by her own clock.
        before: The action that the plan before had for her; None for none.
        touches: Contacts there have been lately: instant, channel, purpose; any order.
    """

    customer: str
    offers: Mapping[str, Offer]
    segments: frozenset[str] = frozenset()
    groups: Mapping[str, str] = field(default_factory=dict)
    zone: str | None = None
    hours: Mapping[str, int] = field(default_factory=dict)
    before: str | None = None
    touches: tuple[tuple[Instant, str, str], ...] = ()


@dataclass(frozen=True)
class Context:
    """What is known only now.

    Attributes:
        now: The instant; None takes that of the plan.
        channels: The channels at hand; None for all.
        headroom: By treatment, what is to be won now, over what it was in the run: 2.0 where the cart is twice as large;
            gains change in proportion.
        offers: By action, what it would bring her now, in place of what the run holds.
        contacted: Contacts since the run: instant, channel, purpose.
        barred: Actions that are not possible now, with the code of `permits.BARS` that says why.
    """

    now: Instant | None = None
    channels: frozenset[str] | None = None
    headroom: Mapping[str, float] = field(default_factory=dict)
    offers: Mapping[str, Offer] = field(default_factory=dict)
    contacted: tuple[tuple[Instant, str, str], ...] = ()
    barred: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What one customer gets now; money in minor units.

    Attributes:
        customer: Her id.
        action: The action; None for none.
        treatment: Its treatment, of a bundle the first; None for none.
        channel: The first channel; None where nobody is contacted.
        message: The first message.
        gain: What it is expected to bring.
        low: Low end of its 80 % interval.
        high: High end.
        cost: What it is expected to cost.
        priced: Its gain times its lever, less the price of what it uses of the limits: what it was chosen by.
        probability: The chance with which just this was chosen.
        chosen: ``best``, ``kept``, ``explored`` or ``none``.
        reason: Why, in a sentence.
        due: When the first contact is due; None for none.
        runner_up: The next best action; None where that is doing nothing.
        why_not: Why it was not chosen, in a sentence.
    """

    customer: str
    action: str | None
    treatment: str | None
    channel: str | None
    message: str | None
    gain: float
    low: float
    high: float
    cost: float
    priced: float
    probability: float
    chosen: str
    reason: str
    due: Instant | None
    runner_up: str | None
    why_not: str

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain values, such as JSON holds."""
        return asdict(self)


@dataclass(frozen=True)
class Rule:
    """How often one customer may be contacted.

    Attributes:
        most: At most so many contacts.
        window: In any stretch of time so long.
        channel: By this channel; None for any.
        purpose: For this purpose; None for any.
    """

    most: int
    window: Microseconds
    channel: str | None
    purpose: str | None

    def counts(self, channel: str, purpose: str) -> bool:
        """Say whether a contact counts."""
        return self.channel in (None, channel) and self.purpose in (None, purpose)


@dataclass(frozen=True)
class Choice:
    """One action as a decider knows it; money in minor units.

    Attributes:
        name: The action.
        treatments: Its treatments.
        channels: Their first channels; None where nobody is contacted.
        message: Its first message.
        contacts: Its contacts: delay, channel, purpose.
        weight: Its lever.
        cost: What it is expected to cost one customer.
        price: What everybody pays for what it takes of the limits.
        by_segment: What members of a segment pay beside it.
        by_group: What those of a group pay beside it, by what fairness goes by and the group.
        told: How its effect is known, in words.
        closed: Whether a treatment of it is not done at all in this plan.
        drawable: Whether it may be drawn by lot: doing it at all costs nothing.
    """

    name: str
    treatments: tuple[str, ...]
    channels: tuple[str | None, ...]
    message: str | None
    contacts: tuple[tuple[Microseconds, str, str], ...]
    weight: float
    cost: float
    price: float
    by_segment: tuple[tuple[str, float], ...]
    by_group: tuple[tuple[str, str, float], ...]
    told: str
    closed: bool
    drawable: bool

    def pays(self, standing: Standing) -> float:
        """Give what a customer pays for what the action takes of the limits."""
        paying = self.price
        for segment, price in self.by_segment:
            if segment in standing.segments:
                paying += price
        for by, group, price in self.by_group:
            if standing.groups.get(by) == group:
                paying += price
        return paying


@dataclass(frozen=True)
class _Weighed:
    """One action weighed for one customer."""

    choice: Choice
    gain: float
    low: float
    high: float
    priced: float
    why: str
    offer: Offer


@dataclass(frozen=True)
class Decider:
    """Decides for one customer at a time, by the prices of the limits of a plan.

    It answers what the plan says of a customer whom neither a tie nor the spreading over days has moved, at the plan's own
    instant and with nothing new known.

    Attributes:
        at: The instant of the plan.
        until: Its end.
        zone: The project's time zone.
        currency: The code of its currency.
        salt: What names the draws.
        explore: The share of customers whose treatment is drawn.
        keep: What another action must be worth more than the one before.
        choices: The actions.
        rules: How often one customer may be contacted.
        quiet: When customers are left in peace.
    """

    at: Instant
    until: Instant
    zone: str
    currency: str
    salt: str
    explore: float
    keep: float
    choices: tuple[Choice, ...]
    rules: tuple[Rule, ...]
    quiet: tuple[Quiet, ...]

    @classmethod
    def of(cls, plan: Plan) -> Decider:
        """Give the decider of a plan."""
        candidates, definition = plan.candidates, plan.limits.definition
        return cls(
            plan.candidates.at,
            plan.until,
            candidates.zone,
            candidates.currency.code,
            plan.salt,
            plan.explore,
            candidates.keep,
            tuple(_choice(plan, place) for place in range(len(candidates.actions))),
            tuple(Rule(one.most, one.window, one.channel, one.purpose) for one in definition.frequency),
            tuple(Quiet(*one.minutes, one.days, one.channels) for one in definition.quiet),
        )

    @classmethod
    def of_info(cls, info: Mapping[str, Any]) -> Decider:
        """Give the decider from what ``run.json`` holds under ``plan`` / ``decider``.

        Raises:
            KeyError: It is of another form.
        """
        if info["form"] != FORM:
            raise KeyError(f"form {info['form']}")
        plain = {name: info[name] for name in ("at", "until", "zone", "currency", "salt", "explore", "keep")}
        return cls(
            **plain,
            choices=tuple(_read_choice(one) for one in info["choices"]),
            rules=tuple(Rule(**one) for one in info["rules"]),
            quiet=tuple(
                Quiet(one["start"], one["end"], tuple(one["days"]), tuple(one["channels"])) for one in info["quiet"]
            ),
        )

    def to_info(self) -> dict[str, Any]:
        """Give it as plain values; `of_info` reads them back."""
        return {"form": FORM} | asdict(self)

    def decide(self, standing: Standing, context: Context | None = None) -> Decision:
        """Decide what one customer gets now.

        A contact is due in her best hour, or where an instant is given, as soon as her quiet hours allow.

        Args:
            standing: What is known of her.
            context: What is known only now; None for nothing.
        """
        told = context or _NOTHING_NEW
        every = list(self._weigh(standing, told))
        possible = [one for one in every if one.why == "possible"]
        best = self._best(possible)
        lots = [one for one in possible if one.choice.drawable]
        drawn = bool(lots) and self.explore > 0 and draw_of(self.salt, standing.customer) < self.explore
        chosen = best
        if drawn:
            place = drawn_action(self.salt, standing.customer, len(lots))
            chosen = lots[place] if place >= 0 else None
        chance = 1.0
        if lots:
            chance = (1 - self.explore) * (chosen is best) + self._lot(chosen) / (len(lots) + 1)
        rival, why_not = self._rival(chosen, every, possible, drawn=drawn)
        name = "explored" if drawn else "kept" if self._is_kept(standing, chosen, possible) else "best"
        return self._decision(standing, told, chosen, chance, (rival, why_not), name)

    def _weigh(self, standing: Standing, told: Context) -> Iterator[_Weighed]:
        now = self.at if told.now is None else told.now
        for one in self.choices:
            offer = told.offers.get(one.name) or standing.offers.get(one.name)
            if offer is None:
                continue
            gain, low, high = offer.gain, offer.low, offer.high
            if told.headroom:
                larger = max((told.headroom[name] for name in one.treatments if name in told.headroom), default=1.0)
                gain, low, high = ((end + one.cost) * larger - one.cost for end in (gain, low, high))
            value = gain * one.weight
            if self.keep and standing.before == one.name and value > 0:
                value += self.keep
            why = offer.why if offer.why != "possible" else self._bar(one, offer, standing, told, now)
            yield _Weighed(one, gain, low, high, value - one.pays(standing), why, offer)

    def _bar(self, one: Choice, offer: Offer, standing: Standing, told: Context, now: Instant) -> str:
        """Say what stands against an action now that the plan did not know of."""
        if one.name in told.barred:
            return told.barred[one.name]
        if told.channels is not None and any(channel not in told.channels for channel in one.channels if channel):
            return _ADDRESS
        if offer.latest is not None and offer.latest < now:
            return _DATES
        start = now if offer.earliest is None else max(now, offer.earliest)
        if told.contacted and not self._fits(one, start, (*standing.touches, *told.contacted)):
            return _OFTEN
        return "possible"

    def _fits(self, one: Choice, start: Instant, touches: Sequence[tuple[Instant, str, str]]) -> bool:
        """Say whether a chain of contacts from an instant on leaves every stretch of time within its limit."""
        chain = [(start + delay, channel, purpose) for delay, channel, purpose in one.contacts]
        for rule in self.rules:
            instants = sorted(at for at, channel, purpose in (*touches, *chain) if rule.counts(channel, purpose))
            last = {at for at, channel, purpose in chain if rule.counts(channel, purpose)}
            for place in range(rule.most, len(instants)):
                stretch = instants[place - rule.most : place + 1]
                if stretch[-1] - stretch[0] < rule.window and (rule.most == 0 or not last.isdisjoint(stretch)):
                    return False
        return True

    def _lot(self, chosen: _Weighed | None) -> float:
        return self.explore if chosen is None or chosen.choice.drawable else 0.0

    @staticmethod
    def _best(possible: Sequence[_Weighed]) -> _Weighed | None:
        found = max(possible, key=lambda one: -1e300 if one.choice.closed else one.priced, default=None)
        return found if found is not None and found.priced > 0 and not found.choice.closed else None

    def _rival(
        self, chosen: _Weighed | None, every: Sequence[_Weighed], possible: Sequence[_Weighed], *, drawn: bool
    ) -> tuple[str | None, str]:
        """Name the next best action and say why it was not chosen."""
        others = [one for one in possible if one is not chosen and not one.choice.closed]
        if others:
            rival = max(others, key=lambda one: one.priced)
            behind = (0.0 if chosen is None else chosen.priced) - rival.priced
            if behind >= 0:
                return (
                    rival.choice.name,
                    f"{self._money(rival.gain)} expected, {self._money(behind)} less once limits are paid for",
                )
            why = "the lot decided" if drawn else "what is left of the limits went to others"
            return rival.choice.name, f"{self._money(rival.gain)} expected, {self._money(-behind)} more, but {why}"
        barred = [one for one in every if one.why != "possible"]
        if barred:
            rival = max(barred, key=lambda one: one.gain)
            return rival.choice.name, _SENTENCES.get(rival.why, rival.why)
        return None, NOTHING_ELSE

    def _decision(
        self,
        standing: Standing,
        told: Context,
        chosen: _Weighed | None,
        chance: float,
        rival: tuple[str | None, str],
        name: str,
    ) -> Decision:
        if chosen is None:
            reason = (
                ALONE_BY_LOT
                if name == "explored"
                else "nothing possible is worth what it costs and takes of the limits"
            )
            return Decision(
                standing.customer, None, None, None, None, 0.0, 0.0, 0.0, 0.0, 0.0, chance, "none", reason, None, *rival
            )
        one = chosen.choice
        opening = {"explored": "drawn by lot to measure it; ", "kept": "kept from the plan before; ", "best": ""}[name]
        won, cost, gain = (self._money(amount) for amount in (chosen.gain + one.cost, one.cost, chosen.gain))
        return Decision(
            customer=standing.customer,
            action=one.name,
            treatment=one.treatments[0],
            channel=one.channels[0],
            message=one.message,
            gain=chosen.gain,
            low=chosen.low,
            high=chosen.high,
            cost=one.cost,
            priced=chosen.priced,
            probability=chance,
            chosen=name,
            reason=f"{opening}{one.told}: {won} expected for {cost}, a gain of {gain}",
            due=self._due(standing, told, chosen),
            runner_up=rival[0],
            why_not=rival[1],
        )

    def _is_kept(self, standing: Standing, chosen: _Weighed | None, possible: Sequence[_Weighed]) -> bool:
        """Say whether only the bonus of what was planned before makes it the best."""
        if chosen is None or not self.keep or standing.before != chosen.choice.name:
            return False
        others = [one.priced for one in possible if one is not chosen and not one.choice.closed]
        return max(others, default=0.0) > chosen.priced - self.keep or chosen.priced <= self.keep

    def _due(self, standing: Standing, told: Context, chosen: _Weighed) -> Instant | None:
        """Give when the first contact is due."""
        now = self.at if told.now is None else told.now
        start = now if chosen.offer.earliest is None else max(now, chosen.offer.earliest)
        channel = chosen.choice.channels[0]
        if channel is None:
            return start
        hour = standing.hours.get(channel, -1) if told.now is None else -1
        latest = min(chosen.offer.latest if chosen.offer.latest is not None else start, self.until - 1)
        return contact_at(start, max(latest, start), hour, channel, self.quiet, standing.zone or self.zone)

    def _money(self, minor: float) -> str:
        return format_minor(minor, self._currency)

    @cached_property
    def _currency(self) -> Currency:
        return Currency(self.currency)


_NOTHING_NEW = Context()


def _choice(plan: Plan, place: int) -> Choice:
    candidates, gains = plan.candidates, plan.candidates.gains
    action = candidates.actions[place]
    prices = [(one, one.sign * one.price * float(one.columns[place])) for one in plan.uses]
    done = set(plan.fixed)
    return Choice(
        name=action.name,
        treatments=tuple(part.name for part in action.treatments),
        channels=action.channels,
        message=next((one.message for one in action.contacts), action.treatments[0].definition.message),
        contacts=tuple((one.delay, one.channel, one.purpose) for one in action.contacts),
        weight=float(gains.weight[place]),
        cost=float(gains.cost[0, place]) if len(gains.cost) else 0.0,
        price=sum(price for one, price in prices if one.segment is None and one.group is None),
        by_segment=tuple((one.segment, price) for one, price in prices if one.segment is not None and price),
        by_group=tuple((*one.group, price) for one, price in prices if one.group is not None and price),
        told=effect_told(gains.told[place], gains.basis[place], gains.by[place]),
        closed=any(gains.fixed.get(part.name, 0.0) > 0 and part.name not in done for part in action.treatments),
        drawable=not any(gains.fixed.get(part.name, 0.0) > 0 for part in action.treatments),
    )


def _read_choice(told: Mapping[str, Any]) -> Choice:
    lists = {
        "treatments": tuple(told["treatments"]),
        "channels": tuple(told["channels"]),
        "contacts": tuple((int(one[0]), one[1], one[2]) for one in told["contacts"]),
        "by_segment": tuple((one[0], one[1]) for one in told["by_segment"]),
        "by_group": tuple((one[0], one[1], one[2]) for one in told["by_group"]),
    }
    return Choice(**(dict(told) | lists))


def standing_of(plan: Plan, customer: str) -> Standing:
    """Give what a plan knows of one customer, to be decided for again.

    Raises:
        KeyError: There is no such customer.
    """
    candidates, gains = plan.candidates, plan.candidates.gains
    row = pc.index(candidates.customers, pa.scalar(customer, candidates.customers.type)).as_py()
    if row < 0:
        raise KeyError(customer)
    offers = {
        action.name: Offer(
            float(gains.gain[row, place]),
            float(gains.low[row, place]),
            float(gains.high[row, place]),
            BARS[candidates.why[row, place]].name,
            int(candidates.earliest[row, place]),
            int(candidates.latest[row, place]),
        )
        for place, action in enumerate(candidates.actions)
    }
    before = int(candidates.before[row])
    mine = candidates.history.filter(pc.equal(candidates.history["row"], row)).to_pylist()
    return Standing(
        customer,
        offers,
        frozenset(name for name, members in candidates.segments.items() if members[row]),
        {by: names[codes[row]] for by, (codes, names) in candidates.groups.items() if codes[row] >= 0},
        candidates.zones[row].as_py(),
        {channel: int(hours[row]) for channel, hours in candidates.hours.items()},
        candidates.actions[before].name if before >= 0 else None,
        tuple((one["at"], one["channel"] or "", one["purpose"] or "") for one in mine),
    )
