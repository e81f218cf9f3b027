"""What comes within a length of time after an instant, in the language: made ready, or what is wrong with it.

Scores foretell it, experiments measure it. It sees what happened within that time and nothing before the instant.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from smalti.errors import DefinitionError, Problem, nearest
from smalti.facts import CUSTOMERS, Type, parse_duration
from smalti.project.experiments import WORDS
from smalti.project.outcome import outcome_of
from smalti.rules import Aggregate, Last, Name, Node, Vocabulary, certainty, check, names_in, parse, walk, write
from smalti.rules import Sequence as Following
from smalti.traits import Trait


@dataclass(frozen=True)
class Coming:
    """What comes, made ready.

    Attributes:
        node: It, in the language, windows as they were written; None where something is wrong with it.
        kind: Its type, None where it has none.
        currency: The ISO code of its money, None of what is not money.
        problems: What is wrong with it.
    """

    node: Node | None
    kind: Type | None
    currency: str | None
    problems: tuple[Problem, ...] = ()


def what_comes(
    written: str, within: str, early: Vocabulary, traits: Sequence[Trait], undated: Collection[str]
) -> Coming:
    """Make ready what comes within a length of time after an instant.

    Args:
        written: It in the language; text that can be parsed.
        within: The length of time, such as ``90 days``.
        early: What it may speak of.
        traits: Attributes and traits, made ready.
        undated: Attributes that carry no date.

    >>> from smalti.facts import ORDERS, Currency
    >>> words = Vocabulary({"orders": ORDERS}, {}, Currency("EUR"))
    >>> what_comes("sum(orders.revenue)", "14 days", words, [], ()).kind
    <Type.MONEY: 'money'>
    >>> [one.what for one in what_comes("count(orders, last 3 days)", "14 days", words, [], ()).problems]
    ['an outcome with a window of its own']
    """
    tree = parse(written)
    outcome, problems = outcome_of(written, early, {one.name: one.node for one in traits})
    checked = check(tree, early)
    if not checked.problems:
        problems += _known_before(tree, within, early, traits)
    if outcome is not None:
        problems += _sees_nothing_new(outcome, undated)
        problems += _of_other_windows(tree, within) if not problems else ()
    problems = problems or list(certainty(checked.node, tree))
    return Coming(None if problems else outcome, checked.type, checked.currency, tuple(problems))


def measured(written: str, within: str, early: Vocabulary, traits: Sequence[Trait], undated: Collection[str]) -> Coming:
    """Make an outcome of an experiment ready: a word of its own, or what `what_comes` takes.

    >>> from smalti.facts import ORDERS, Currency
    >>> words = Vocabulary({"orders": ORDERS}, {}, Currency("EUR"))
    >>> measured("purchase", "14 days", words, [], ()).kind
    <Type.BOOLEAN: 'boolean'>
    >>> measured("purchas", "14 days", words, [], ()).problems[0].hint
    'purchase'
    """
    text = WORDS.get(written.strip(), written)
    try:
        tree = parse(text)
    except DefinitionError as error:
        return Coming(None, None, None, error.problems)
    if isinstance(tree, Name) and tree.name not in {one.name for one in traits} | early.later.keys():
        wanted = f"{', '.join(WORDS)}, or a rule or number about what comes"
        return Coming(None, None, None, (Problem("unknown outcome", tree.name, wanted, nearest(tree.name, WORDS)),))
    return what_comes(text, within, early, traits, undated)


def _known_before(tree: Node, within: str, early: Vocabulary, traits: Sequence[Trait]) -> Iterator[Problem]:
    """Tell of traits in an outcome: they are known at the instant, and most look far behind it."""
    for name in sorted(names_in(tree) & ({one.name for one in traits} - set(early.attributes.names))):
        wanted = f"what happens within {within} after it, such as count(orders) >= 1"
        yield Problem("an outcome that names a trait, which is of the instant", name, wanted)


def _sees_nothing_new(outcome: Node, undated: Collection[str]) -> Iterator[Problem]:
    """Tell of an outcome that was known before, or that looks at facts before the instant."""
    aggregates = [part for part in walk(outcome) if isinstance(part, Aggregate)]
    new = [one for one in aggregates if one.stream != CUSTOMERS.name or one.column not in undated]
    if not new:
        found = "nothing that happens" if not aggregates else "attributes without a date"
        yield Problem("an outcome that does not lie ahead", found, "what happens, such as count(orders)")
    for part in walk(outcome):
        if isinstance(part, Following):
            yield Problem("an outcome that may see what was before", f"{part.order} {part.stream}", "no sequence")


def _of_other_windows(tree: Node, within: str) -> Iterator[Problem]:
    """Tell of windows in an outcome: what it sees is the time after the instant, no more and no less."""
    horizon = parse_duration(within)
    for part in walk(tree):
        if isinstance(part, Aggregate) and isinstance(part.window, Last) and part.window.duration != horizon:
            wanted = f"no window: an outcome sees the {within} after the instant, as within: says"
            yield Problem("an outcome with a window of its own", write(part), wanted)
