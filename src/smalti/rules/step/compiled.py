"""The step's own functions, written as Python for one set of definitions and compiled once.

What can change together is answered together: rules with the same tokens form a *group*, its answers are one tuple in one
slot, and a fact or a wake-up answers again only the groups that it touches. Atoms are grouped likewise, and of each
group the next flip is held. So a fact costs what its stream's rules cost, and a customer of whom nothing can change sleeps.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from smalti.facts import FOREVER_AGO, LAST_INSTANT, Instant
from smalti.rules.nodes import Aggregate, Compare, Node
from smalti.rules.step import emit, flips, updates
from smalti.rules.step.ages import age_bound, chain, linear
from smalti.rules.step.definitions import Definitions, leaving
from smalti.rules.step.emit import Body, Reading, indent
from smalti.rules.step.histories import at_of, beside, define_history, of_window, within
from smalti.rules.step.reach import Search
from smalti.rules.step.slots import NEVER, NOW, PENDING, POSITION, UNBEGUN, WAKE, Layout, State
from smalti.rules.step.tallies import summarise

Answer: TypeAlias = Any
"""True, False, or None for unknown; of a watched value that value."""


class Change(NamedTuple):
    """One answer that became another.

    Attributes:
        at: The very microsecond.
        rule: The segment's name; of what is asked of an account's people the tree that is asked.
        before: The answer before, None for unknown and of a customer who was not known.
        after: The answer from then on.
    """

    at: Instant
    rule: Hashable
    before: Answer
    after: Answer


@dataclass
class Group:
    """Rules that the same tokens can change.

    Attributes:
        tokens: What can change them.
        slot: Where their answers are held, a tuple in the order of `rules`.
        rules: What they are called, and their trees.
    """

    tokens: frozenset[str]
    slot: int
    rules: dict[Hashable, Node] = field(default_factory=dict)


@dataclass
class AtomGroup:
    """Atoms that the same tokens can change.

    Attributes:
        tokens: What can change them, apart from time.
        token: What their flip is called among the tokens of groups.
        slot: Where their next flip is held.
        atoms: The atoms.
    """

    tokens: frozenset[str]
    token: str
    slot: int
    atoms: list[Node] = field(default_factory=list)


class Compiled:
    """The functions of one set of definitions."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.layout = Layout(definitions)
        self.search = Search(definitions, self.layout, self.evaluate)
        self.names: dict[str, Any] = {
            **emit.KNOWN,
            **flips.KNOWN,
            **updates.KNOWN,
            "insort": insort,
            "at_of": at_of,
            "beside": beside,
            "within": within,
            "of_window": of_window,
            "summarise": summarise,
            "new": tuple.__new__,
            "Change": Change,
            "search": self._searched,
            "refresh": self.refresh,
            "begin": self.begin,
            "begin_without": self.begin_without,
        }
        self.reading = Reading(definitions, self.layout, self.names)
        self.sources: dict[str, str] = {}
        self._refreshers: dict[int, Callable[..., Any]] = {}
        self.names["refreshers"] = self._refreshers
        self._left_alone: dict[int, list[tuple[Group, tuple[Hashable, ...], tuple[None, ...]]]] = {}
        self._evaluators: dict[Node, Callable[[State, Instant], Any]] = {}
        self._group()
        self._define()

    def _group(self) -> None:
        definitions, layout = self.definitions, self.layout
        watched: dict[Hashable, Node] = dict(definitions.rules.items())
        for one in definitions.people:
            watched[one.rule] = one.rule
            if one.link is not None:
                watched[one.link] = one.link
        self.atoms: dict[tuple[frozenset[str], bool], AtomGroup] = {}
        traits = [node for node in definitions.traits.values() if not definitions.needs(node).gliding]
        for node in (*traits, *watched.values()):
            self._atoms_of(node)
        self.groups: dict[frozenset[str], Group] = {}
        for name, node in watched.items():
            tokens = definitions.needs(node).tokens.union(group.token for group in self._atoms_of(node))
            group = self.groups.setdefault(tokens, Group(tokens, layout.take("pair", ())))
            group.rules[name] = node
            layout.empties[group.slot] = (None,) * len(group.rules)
        outside = {f"facts:{stream}" for stream in layout.streams()} | {f"score:{name}" for name in layout.scores}
        outside |= {f"draw:{salt}" for salt in layout.draws}
        outside |= {leaving(pool.condition.stream, one) for pool in layout.pools.values() for one in pool.frames}
        outside |= {f"people:{number}" for number in range(len(layout.people))}
        ordered = [*sorted(outside), *(group.token for group in self.atoms.values())]
        self.bits = {token: 1 << place for place, token in enumerate(ordered)}

    def _atoms_of(self, node: Node) -> list[AtomGroup]:
        found: dict[str, AtomGroup] = {}
        for atom in self.definitions.atoms(node):
            key = (self.definitions.needs(atom).tokens, self._is_searched(atom))
            if key not in self.atoms:
                self.atoms[key] = AtomGroup(key[0], f"flip:{len(self.atoms)}", self.layout.take("plain", NEVER))
            group = self.atoms[key]
            if atom not in group.atoms:
                group.atoms.append(atom)
            found[group.token] = group
        return list(found.values())

    def _is_searched(self, atom: Node) -> bool:
        definitions = self.definitions
        if not isinstance(atom, Compare):
            return True
        forms = (linear, chain)
        return age_bound(atom, definitions) is None and not any(
            form(side, definitions) for form in forms for side in (atom.left, atom.right)
        )

    def mask(self, tokens: Collection[str]) -> int:
        """Give tokens as bits."""
        return sum(self.bits.get(token, 0) for token in set(tokens))

    def define(self, name: str, lines: list[str]) -> Callable[..., Any]:
        """Compile functions and give the one of this name."""
        source = "\n".join(lines)
        self.sources[name] = source
        exec(compile(source, f"<step {name}>", "exec"), self.names)  # noqa: S102 - written here, from checked trees
        function: Callable[..., Any] = self.names[name]
        return function

    def _define(self) -> None:
        for node in self.layout.aggregates:
            if self.definitions.needs_history(node):
                lines = define_history(self.reading, node)
                self.define(f"{self.reading.keep('history', node)}_of", lines)
        for stream in self.layout.edges:
            lines = [
                f"def expire_{self._number(stream)}(s, T):",
                *indent(updates.expire(self.reading, stream, self.bits)),
            ]
            self.define(f"expire_{self._number(stream)}", lines)
        self.on_fact = {stream: self._define_on_fact(stream) for stream in self.definitions.streams}
        self._define_pending()
        self.on_time = self.define("on_time", self._on_time())
        self._unchanging = self._answers_of_nobody()
        self.names["answers_of_nobody"] = self._unchanging

    def _number(self, stream: str) -> int:
        return list(self.definitions.streams).index(stream)

    def _define_on_fact(self, stream: str) -> Callable[..., Any]:
        number, mask = self._number(stream), self.mask([f"facts:{stream}"])
        known = stream in self.layout.streams()
        taken = updates.take_in(self.reading, stream) if known else []
        if known:
            self.define(f"take_in_{number}", [f"def take_in_{number}(s, at, v, T):", *indent(taken or ["pass"])])
        ahead = [f"    ahead(s, at, {stream!r}, v)", "    return changes"] if known else ["    return changes"]
        lines = [
            f"def on_fact_{number}(s, at, v, now, position):",
            "    if position is not None:",
            f"        if position <= s[{POSITION}]:",
            "            return ()",
            f"        s[{POSITION}] = position",
            "    changes = ()",
            f"    if s[{WAKE}] <= now:",
            f"        if s[{NOW}] != {UNBEGUN}:",
            "            changes = on_time(s, now)",
            "        elif at > now or answers_of_nobody is None:",
            f"            return begin(s, now, lambda: on_fact_{number}(s, at, v, now, None))",
            "        else:",
            f"            changes = begin_without(s, now, {mask})",
            f"    T = s[{NOW}]",
            "    if now > T:",
            f"        T = s[{NOW}] = now",
            "    if at > T:",
            *indent(ahead),
            *indent(taken),
            *indent(self._refreshing(mask, self._present(stream)) if known else []),
            "    return changes",
        ]
        self.names["ahead"] = ahead_of_time
        return self.define(f"on_fact_{number}", lines)

    def _define_pending(self) -> None:
        lines = ["def arrive(s, T):", "    m = 0", f"    p = s[{PENDING}]", "    while p and p[0][0] <= T:"]
        lines += ["        at, stream, v = p.pop(0)"]
        for stream in self.layout.streams():
            bit = self.mask([f"facts:{stream}"])
            lines += [f"        if stream == {stream!r}:", f"            take_in_{self._number(stream)}(s, at, v, T)"]
            lines += [f"            m |= {bit}"]
        self.define("arrive", [*lines, "    if not p:", f"        s[{PENDING}] = None", "    return m"])

    def _on_time(self) -> list[str]:
        lines = [
            "def on_time(s, now):",
            f"    if s[{NOW}] == {UNBEGUN}:",
            "        return begin(s, now, tuple)",
            "    changes = ()",
            f"    while s[{WAKE}] <= now:",
            f"        T = s[{NOW}] = s[{WAKE}]",
            "        m = 0",
        ]
        for stream, slot in self.layout.edges.items():
            lines += [f"        if s[{slot}] <= T:", f"            m |= expire_{self._number(stream)}(s, T)"]
        lines += [f"        if s[{PENDING}] is not None:", "            m |= arrive(s, T)"]
        for group in self.atoms.values():
            lines += [f"        if s[{group.slot}] <= T:", f"            m |= {self.bits[group.token]}"]
        lines += ["        changes = (refreshers.get(m) or refresh(m))(s, T, changes)"]
        return [*lines, f"    if now > s[{NOW}]:", f"        s[{NOW}] = now", "    return changes"]

    def refresh(self, mask: int) -> Callable[..., Any]:
        """Give the function that answers what these tokens touch, ``(s, T, changes)`` to changes."""
        if mask not in self._refreshers:
            name = f"refresh_{mask}"
            lines = [f"def {name}(s, T, changes):", *indent(self._refreshing_known(mask)), "    return changes"]
            self._refreshers[mask] = self.define(name, lines)
        return self._refreshers[mask]

    def _refreshing_known(self, mask: int) -> list[str]:
        """Write the same lines twice: for a customer with facts in the streams that matter, and for all others."""
        streams = [stream for stream in self.layout.streams() if self._present(stream) and self._touches(mask, stream)]
        if not streams:
            return self._refreshing(mask)
        present = [self._present(stream) for stream in streams]
        pools = [(self.layout.pool_of(nodes[0]), self.layout.tallies(nodes[0])[0]) for nodes in present]
        asked = " and ".join(f"s[{pool.tallies[tally]}] is not None" for pool, tally in pools)
        known = self._refreshing(mask, [node for nodes in present for node in nodes])
        return [f"if {asked}:", *indent(known), "else:", *indent(self._refreshing(mask))]

    def _touches(self, mask: int, stream: str) -> bool:
        """Whether what these tokens touch looks at a stream."""
        tokens = [group.tokens for group in self.groups.values() if self.mask(group.tokens) & mask]
        tokens += [group.tokens for group in self.atoms.values() if self.mask({*group.tokens, group.token}) & mask]
        return any(f"facts:{stream}" in one for one in tokens)

    def _refreshing(self, mask: int, present: Collection[Node] = ()) -> list[str]:
        """Write the lines that answer again, see when to look again, and gather what has changed."""
        body = Body(self.reading, present=present)
        for group in self.groups.values():
            if self.mask(group.tokens) & mask:
                self._compare(body, group)
        for atoms in self.atoms.values():
            if self.mask({*atoms.tokens, atoms.token}) & mask:
                flips.Flips(body).write(atoms.atoms)
                body.lines += [f"s[{atoms.slot}] = w"]
        slots = [*self.layout.edges.values(), *(atoms.slot for atoms in self.atoms.values())]
        body.lines += [f"w = {f's[{slots[0]}]' if slots else NEVER}"]
        for slot in slots[1:]:
            body.lines += [f"e = s[{slot}]", "if e < w:", "    w = e"]
        pending = [f"p = s[{PENDING}]", "if p is not None and p[0][0] < w:", "    w = p[0][0]"]
        return [*body.lines, *pending, f"s[{WAKE}] = w"]

    def _compare(self, body: Body, group: Group) -> None:
        """Write the lines that answer a group and gather what has changed."""
        answers = [body.value(node).text for node in group.rules.values()]
        names = self.reading.keep("rules", tuple(group.rules))
        body.lines += [
            f"n = ({', '.join(answers)}, )",
            f"o = s[{group.slot}]",
            "if n != o:",
            f"    s[{group.slot}] = n",
        ]
        body.lines += ["    changes = list(changes)"]
        for place, answer in enumerate(answers):
            name = repr(rule) if isinstance(rule := list(group.rules)[place], str) else f"{names}[{place}]"
            body.lines += [f"    if {answer} != o[{place}]:"]
            body.lines += [f"        changes.append(new(Change, (T, {name}, o[{place}], {answer})))"]

    def _present(self, stream: str) -> list[Aggregate]:
        """Give what can't be missing once a fact of a stream is visible."""
        plain = [node for node in self.layout.aggregates if node.stream == stream and node.column == "at"]
        return [
            node
            for node in plain
            if node.where is None and node.window is None and node.function in ("first", "last", "min", "max")
        ]

    def _searched(self, atom: Node, state: State, now: Instant) -> Instant:
        found = self.search.first_change(atom, state, now, LAST_INSTANT)
        return NEVER if found is None else found

    def evaluate(self, node: Node, state: State, now: Instant) -> Any:
        """Give the value of a tree for a state whose windows are right as of an instant."""
        if node not in self._evaluators:
            name = f"evaluate_{len(self._evaluators)}"
            body = Body(self.reading)
            told = body.value(node).text
            lines = [f"def {name}(s, T):", *indent(body.lines), f"    return {told}"]
            self._evaluators[node] = self.define(name, lines)
        return self._evaluators[node](state, now)

    def _answer_all(self, state: State, now: Instant) -> None:
        self.refresh(sum(self.bits.values()))(state, now, ())
        for group in self.groups.values():
            if not group.tokens:
                state[group.slot] = tuple(self.evaluate(node, state, now) for node in group.rules.values())

    def _answers_of_nobody(self) -> dict[int, tuple[Answer, ...]] | None:
        """Give the answers for a customer without facts by slot, if they are the same at every instant and for everybody."""
        if self.layout.draws:
            return None
        state = self.layout.empty()
        self._answer_all(state, FOREVER_AGO)
        if any(state[group.slot] != NEVER for group in self.atoms.values()):
            return None
        return {group.slot: state[group.slot] for group in self.groups.values()}

    def begin(self, state: State, now: Instant, then: Callable[[], Any]) -> list[Change]:
        """Begin a state at an instant, do what comes then, and give all its answers as changes from unknown."""
        state[NOW] = now
        state[WAKE] = NEVER
        self._answer_all(state, now)
        then()
        changes: Any = ()
        for group in self.groups.values():
            unknown = (None,) * len(group.rules)
            if state[group.slot] != unknown:
                changes = record(changes, now, group.rules, unknown, state[group.slot])
        return list(changes)

    def begin_without(self, state: State, now: Instant, mask: int) -> list[Change]:
        """Begin a state at an instant, but for the answers that tokens touch, which are about to be given."""
        state[NOW], state[WAKE] = now, NEVER
        changes: list[Change] = []
        for group, rules, unknown in self._untouched(mask):
            state[group.slot] = (self._unchanging or {})[group.slot]
            changes = record(changes, now, rules, unknown, state[group.slot])
        return changes

    def _untouched(self, mask: int) -> list[tuple[Group, tuple[Hashable, ...], tuple[None, ...]]]:
        if mask not in self._left_alone:
            alone = [group for group in self.groups.values() if not self.mask(group.tokens) & mask]
            self._left_alone[mask] = [(group, tuple(group.rules), (None,) * len(group.rules)) for group in alone]
        return self._left_alone[mask]


def record(
    changes: Any, now: Instant, rules: Collection[Hashable], before: tuple[Any, ...], after: tuple[Any, ...]
) -> Any:
    """Add the answers that differ to the changes."""
    found = list(changes)
    found += [Change(now, name, old, new) for name, old, new in zip(rules, before, after, strict=True) if old != new]
    return found


def ahead_of_time(state: State, at: Instant, stream: str, values: tuple[Any, ...]) -> None:
    """Put a fact from the future aside until its instant comes."""
    if state[PENDING] is None:
        state[PENDING] = []
    insort(state[PENDING], (at, stream, values), key=at_of)
    state[WAKE] = min(state[WAKE], at)
