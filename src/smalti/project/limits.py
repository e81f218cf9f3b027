"""Limits against what they speak of: everything that is wrong with them, what can never be kept, and made ready."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import chain, combinations
from typing import TypeAlias

from smalti.errors import Problem
from smalti.facts import DAY, Microseconds, Type, format_duration
from smalti.project.foretelling import Told
from smalti.project.places import Origin, Path_
from smalti.project.treatments import PlanGround
from smalti.strategy.limits import BudgetDefinition, FrequencyDefinition, Limits, LimitsDefinition, NumberDefinition
from smalti.strategy.treatments import TreatmentDefinition

_SUBJECT = "limits"
_Contact: TypeAlias = tuple[Microseconds, str, str]
"""How long after the treatment began a contact is due, by which channel, for what."""


def limits_of(ground: PlanGround, origin: Origin) -> tuple[Limits, list[Told], list[str]]:
    """Make the limits ready; tell what is wrong with them, and what one should know.

    Args:
        ground: What they may speak of.
        origin: Where they were written: what stands alone where several may has a shorter path.
    """
    if ground.project.limits is None:
        return Limits(), [], []
    checking = _Checking(ground, ground.project.limits, origin)
    told = list(chain(checking.names(), checking.sets(), checking.numbers(), checking.frequency()))
    suppress = None
    if (written := ground.project.limits.suppress) is not None:
        suppress, problems = ground.rule(written, Type.BOOLEAN)
        told += [(problem, (_SUBJECT, "suppress"), _SUBJECT) for problem in problems]
    return Limits(ground.project.limits, suppress), told, checking.notes


class _Checking:
    """The limits on their way."""

    def __init__(self, ground: PlanGround, definition: LimitsDefinition, origin: Origin) -> None:
        self.ground, self.definition, self.origin = ground, definition, origin
        self.treatments = dict(ground.project.treatments)
        self.notes: list[str] = []

    def _path(self, section: str, place: int, *inner: str | int) -> Path_:
        """Give the path of one of several, or of what stands alone in their place."""
        several = (_SUBJECT, section, place, *inner[:1]) if inner and isinstance(inner[0], int) else None
        listed = (several or (_SUBJECT, section, place)) in self.origin.places
        return (_SUBJECT, section, place, *inner) if listed else (_SUBJECT, section, *inner)

    def _known(self, what: str, named: Iterable[str], there: Collection[str], path: Path_) -> Iterator[Told]:
        """Tell which of these names are not there."""
        names = list(named)
        for place, name in enumerate(names):
            inner = (*path, place) if (*path, place) in self.origin.places else path
            if name not in there and what == "channel":
                yield self.ground.no_channel(name), inner, _SUBJECT
            elif name not in there:
                yield self.ground.unknown(what, name, there), inner, _SUBJECT

    @property
    def strategies(self) -> list[str]:
        """The strategies that treatments serve."""
        return list(dict.fromkeys(one.strategy for one in self.treatments.values()))

    @property
    def purposes(self) -> list[str]:
        """What contacts are for."""
        return list(dict.fromkeys(one.purpose or one.strategy for one in self.treatments.values()))

    def names(self) -> Iterator[Told]:
        """Find names that are not there."""
        one, channels = self.definition, dict(self.ground.project.channels)
        for at, budget in enumerate(one.budget):
            path = self._path("budget", at)
            yield from self._known("treatment", budget.treatments, self.treatments, (*path, "treatments"))
            yield from self._known("strategy", budget.strategies, self.strategies, (*path, "strategies"))
        for name, _ in one.channels:
            yield from self._known("channel", [name], channels, (_SUBJECT, "channels", name, "key"))
        for at, often in enumerate(one.frequency):
            path = self._path("frequency", at)
            yield from self._known("channel", filter(None, [often.channel]), channels, (*path, "channel"))
            yield from self._known("purpose", filter(None, [often.purpose]), self.purposes, (*path, "purpose"))
        for at, quiet in enumerate(one.quiet):
            path = self._path("quiet", at)
            yield from self._known("channel", quiet.channels, channels, (*path, "channels"))
            if quiet.zone is not None:
                yield from self._texts("attribute", quiet.zone, self._attributes, (*path, "zone"))
            first = next(other.zone for other in one.quiet if other.zone is not None) if quiet.zone else None
            if quiet.zone != first:
                yield Problem("two zones of one customer", quiet.zone, f"{first}, as before"), (*path, "zone"), _SUBJECT
        for at, number in enumerate(one.numbers):
            path = self._path("numbers", at)
            yield from self._known("treatment", filter(None, [number.treatment]), self.treatments, (*path, "treatment"))
            yield from self._known("strategy", filter(None, [number.strategy]), self.strategies, (*path, "strategy"))
            if number.segment is not None and number.segment not in self.ground.segments:
                yield self.ground.unknown_segment(number.segment), (*path, "segment"), _SUBJECT
            yield from self._known("channel", filter(None, [number.channel]), channels, (*path, "channel"))
        for at, fair in enumerate(one.fairness):
            path = self._path("fairness", at)
            yield from self._known("treatment", fair.treatments, self.treatments, (*path, "treatments"))
            if fair.by not in self.ground.segmentations:
                names = self.ground.words.names
                yield from self._texts("segmentation or trait", fair.by, names, (*path, "by"))

    @property
    def _attributes(self) -> dict[str, Type | None]:
        return {column.name: column.type for column in self.ground.words.attributes.columns}

    def _texts(self, what: str, name: str, there: Mapping[str, Type | None], path: Path_) -> Iterator[Told]:
        """Tell of a name that is not there, or is not text."""
        if name not in there:
            known = [one for one, kind in there.items() if kind is Type.TEXT]
            known = known if what == "attribute" else [*self.ground.segmentations, *known]
            yield self.ground.unknown(what, name, known), path, _SUBJECT
        elif there[name] not in (None, Type.TEXT):
            wanted = "text, such as Europe/London" if what == "attribute" else "text, or a segmentation"
            yield Problem("wrong type", f"{name} ({there[name]})", wanted), path, _SUBJECT

    def sets(self) -> Iterator[Told]:
        """Find sets of treatments that are none, and bundles that are forbidden."""
        for section in ("exclusive", "bundles"):
            for at, names in enumerate(getattr(self.definition, section)):
                path = self._path(section, at, 0)[:-1]
                yield from self._known("treatment", names, self.treatments, path)
                if len(set(names)) < len(names) or len(names) < 2:
                    problem = Problem("not a set of treatments", ", ".join(names) or None, "two or more, each once")
                    yield problem, path, _SUBJECT
        for at, bundle in enumerate(self.definition.bundles):
            path = self._path("bundles", at, 0)[:-1]
            for one, other in combinations(bundle, 2):
                if one != other and any({one, other} <= set(alone) for alone in self.definition.exclusive):
                    wanted = "treatments of which one customer may get several"
                    problem = Problem("a bundle of treatments that exclude each other", f"{one} + {other}", wanted)
                    yield problem, path, _SUBJECT

    def numbers(self) -> Iterator[Told]:
        """Find numbers that can never be kept: at least more than at most."""
        for at, one in enumerate(self.definition.numbers):
            if one.least is None:
                continue
            for most, by in self._most(one):
                if one.least > most:
                    wanted = f"at most {most:,}, as {by} says"
                    yield (
                        Problem("a number that cannot be reached", f"at least {one.least:,}", wanted),
                        (
                            *self._path("numbers", at),
                            "least",
                        ),
                        _SUBJECT,
                    )
                    break
        for name, treatment in self.treatments.items():
            if treatment.least is None:
                continue
            alone = NumberDefinition(treatment=name, least=treatment.least)
            for most, by in self._most(alone):
                if treatment.least > most:
                    wanted = f"at most {most:,}, as {by} says"
                    problem = Problem("a number that cannot be reached", f"at least {treatment.least:,}", wanted)
                    yield problem, ("treatments", name, "least"), f"treatment {name}"
                    break
        yield from self._together()
        yield from self._too_dear()

    def _most(self, number: NumberDefinition) -> Iterator[tuple[int, str]]:
        """Give what holds down how many customers these can be, each with where it is written."""
        whom = [one for name, one in self.treatments.items() if _within(name, one, number)]
        if number.treatment is not None and whom and whom[0].most is not None:
            yield whom[0].most, f"most: of {number.treatment}"
        for other in self.definition.numbers:
            if other.most is not None and other is not number and _narrower(number, other, self.treatments):
                yield other.most, "numbers:"
        capacities = dict(self.definition.channels)
        ways = {number.channel} if number.channel is not None else {way for one in whom for way in one.channels}
        if whom and all(one.channels for one in whom) and all(way in capacities for way in ways):
            most = sum(self._capacity(str(way)) for way in ways)
            if most < _UNLIMITED:
                yield most, "channels:"

    def _capacity(self, channel: str) -> int:
        """Give how many contacts a channel can carry in a plan: on every day that has a part in it, and in all."""
        one = dict(self.definition.channels)[channel]
        days = -(-self.definition.window // DAY) + 1
        daily = _UNLIMITED if one.per_day is None else one.per_day * days
        return min(daily, _UNLIMITED if one.in_all is None else one.in_all)

    def _together(self) -> Iterator[Told]:
        """Find treatments that want more customers together than there may be."""
        if self.definition.bundles:
            return
        for at, one in enumerate(self.definition.numbers):
            if one.most is None or one.segment is not None or one.channel is not None or one.treatment is not None:
                continue
            whom = {name: own for name, own in self.treatments.items() if _within(name, own, one)}
            wanted = sum(self._least(name, own) for name, own in whom.items())
            if wanted > one.most and not any(self._least(name, own) > one.most for name, own in whom.items()):
                told = (
                    f"at least {wanted:,} together, as {' and '.join(n for n in whom if self._least(n, whom[n]))} want"
                )
                path = (*self._path("numbers", at), "most")
                yield Problem("a number below what is wanted", f"at most {one.most:,}", told), path, _SUBJECT

    def _too_dear(self) -> Iterator[Told]:
        """Find budgets that the least numbers there must be already exceed, as far as costs are written as money."""
        for at, budget in enumerate(self.definition.budget):
            if budget.per != "plan" or budget.amount.fixed is None or self.definition.bundles:
                continue
            spent = Decimal(0)
            for name, one in self.treatments.items():
                least = self._least(name, one)
                if least and _on(budget, name, one):
                    spent += least * (one.cost.fixed or Decimal(0)) * bool(one.channels)
                    spent += one.fixed.fixed or Decimal(0) if one.fixed is not None else Decimal(0)
            if spent > budget.amount.fixed:
                told = f"at least {spent:,}, which the least numbers of treatments cost"
                path = self._path("budget", at)
                inner = (*path, "amount") if (*path, "amount") in self.origin.places else path
                yield Problem("a budget below what is wanted", str(budget.amount), told), inner, _SUBJECT

    def _least(self, name: str, treatment: TreatmentDefinition) -> int:
        own = [one.least for one in self.definition.numbers if one.treatment == name and one.least is not None]
        return max([treatment.least or 0, *own])

    def frequency(self) -> Iterator[Told]:
        """Find treatments whose own contacts come closer than they may, whoever gets them."""
        for name, treatment in self.treatments.items():
            every = {way: _contacts(treatment, way) for way in treatment.channels}
            tried = {way: self._broken(_reaching(contacts, {way})) for way, contacts in every.items()}
            broken = {way: found for way, found in tried.items() if found is not None}
            if broken and len(broken) == len(tried):
                yield self._too_often(next(iter(broken.values())), ("treatments", name, "steps"), f"treatment {name}")
                continue
            for way, contacts in every.items():
                close = "its contacts would come closer than limits allow"
                if way in broken:
                    self.notes.append(f"{name} is never begun by {way}: {close}")
                elif self._broken(contacts):
                    others = " and ".join(dict.fromkeys(other for _, other, _ in contacts if other != way))
                    self.notes.append(f"{name} is not begun by {way} for those whom {others} would reach too: {close}")
        for at, bundle in enumerate(self.definition.bundles):
            if not set(bundle) <= self.treatments.keys():
                continue
            ways = [self.treatments[name].channels for name in bundle]
            first = {channels[0] for channels in ways if len(channels) == 1}
            whole = [_reaching(_first_ways(self.treatments[name]), first) for name in bundle]
            if any(self._broken(contacts) for contacts in whole):
                continue
            if found := self._broken(sorted(chain.from_iterable(whole))):
                yield self._too_often(found, self._path("bundles", at, 0)[:-1], _SUBJECT)

    def _broken(self, contacts: list[_Contact]) -> tuple[int, FrequencyDefinition] | None:
        """Give the frequency that contacts break among themselves, with how many come within it."""
        for one in self.definition.frequency:
            mine = [
                at
                for at, channel, purpose in contacts
                if one.channel in (None, channel) and one.purpose in (None, purpose)
            ]
            densest = max((sum(at - one.window < other <= at for other in mine) for at in mine), default=0)
            if densest > one.most:
                return densest, one
        return None

    def _too_often(self, found: tuple[int, FrequencyDefinition], path: Path_, subject: str) -> Told:
        number, one = found
        by = f" by {one.channel}" if one.channel is not None else ""
        by += f" for {one.purpose}" if one.purpose is not None else ""
        told = f"{number} contacts{by} within {format_duration(one.window)}"
        wanted = f"at most {one.most}, as frequency: says, so that nobody could ever get it"
        return Problem("contacts that come too close", told, wanted), path, subject


_UNLIMITED = 2**62


def _on(budget: BudgetDefinition, name: str, treatment: TreatmentDefinition) -> bool:
    """Whether a treatment is paid from a budget."""
    if budget.strategies:
        return treatment.strategy in budget.strategies
    return not budget.treatments or name in budget.treatments


def _within(name: str, treatment: TreatmentDefinition, number: NumberDefinition) -> bool:
    """Whether a treatment is among those that a number counts."""
    by_name = number.treatment in (None, name) and number.strategy in (None, treatment.strategy)
    return by_name and (number.channel is None or number.channel in treatment.channels)


def _narrower(number: NumberDefinition, other: NumberDefinition, treatments: Mapping[str, TreatmentDefinition]) -> bool:
    """Whether all customers that a number counts are counted by another too."""
    treatment = treatments.get(number.treatment or "")
    served = number.strategy if treatment is None else treatment.strategy
    return (
        other.treatment in (None, number.treatment)
        and other.strategy in (None, served)
        and other.segment in (None, number.segment)
        and other.channel in (None, number.channel)
    )


def _contacts(treatment: TreatmentDefinition, channel: str) -> list[_Contact]:
    """Give all contacts of a treatment that begins by a channel, as close to each other as they are planned."""
    purpose = treatment.purpose or treatment.strategy
    found, delay = [(0, channel, purpose)], 0
    for step in treatment.steps:
        delay += step.wait
        found.append((delay, step.channel, purpose))
    return found


def _reaching(contacts: Iterable[_Contact], channels: Collection[str]) -> list[_Contact]:
    """Give the contacts that everybody has whom the first ones reach; others leave out those whom they do not reach."""
    return [one for one in contacts if one[1] in channels]


def _first_ways(treatment: TreatmentDefinition) -> list[_Contact]:
    """Give the contacts of a treatment by the first of its channels; none where nobody is contacted."""
    return _contacts(treatment, treatment.channels[0]) if len(treatment.channels) == 1 else []
