"""Who is learnt from and who is left out: folds never split a customer, cut-offs never see later ones; what is too little."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from smalti.errors import ModelError
from smalti.models.arrays import Booleans, Floats, Integers
from smalti.models.supervised.training import Task, Texts, TrainingSet

FOLDS = 4
"""Customers are dealt into so many folds; each is forecast by a fit on the others."""

LEAST_CUSTOMERS = 200
"""A score is learnt from at least so many customers."""

LEAST_EACH = 50
"""So many customers to whom it came, and so many to whom it did not, are learnt from at least."""

LEAST_TESTED = 30
"""So many of each are wanted among those on whom a score is tested."""

_DAY = 86_400_000_000


@dataclass(frozen=True, eq=False)
class Split:
    """Rows to learn from and rows to be tested on.

    Attributes:
        learn: Rows learnt from, shape (n,).
        test: Rows tested on, one per customer, shape (n,).
        out_of_time: Whether the tested rows are all later than whatever is learnt; otherwise they are forecast by fits on
            other customers.
        why: Where it is not out of time, why, as a sentence.
    """

    learn: Booleans
    test: Booleans
    out_of_time: bool
    why: str = ""


def deal(customers: Texts, seed: int, folds: int = FOLDS) -> Integers:
    """Deal customers into folds by a hash of who they are: the same for all their rows, whoever else is there.

    >>> deal(np.array(["ann", "bob", "ann"], dtype=object), seed=1).tolist()
    [1, 2, 1]
    """
    known: dict[object, int] = {}
    for customer in customers.tolist():
        if customer not in known:
            digest = blake2b(f"{seed}:{customer}".encode(), digest_size=8).digest()
            known[customer] = int.from_bytes(digest) % folds
    return np.array([known[customer] for customer in customers.tolist()], dtype=np.int64)


def split(training: TrainingSet, target: Floats | Integers) -> Split:
    """Leave the latest cut-off out; learn from rows whose outcome was known by then.

    Where there is one cut-off only, or too little before or at the latest, all rows are learnt from and the latest cut-off
    is forecast by fits on other customers.

    Args:
        training: All rows.
        target: What came, as numbers; see `classes_of` for categories.

    Raises:
        ModelError: When there is too little in all, saying what was found and wanted.
    """
    latest = training.cut_off == training.cut_off.max()
    everyone = np.ones(len(training), dtype=np.bool_)
    lack = too_little(training.task, target, training.customer, LEAST_EACH)
    if lack:
        raise ModelError(f"too little to learn {training.outcome} from: {lack}")
    lack = too_little(training.task, target[latest], training.customer[latest], LEAST_TESTED)
    if lack:
        raise ModelError(f"too little at the latest cut-off to test {training.outcome} on: {lack}")
    known = training.cut_off + int(training.horizon_days * _DAY) <= training.cut_off.max()
    if not known.any():
        return Split(everyone, latest, False, "what came is known as of one cut-off only")
    lack = too_little(training.task, target[known], training.customer[known], LEAST_EACH)
    if lack:
        return Split(everyone, latest, False, f"there is too little at earlier cut-offs ({lack})")
    return Split(known, latest, True)


def too_little(task: Task, target: Floats | Integers, customers: Texts, each: int) -> str:
    """Say what is lacking, or nothing: an empty text.

    >>> too_little("chance", np.array([1.0, 0.0]), np.array(["a", "b"], dtype=object), 50)
    'found 2 customers, wanted at least 200'
    """
    who = customers.astype(str)
    found, wanted = len(np.unique(who)), LEAST_CUSTOMERS if each == LEAST_EACH else 2 * each
    if found < wanted:
        return f"found {found:,} customers, wanted at least {wanted:,}"
    if task == "category":
        sizes = [len(np.unique(who[target == one])) for one in np.unique(target)]
        enough = sum(size >= each for size in sizes)
        return "" if enough >= 2 else f"found {enough} outcome with at least {each:,} customers, wanted at least 2"
    groups = [("to whom it came", target > 0)]
    groups += [("to whom it did not", target == 0)] if task == "chance" else []
    for words, which in groups:
        found = len(np.unique(who[which]))
        if found < each:
            return f"found {found:,} customers {words}, wanted at least {each:,}"
    return ""


def classes_of(target: Texts, customers: Texts, other: str) -> tuple[tuple[str | None, ...], Integers]:
    """Say which classes are told apart, and the class of each row.

    A category that came to fewer than `LEAST_EACH` customers is one with all others like it.

    Args:
        target: Texts, None where nothing came; shape (n,).
        customers: Whose they are.
        other: The name of the class of all that came seldom.

    Returns:
        The classes (nothing first, then by name, `other` last), and their numbers, shape (n,).

    >>> classes_of(np.array(["a", None] * 50, dtype=object), np.arange(100).astype(str).astype(object), "other")[0]
    (None, 'a')
    """
    kept = []
    for name in sorted({one for one in target.tolist() if one is not None}):
        if name != other and len(np.unique(customers[target == name].astype(str))) >= LEAST_EACH:
            kept.append(name)
    there = set(target.tolist())
    classes: list[str | None] = [None] if None in there else []
    classes += kept
    if there - set(classes):
        classes.append(other)
    numbers = {name: place for place, name in enumerate(classes)}
    last = len(classes) - 1
    return tuple(classes), np.array([numbers.get(one, last) for one in target.tolist()], dtype=np.int64)
