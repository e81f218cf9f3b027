"""Messages against what they speak of: every name in their templates, every segment that has a variant of its own."""

from __future__ import annotations

from collections.abc import Iterator

from smalti.errors import Problem
from smalti.project.foretelling import Told
from smalti.project.names import clashes
from smalti.project.places import Origin, Path_
from smalti.project.treatments import PlanGround
from smalti.strategy.messages import check_message, fields_of, message_fields
from smalti.strategy.treatments import Message, MessageDefinition, VariantDefinition

_PARTS = ("subject", "offer", "body")
_OFFER = "offer"
"""How a body speaks of its message's offer."""


def messages_of(ground: PlanGround, origin: Origin) -> tuple[list[Message], list[Told], list[str]]:
    """Make all messages ready that nothing is wrong with; tell what is wrong with the others, and what one should know.

    Args:
        ground: What they may speak of: every trait, attribute, value and score by its name.
        origin: Where they were written: a body may stand alone in place of its message.
    """
    project = ground.project
    problems: list[Told] = [
        (problem, ("messages", name, "key"), f"message {name}")
        for name, problem in clashes(dict(project.messages), {}, {})
    ]
    found = []
    for name, definition in project.messages:
        wrong = [*_templates(ground, origin, name, definition), *_variants(ground, name, definition)]
        problems += wrong
        found += [] if wrong else [Message(name, definition, message_fields(definition))]
    treatments = [one for _, one in project.treatments]
    used = {one.message for one in treatments} | {step.message for one in treatments for step in one.steps}
    return (
        found,
        problems,
        [f"no treatment uses the message {name}" for name, _ in project.messages if name not in used],
    )


def _templates(ground: PlanGround, origin: Origin, name: str, definition: MessageDefinition) -> Iterator[Told]:
    """Find what is wrong with the templates of a message, and of its variants one by one."""
    names, subject = ground.words.names, f"message {name}"
    whole: Path_ = ("messages", name)
    for problem in check_message(definition.model_copy(update={"variants": ()}), names):
        path = (*whole, str(problem.subject))
        alone = path if path in origin.places or whole not in origin.places else whole
        yield _of_template(problem), alone, subject
    yield from _without_offer(definition, None, whole, subject)
    yield from _foreign(ground, definition, whole, subject)
    for place, variant in enumerate(definition.variants):
        spot = (*whole, "variants", place)
        for problem in check_message(definition.model_copy(update={"variants": (variant,)}), names):
            part, _, of = str(problem.subject).partition(" ")
            if of:
                yield _of_template(problem), (*spot, part), f"{subject} {of}"
        yield from _without_offer(definition, variant, spot, subject)
        yield from _foreign(ground, variant, spot, subject)


def _of_template(problem: Problem) -> Problem:
    """Give a problem without the part it is of, which its place tells."""
    return Problem(problem.what, problem.found, problem.wanted, problem.hint, line=problem.line, column=problem.column)


def _foreign(
    ground: PlanGround, said: MessageDefinition | VariantDefinition, spot: Path_, subject: str
) -> Iterator[Told]:
    """Tell of money that would be written with the sign of another currency than its own."""
    for part in _PARTS:
        for name in fields_of(getattr(said, part) or ""):
            currency = ground.foreign(name) if (part, name) != ("body", _OFFER) else None
            if currency is not None:
                wanted = f"money in {ground.project.currency}"
                yield Problem("money in another currency", f"{name} ({currency})", wanted), (*spot, part), subject


def _without_offer(
    definition: MessageDefinition, variant: VariantDefinition | None, spot: Path_, subject: str
) -> Iterator[Told]:
    """Tell of a body that speaks of an offer where there is none."""
    body = definition.body if variant is None else variant.body
    offer = definition.offer or (variant.offer if variant is not None else "")
    if body is not None and not offer and _OFFER in fields_of(body):
        yield (
            Problem("a body that speaks of an offer there is none", "{{ offer }}", "offer: too"),
            (*spot, "body"),
            subject,
        )


def _variants(ground: PlanGround, name: str, definition: MessageDefinition) -> Iterator[Told]:
    """Find variants that nobody gets, or that are none."""
    subject = f"message {name}"
    for place, variant in enumerate(definition.variants):
        path = ("messages", name, "variants", place)
        if variant.segment not in ground.segments:
            yield ground.unknown_segment(variant.segment), (*path, "segment"), subject
        if all(getattr(variant, part) is None for part in _PARTS):
            problem = Problem("a variant that says nothing otherwise", variant.segment, "subject:, offer: or body:")
            yield problem, (*path, "segment"), subject
        if variant.segment in [other.segment for other in definition.variants[:place]]:
            yield Problem("a segment with two variants", variant.segment, "one each"), (*path, "segment"), subject
    titles = [one.name or one.segment for one in definition.variants]
    for place, title in enumerate(titles):
        segments = [one.segment for one in definition.variants[:place]]
        if title in titles[:place] and definition.variants[place].segment not in segments:
            problem = Problem("two variants of one name", title, "a name of its own")
            yield problem, ("messages", name, "variants", place, "name"), subject
