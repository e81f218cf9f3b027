"""What frameworks ask the facts before they can be written down, answered once as of the run's instant."""

from __future__ import annotations

from collections.abc import Mapping

from smalti.facts import CUSTOMERS, Instant, Stream
from smalti.project import Project
from smalti.segments import Given, Question, Seen
from smalti.store import Store, quoted
from smalti.traits import standard_traits

_DAY = 86_400_000_000


def settled(store: Store, project: Project, streams: Mapping[str, Stream], at: Instant) -> Project:
    """Give the project with the names that its frameworks took from the facts, such as the categories that matter most.

    Nothing after the as-of instant is looked at; a project that says all itself is given back as it is.
    """
    if not project.use:
        return project
    attributes = streams[CUSTOMERS.name].names if CUSTOMERS.name in streams else ()
    own = dict(project.traits)
    given = Given(streams, frozenset({*own, *attributes, *standard_traits(streams, own)}))
    used = []
    for name, settings in project.use:
        question = settings.question(given)
        used.append((name, settings if question is None else settings.answered(_names(store, question, at))))
    return project.model_copy(update={"use": tuple(used)})


def _names(store: Store, question: Question, at: Instant) -> list[str]:
    column = quoted(question.column)
    weight = f"sum({quoted(question.weight)})" if question.weight is not None else "count(*)"
    found = store.read(
        f'SELECT {column} AS name FROM {quoted(question.stream)} WHERE "at" <= {at} AND length({column}) > 0 '
        f"GROUP BY 1 ORDER BY {weight} DESC NULLS LAST, 1 LIMIT {question.most}"
    )
    return [str(name) for name in found["name"].to_pylist()]


def seen_as_of(store: Store, streams: Mapping[str, Stream], at: Instant) -> Seen:
    """Give how much there is as of an instant; of buyers nothing is known without a stream of orders."""
    known = " UNION ALL ".join(f'SELECT customer_id FROM {quoted(name)} WHERE "at" <= {at}' for name in streams)
    customers = store.read(f"SELECT count(DISTINCT customer_id) AS n FROM ({known})")["n"][0].as_py() if known else 0
    timed = " UNION ALL ".join(
        f'SELECT min("at") AS earliest, max("at") AS latest FROM {quoted(name)} WHERE "at" <= {at}'
        for name in streams
        if name != CUSTOMERS.name
    )
    span = store.read(f"SELECT min(earliest) AS a, max(latest) AS b FROM ({timed})").to_pylist()[0] if timed else {}
    earliest, latest = span.get("a"), span.get("b")
    buyers, repeat = _buyers(store, streams, at)
    return Seen(
        customers,
        buyers,
        repeat,
        None if earliest is None else (at - earliest) / _DAY,
        None if latest is None else (at - latest) / _DAY,
    )


def _buyers(store: Store, streams: Mapping[str, Stream], at: Instant) -> tuple[int | None, int | None]:
    if "orders" not in streams:
        return None, None
    row = store.read(
        f"SELECT count(*) AS n, count(*) FILTER (WHERE days >= 2) AS again FROM (SELECT customer_id, "
        f'count(DISTINCT day) AS days FROM orders WHERE "at" <= {at} GROUP BY 1)'
    ).to_pylist()[0]
    return row["n"], row["again"]
