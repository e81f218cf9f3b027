"""What has happened since a treatment began: the words that conditions of steps and of stopping know beside the language.

``began`` is the instant at which the treatment's latest first contact reached the customer, missing before there was one;
``opened``, ``clicked`` and ``ordered`` are conditions on what came since. Each is a tree about the facts as of any instant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

from smalti.errors import Problem
from smalti.facts import ORDERS, TOUCHES, Microseconds, Stream, Type, format_duration
from smalti.rules import (
    Aggregate,
    Literal,
    Name,
    Node,
    Vocabulary,
    Window,
    certainty,
    check,
    names_in,
    parse,
    rebuild,
    write,
)

BEGAN = "began"
SINCE: Mapping[str, tuple[Type, str]] = {
    BEGAN: (Type.INSTANT, "when the treatment's latest first contact reached the customer"),
    "opened": (Type.BOOLEAN, "whether she has opened any of its contacts since"),
    "clicked": (Type.BOOLEAN, "whether she has clicked in any of its contacts since"),
    "ordered": (Type.BOOLEAN, "whether she has ordered since"),
}
"""The words, with their types and what they say."""
_NEEDS = {"opened": ("opened_at", Type.INSTANT), "clicked": ("outcome", Type.TEXT)}
"""By word the column of touches it rests on, and its type."""
_CLICKED_AT = "clicked_at"
"""The column that tells when, where a project's touches have it: an outcome does not say since when it is so."""


@dataclass(frozen=True)
class Since:
    """What conditions of one treatment may speak of.

    Attributes:
        treatment: Its name.
        length: How long it takes from its first contact to its last, at the longest: where touches do not say which step they
            were, one that has none before it within that time is the first.
        words: The language, with the streams there are.
        controls: By experiment, the arm that nothing is done to: a touch of it that names no channel reached nobody.
    """

    treatment: str
    length: Microseconds
    words: Vocabulary
    controls: Mapping[str, str]

    @property
    def known(self) -> bool:
        """Whether touches tell at all what was done; if not, no condition is ever known."""
        return "treatment" in self.touches

    @property
    def touches(self) -> Stream:
        """The touches there are; a stream without columns where there are none."""
        return self.words.streams.get(TOUCHES.name, Stream(TOUCHES.name, ()))

    def read(self, text: str) -> tuple[Node | None, list[Problem]]:
        """Make a condition ready, or tell what is wrong with it; false where it cannot be known.

        Raises:
            DefinitionError: It is not in the language.

        >>> from smalti.facts import Currency
        >>> words = Vocabulary({"orders": ORDERS, "touches": TOUCHES}, {}, Currency("EUR"))
        >>> write(Since("mail", 0, words, {}).read("ordered")[0])
        "any(orders, after last(touches.at, where treatment = 'mail' and step = 1))"
        >>> [one.hint for one in Since("mail", 0, words, {}).read("openned")[1]]
        ['opened']
        """
        tree = parse(text)
        words = self._vocabulary()
        checked = check(tree, words, wanted=Type.BOOLEAN)
        problems = list(checked.problems) or list(self._lacking(tree)) or list(certainty(checked.node, tree))
        if problems:
            return None, problems
        if not self.known and names_in(tree) & SINCE.keys():
            return Literal(False, Type.BOOLEAN), []
        return _filled(checked.node, {name: self._ready(name) for name in names_in(tree) & SINCE.keys()}), []

    def _vocabulary(self) -> Vocabulary:
        names = dict(self.words.names) | {name: kind for name, (kind, _) in SINCE.items()}
        return replace(self.words, names=names, streams={TOUCHES.name: TOUCHES} | dict(self.words.streams))

    def _lacking(self, tree: Node) -> Iterator[Problem]:
        """Tell of words that mean two things, and of those that the facts cannot answer."""
        said = names_in(tree) & SINCE.keys()
        for name in sorted(said & (self.words.names.keys() | set(self.words.attributes.names))):
            yield Problem("a word that means two things", name, f"another name for the trait or attribute '{name}'")
        if "ordered" in said and ORDERS.name not in self.words.streams:
            yield Problem("a condition that cannot be known", "ordered", "orders among the sources")
        for name in sorted(said & _NEEDS.keys()) if self.known else ():
            column, kind = _NEEDS[name]
            if name == "clicked" and self._tells_when:
                continue
            if column not in self.touches or self.touches[column].type is not kind:
                yield Problem("a condition that cannot be known", name, f"a column {column} of touches, {kind}")

    def _ready(self, name: str) -> Node:
        """Give a word as a tree made ready."""
        return check(parse(self._written(name)), self._vocabulary()).node

    def _written(self, name: str) -> str:
        if name == BEGAN:
            return f"last(touches.at, where {self._its} and {self._first})"
        began = self._written(BEGAN)
        if name == "ordered":
            return f"any(orders, after {began})"
        clicked = f"{_CLICKED_AT} <= now" if self._tells_when else "lower(outcome) = 'clicked'"
        what = "opened_at <= now" if name == "opened" else clicked
        return f"any(touches, between {began} and now, where {self._its} and {what})"

    @property
    def _tells_when(self) -> bool:
        """Whether touches tell at what instant she clicked."""
        return _CLICKED_AT in self.touches and self.touches[_CLICKED_AT].type is Type.INSTANT

    @property
    def _its(self) -> str:
        """The condition that a touch is this treatment's and reached her."""
        its = f"treatment = {_text(self.treatment)}"
        if not {"experiment", "arm", "channel"} <= set(self.touches.names):
            return its
        reached = [
            f"(channel is not missing or coalesce(experiment, '') != {_text(name)} or coalesce(arm, '') != {_text(arm)})"
            for name, arm in self.controls.items()
        ]
        return " and ".join([its, *reached])

    @property
    def _first(self) -> str:
        """The condition that a touch was the first contact."""
        if "step" in self.touches and self.touches["step"].type in (Type.INTEGER, Type.NUMBER):
            return "step = 1"
        return f"not preceded_by(touches, within {format_duration(self.length)}, where {self._its})"


def _text(value: str) -> str:
    return write(Literal(value, Type.TEXT))


def _filled(node: Node, trees: Mapping[str, Node]) -> Node:
    """Put trees in place of the names that stand for them; columns of facts keep their names."""
    if isinstance(node, Name):
        return trees.get(node.name, node)
    if isinstance(node, Aggregate):
        # what a window is bounded by is asked of the customer; its conditions are asked of one fact
        window = node.window and rebuild(node.window, lambda one: _filled(one, trees))
        return replace(node, window=cast("Window | None", window))
    return rebuild(node, lambda one: _filled(one, trees))
