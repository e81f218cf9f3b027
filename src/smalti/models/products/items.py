"""What is known of items as of a day: how popular of late, how soon bought again, bought together with what.

- popular: the share of recent baskets that hold it, older baskets counting less
- again: how often who bought it buys it again, per day, few observations drawn to what all items do (a Gamma-Poisson rate)
- together: cosine of two items' buyers with shrinkage, the nearest neighbours of each, customers being of one length so that
  who buys everything says little (Sarwar et al. 2001; Deshpande and Karypis 2004)
- factors: the leading singular vectors of customers by items, so that a customer is what she bought (Cremonesi, Koren and
  Turrin 2010, PureSVD); nobody's factors need be stored, and who is new has hers at once. What was bought long ago says less

All of it is fitted on many customers and then assigned to one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from smalti.models.arrays import Floats
from smalti.models.products.purchases import Pairs, Purchases, latest_of, pairs_of
from smalti.models.products.regression import threads

_EXPOSURE = 365.0
"""Days of exposure that an item's own rate of being bought again must outweigh."""
_BLOCK = 256
"""Items whose neighbours are found at once."""
_DENSE = 300
"""Up to so many items singular vectors are exact; of more, by subspace iteration from a random start (Halko et al. 2011)."""
_SPARE, _ROUNDS = 16, 5
_HEARD = 200
"""Items of one customer that speak for what goes together, at most: those she bought last."""


@dataclass(frozen=True)
class Settings:
    """What is set before a fit, and chosen out of time where it matters.

    Attributes:
        half_life: Days in which a basket's say in what is popular halves.
        memory: Days in which the say of an item halves in what a customer's purchases speak for.
        shrinkage: Common buyers that a likeness of two items must outweigh.
        neighbours: How many of the nearest each item keeps.
        factors: How many singular vectors.
        seed: Of the random start of the singular vectors.
    """

    half_life: float = 60.0
    memory: float = 90.0
    shrinkage: float = 10.0
    neighbours: int = 100
    factors: int = 64
    seed: int = 0


@dataclass(frozen=True, eq=False)
class ItemFacts:
    """What is known of all items as of a day.

    Attributes:
        popular: Share of recent baskets with the item, above 0.
        again: Purchases a day of who has bought it before.
        price: What is usually paid for it on a day, minor units.
        together: Likeness of items, a row of what goes with each; the diagonal is 0.
        factors: Singular vectors, shape (items, factors).
        memory: Days in which the say of an item halves in what a customer's purchases speak for.
        basket: What is usually paid for a basket, minor units.
    """

    popular: Floats
    again: Floats
    price: Floats
    together: sparse.csr_array
    factors: Floats
    memory: float
    basket: float


def item_facts(known: Purchases, day: int, settings: Settings) -> ItemFacts:
    """Fit what is known of items.

    Args:
        known: The lines as of the day, none after it.
        day: The day.
        settings: Half-life, shrinkage, neighbours, factors.

    >>> bought = Purchases.of([0, 0, 1], ["tea", "mug", "tea"], [1, 1, 9], [5, 7, 9], 2)
    >>> item_facts(bought, 10, Settings(half_life=1e9)).popular.round(2).tolist()
    [0.5, 0.9]
    """
    pairs = pairs_of(known)
    shape = (known.customers, len(known.items))
    heard = latest_of(pairs, _HEARD)
    ever = heard.matrix(np.ones(len(heard.item)), *shape)
    lately = heard.matrix(0.5 ** ((day - heard.last) / (2 * settings.memory)), *shape)
    return ItemFacts(
        popular_of(known, day, settings.half_life),
        _again(known, pairs, day),
        _price(known),
        together_of(ever, settings.shrinkage, settings.neighbours),
        factors_of(lately, settings.factors, settings.seed),
        settings.memory,
        float(known.spend.sum()) / max(int(known.of_day_order().sum()), 1),
    )


def popular_of(known: Purchases, day: int, half_life: float) -> Floats:
    """Give the share of recent baskets that hold each item; one never bought has a little of one.

    A basket `half_life` days old counts half. To all baskets one half of an item is added, so that nothing is impossible.
    """
    weight = 0.5 ** ((day - known.day) / half_life)
    held = np.bincount(known.item, weight, minlength=len(known.items))
    baskets = float((weight * known.of_day_order()).sum())
    return np.asarray(np.clip((held + 0.5 / max(len(known.items), 1)) / (baskets + 0.5), 1e-9, 1 - 1e-2))


