"""What an experiment is: arms with weights, a share of a layer, who is held out, how far it is ramped up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from smalti.errors import ModelError, nearest

_PLACES = 12
"""Places after the point of a cut: far finer than a draw, and short where people write short weights."""


@dataclass(frozen=True)
class Arm:
    """An alternative in an experiment.

    Attributes:
        name: What it is called: the treatment its customers get.
        weight: Its share of the experiment's customers, relative to the other arms' weights; above 0.

    Raises:
        ModelError: No name, or a weight that isn't above 0.
    """

    name: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.name:
            raise ModelError("arms: found an arm without a name, wanted one for each")
        if not (self.weight > 0 and math.isfinite(self.weight)):
            raise ModelError(f"arm '{self.name}': found the weight {self.weight:g}, wanted one above 0")


@dataclass(frozen=True)
class Layer:
    """A share of a layer. Experiments with different shares of one layer never meet in a customer.

    Experiments of different layers do, independently of each other.

    Attributes:
        name: The layer's name, and the salt of the draw that cuts it.
        start: Where the share begins, from 0.
        end: Where it ends, up to 1; itself outside unless it is 1.

    Raises:
        ModelError: No name, or no share between 0 and 1.
    """

    name: str
    start: float = 0.0
    end: float = 1.0

    def __post_init__(self) -> None:
        if not self.name:
            raise ModelError("layer: found no name, wanted one")
        if not 0 <= self.start < self.end <= 1:
            found = f"{self.start:g} to {self.end:g}"
            raise ModelError(
                f"layer '{self.name}': found the share {found}, wanted one between 0 and 1, such as 0 to 0.5"
            )


@dataclass(frozen=True)
class HoldOut:
    """Customers who are left untouched, whatever is tried on others.

    Attributes:
        share: Their share of all customers, from 0 to below 1.
        salt: What names their draw: the same people for every experiment that is given the same hold-out.
        treatment: What they are held out of; None for everything. An experiment with an arm of this name passes them over.

    Raises:
        ModelError: No salt, or a share that isn't one.
    """

    share: float
    salt: str = "hold_out"
    treatment: str | None = None

    def __post_init__(self) -> None:
        if not self.salt:
            raise ModelError("hold-out: found no salt, wanted one")
        if not 0 <= self.share < 1:
            raise ModelError(f"hold-out '{self.salt}': found the share {self.share:g}, wanted one from 0 to below 1")


@dataclass(frozen=True)
class Stratum:
    """The cuts fitted to the customers of one stratum, so that every arm gets its share of just these.

    Attributes:
        name: The value of what customers are stratified by.
        cuts: Where each arm but the first begins in the experiment's draw; ascending.
    """

    name: str
    cuts: tuple[float, ...]


@dataclass(frozen=True)
class Experiment:
    """An experiment as a value: who is in which arm follows from it and from a customer's id alone.

    Attributes:
        name: What it is called.
        arms: Two or more, no name twice. Their order and weights must stay while it runs.
        control: The arm that the others are held against; by default the first.
        salt: What names its draw; by default its name.
        ramp: The share of the customers it could have that are in it yet, above 0 up to 1. Raising it adds customers to
            every arm and moves nobody.
        layer: Its share of a layer; None where it has all customers.
        hold_outs: Who is in no arm: all those that concern everything, or the treatment of one of the arms.
        strata: Cuts fitted by `fit_strata`; customers of other strata are cut by the weights.

    Raises:
        ModelError: Arms, control, ramp or salts are not as said above.

    Examples:
        >>> spring = Experiment("spring", (Arm("none"), Arm("mail", 3)), layer=Layer("outbound", 0, 0.5))
        >>> spring.control, spring.weights, spring.cuts()
        ('none', (0.25, 0.75), (0.0, 0.25, 1.0))
    """

    name: str
    arms: tuple[Arm, ...]
    control: str = ""
    salt: str = ""
    ramp: float = 1.0
    layer: Layer | None = None
    hold_outs: tuple[HoldOut, ...] = ()
    strata: tuple[Stratum, ...] = ()

    def __post_init__(self) -> None:
        if not self.name:
            raise ModelError("experiment: found no name, wanted one")
        names = self.arm_names
        if len(names) < 2 or len(set(names)) < len(names):
            found = ", ".join(names) or "none"
            raise ModelError(f"experiment '{self.name}': arms: found {found}, wanted two or more different ones")
        if not 0 < self.ramp <= 1:
            raise ModelError(f"experiment '{self.name}': ramp: found {self.ramp:g}, wanted a share above 0 up to 1")
        object.__setattr__(self, "control", self.control or names[0])
        object.__setattr__(self, "salt", self.salt or self.name)
        self.place_of(self.control)
        self._check_salts()
        self._check_strata()

    def _check_salts(self) -> None:
        salts = [self.salt, *([self.layer.name] if self.layer else []), *(one.salt for one in self.held_out)]
        twice = next((salt for salt in salts if salts.count(salt) > 1), None)
        if twice is not None:
            wanted = (
                "one of its own for the experiment, its layer and each hold-out: equal salts draw the same customers"
            )
            raise ModelError(f"experiment '{self.name}': found the salt '{twice}' twice, wanted {wanted}")

    def _check_strata(self) -> None:
        names = [stratum.name for stratum in self.strata]
        for stratum in self.strata:
            cuts = (0.0, *stratum.cuts, 1.0)
            if len(cuts) != len(self.arms) + 1 or any(one > two for one, two in pairwise(cuts)):
                wanted = f"{len(self.arms) - 1} ascending cuts between 0 and 1"
                raise ModelError(
                    f"experiment '{self.name}': stratum '{stratum.name}': found {stratum.cuts}, wanted {wanted}"
                )
        if len(set(names)) < len(names):
            raise ModelError(f"experiment '{self.name}': strata: found a stratum twice, wanted each once")

    @property
    def arm_names(self) -> tuple[str, ...]:
        """The names of the arms, in their order."""
        return tuple(arm.name for arm in self.arms)

    @property
    def weights(self) -> tuple[float, ...]:
        """The share of each arm, which is the probability with which a customer in the experiment gets it."""
        whole = math.fsum(arm.weight for arm in self.arms)
        return tuple(arm.weight / whole for arm in self.arms)

    @property
    def held_out(self) -> tuple[HoldOut, ...]:
        """The hold-outs that concern this experiment."""
        return tuple(one for one in self.hold_outs if one.treatment is None or one.treatment in self.arm_names)

    def place_of(self, arm: str) -> int:
        """Give the place of an arm by its name.

        Raises:
            ModelError: There is no such arm.
        """
        if arm in self.arm_names:
            return self.arm_names.index(arm)
        near = nearest(arm, self.arm_names)
        hint = f"; did you mean '{near}'?" if near else ""
        wanted = f"one of {', '.join(self.arm_names)}"
        raise ModelError(f"experiment '{self.name}': arm: found '{arm}', wanted {wanted}{hint}")

    def cuts(self, stratum: str | None = None) -> tuple[float, ...]:
        """Give where the arms begin and end in the experiment's draw, at full ramp: one more than there are arms."""
        for one in self.strata:
            if one.name == stratum:
                return (0.0, *one.cuts, 1.0)
        before = [math.fsum(self.weights[:place]) for place in range(1, len(self.arms))]
        return (0.0, *(round(cut, _PLACES) for cut in before), 1.0)

    def ends(self, cuts: Sequence[float]) -> tuple[float, ...]:
        """Give up to where in the experiment's draw each arm has customers yet: all of its range, or its ramped first part.

        Args:
            cuts: Where the arms begin and end at full ramp, as `cuts` gives them.
        """
        return tuple(
            end if self.ramp == 1 else min(round(start + self.ramp * (end - start), _PLACES), end)
            for start, end in pairwise(cuts)
        )


def check_layers(experiments: Iterable[Experiment]) -> None:
    """Hold experiments that share a layer to shares that don't meet.

    Raises:
        ModelError: Two of them want the same customers.

    Examples:
        >>> arms = (Arm("none"), Arm("mail"))
        >>> check_layers([Experiment("a", arms, layer=Layer("x", 0, 0.5)), Experiment("b", arms, layer=Layer("x", 0.5, 1))])
    """
    layers: dict[str, list[tuple[Layer, Experiment]]] = {}
    for one in experiments:
        if one.layer is not None:
            layers.setdefault(one.layer.name, []).append((one.layer, one))
    for shares in layers.values():
        _apart(sorted(shares, key=lambda pair: (pair[0].start, pair[0].end, pair[1].name)))


def _apart(shares: Sequence[tuple[Layer, Experiment]]) -> None:
    for (one, first), (two, second) in pairwise(shares):
        if two.start < one.end:
            found = f"'{first.name}' up to {one.end:g} and '{second.name}' from {two.start:g}"
            raise ModelError(f"layer '{one.name}': found {found}, wanted shares that do not meet")