def _again(known: Purchases, pairs: Pairs, day: int) -> Floats:
    count = len(known.items)
    exposed = np.maximum(day - pairs.first, 0).astype(np.float64)
    times = np.bincount(pairs.item, pairs.times - 1, minlength=count)
    days = np.bincount(pairs.item, exposed, minlength=count)
    usual = (times.sum() + 0.5) / (days.sum() + _EXPOSURE)
    return np.asarray((times + _EXPOSURE * usual) / (days + _EXPOSURE))


def _price(known: Purchases) -> Floats:
    lines = np.bincount(known.item, minlength=len(known.items)).astype(np.float64)
    spend = np.bincount(known.item, known.spend, minlength=len(known.items))
    usual = float(spend.sum()) / max(float(lines.sum()), 1.0)
    return np.asarray(np.maximum((spend + usual) / (lines + 1), 1e-2))


def together_of(matrix: sparse.csr_array, shrinkage: float, neighbours: int) -> sparse.csr_array:
    """Give the likeness of items: the cosine of their buyers, who weigh the less the more they buy, nearest only.

    Args:
        matrix: Customers by items, 1 where she bought it.
        shrinkage: Common buyers that a likeness must outweigh.
        neighbours: How many each item keeps, or more where the last of them are equals.

    >>> bought = sparse.csr_array(np.array([[1.0, 1, 0], [1, 1, 0], [0, 1, 1]]))
    >>> together_of(bought, 0, 2).toarray().round(2).tolist()
    [[0.0, 0.82, 0.0], [0.82, 0.0, 0.58], [0.0, 0.58, 0.0]]
    """
    weighed = of_one_length(matrix)
    squares = np.asarray(weighed.multiply(weighed).sum(axis=0)).ravel()
    lengths = np.diff(matrix.indptr)
    # One product for both: inner products as the real part, common buyers as the imaginary part.
    both = matrix.astype(np.complex64)
    both.data = (np.repeat(1 / np.maximum(lengths, 1), lengths) + 1j).astype(np.complex64)
    columns, rows = sparse.csc_array(matrix.astype(np.float32)), []
    shrunk, root = np.float32(shrinkage), np.sqrt(squares).astype(np.float32)
    for start in range(0, matrix.shape[1], _BLOCK):
        found = (sparse.csr_array(columns[:, start : start + _BLOCK].T) @ both).toarray()
        inner, common = np.ascontiguousarray(found.real), np.ascontiguousarray(found.imag)
        scale = np.outer(root[start : start + _BLOCK], root)
        weight = np.divide(common, common + shrunk, out=np.zeros_like(common), where=common > 0)
        alike = weight * np.divide(inner, scale, out=np.zeros_like(common), where=scale > 0)
        alike[np.arange(len(alike)), start + np.arange(len(alike))] = 0.0
        rows.append(_nearest(alike, neighbours))
    return sparse.csr_array(sparse.vstack(rows, format="csr", dtype=np.float64)) if rows else sparse.csr_array((0, 0))


def _nearest(alike: Floats, most: int) -> sparse.csr_array:
    if alike.shape[1] > most:
        last = np.partition(alike, -most, axis=1)[:, -most]
        alike[alike < last[:, None]] = 0.0
    return sparse.csr_array(alike)


def factors_of(matrix: sparse.csr_array, factors: int, seed: int) -> Floats:
    """Give the leading right singular vectors of customers by items, customers of one length, shape (items, factors).

    There are fewer where there are not so many items or customers; none with fewer than three.
    """
    wanted = min(factors, min(matrix.shape) - 1)
    if wanted < 2:
        return np.zeros((matrix.shape[1], 0))
    weighed = of_one_length(matrix)
    with threads().limit(limits=1):
        if matrix.shape[1] <= _DENSE:
            return _leading((weighed.T @ weighed).toarray(), wanted)
        width = min(wanted + _SPARE, *matrix.shape)
        found = np.random.default_rng(seed).standard_normal((matrix.shape[1], width))
        turned = sparse.csr_array(weighed.T)
        for _ in range(_ROUNDS):
            found, _ = np.linalg.qr(turned @ (weighed @ found))
        seen = weighed @ found
        return np.ascontiguousarray(found @ _leading(seen.T @ seen, wanted))


def _leading(square: Floats, most: int) -> Floats:
    """Give the leading eigenvectors of a symmetric matrix as columns, the first of the highest eigenvalue."""
    return np.ascontiguousarray(np.linalg.eigh(square)[1][:, ::-1][:, :most])


def of_one_length(matrix: sparse.csr_array) -> sparse.csr_array:
    """Give customers by items with each customer's row of length 1, so that who buys much is not heard more."""
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scale = np.divide(1.0, length, out=np.zeros_like(length), where=length > 0)
    return sparse.csr_array(sparse.diags_array(scale) @ matrix)
