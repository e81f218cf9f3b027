"""From the rows of a file to a trial: every row is used or set aside with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from smalti.engine.proving.asked import Asked, among
from smalti.engine.proving.balance import Imbalance, imbalances
from smalti.engine.proving.leaks import telling
from smalti.engine.proving.reading import Rows, read_rows
from smalti.engine.proving.reckoned import (
    came_of,
    in_words,
    known_before,
    read_arms,
    read_chances,
    read_outcome,
    texts_of,
)
from smalti.engine.proving.roles import MADE_OF_IT, Roles, between, find_roles
from smalti.engine.proving.trial import Trial
from smalti.errors import SourceError
from smalti.experiments.assignment import bucket
from smalti.experiments.logged import Booleans, Floats, Integers
from smalti.models.effects import propensities
from smalti.models.supervised import Column
from smalti.report.writing import count
from smalti.sources import Role
from smalti.sources.roles import words_of

NOTHING_DONE = (
    "control", "control group", "none", "no", "nothing", "no contact", "no mail", "no e-mail", "no email", "no treatment",
    "untreated", "hold-out", "holdout", "hold out", "placebo", "baseline", "generic", "default",
)  # fmt: skip
_FIRST_OF_TWO = ("0", "false", "a")
"""Names that say of one of two arms that nothing was done; among more they are but names."""
_SALT = "smalti folds"


def load_trial(files: Sequence[str | Path] | str | Path, asked: Asked | None = None, home: Path | None = None) -> Trial:
    r"""Read a trial from files of (customer, arm, probability, outcome, attributes).

    Args:
        files: File names or globs.
        asked: What the columns mean, where that cannot be seen.
        home: The folder that relative names start from; None takes the working folder.

    Raises:
        SourceError: A file cannot be read, or it cannot be seen what was done to whom and what came of it.
        SmaltiError: An arm that is named is not there.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "trial.csv"
    >>> _ = file.write_text("who,group,bought\n" + "c1,mail,1\nc2,none,0\n" * 50)
    >>> trial = load_trial(file, Asked(customer="who"))
    >>> trial.arms, trial.arms[trial.control], trial.probability[:2].round(3).tolist()
    (('mail', 'none'), 'none', [0.5, 0.5])
    """
    return trial_of(read_rows(files, home), asked or Asked())


def trial_of(rows: Rows, asked: Asked) -> Trial:
    """Make a trial of rows as they lie; errors are those of `load_trial`."""
    roles = find_roles(rows.table, asked)
    values, arm, no_arm = read_arms(rows.table[roles.arm], roles.arm)
    names = in_words(values, roles.arm)
    arms, asked = tuple(names.values()), asked.renamed(names)
    control, said, known = _control(arms, asked)
    roles, columns, told, warned = _known(rows.table, roles, asked, arms, arm)
    doubted = bool(warned)
    outcomes = [(name, *read_outcome(rows.table[name], name)) for name in roles.outcomes]
    reasons: dict[str, Booleans] = {f"no {roles.arm} said": no_arm}
    for name, _, read in outcomes:
        reasons |= {f"no {name} told": read.missing, f"{name} is not a number": read.broken}
    chance = read_chances(rows.table[roles.probability]) if roles.probability else None
    if chance is not None:
        reasons["no probability"] = chance.missing
        reasons["probability not above 0 and at most 1"] = chance.broken
    ids, nobody = texts_of(rows.table[roles.customer]) if roles.customer else (None, None)
    if nobody is not None:
        reasons["no customer"] = nobody
    good, aside = _set_aside(reasons, rows)
    _check_rows(good, rows, aside)
    customer, folds = _people(ids, rows, good, asked)
    came = tuple(came_of(kind, read, name, good) for name, kind, read in outcomes)
    columns = [column.take(good) for column in columns]
    leaks = telling([one for one in columns if one.name not in asked.known], came, arm[good])
    columns = [column for column in columns if column.name not in leaks]
    told = [_before(columns, asked), *(_leaked(name, outcome) for name, outcome in leaks.items()), *told]
    if not known and len(arms) > 2:
        warned.append(
            f"No arm says by its name that nothing was done, so all are held against {arms[control]}, the first of them, which "
            "may be as much of a treatment as the others. Say which is the control with --control ARM."
        )
    warned += _repeated(rows, good, arm, customer, logged=chance is not None)
    probability, told_chance = _probability(
        None if chance is None else np.asarray(chance.values, np.float64), arm, good, arms
    )
    trial = Trial(
        rows.name,
        arms,
        control,
        arm[good],
        probability,
        came,
        tuple(columns),
        folds,
        customer,
        _planned(asked, arms),
        roles.probability is not None,
        asked.observational,
        doubted,
        aside,
        (f"{rows.name}: {rows.form}", *roles.sentences(), said, told_chance, *told, *_several(customer, good)),
        tuple(warned),
    )
    checked = _check_arms(trial)
    return estimated(checked, asked.seed) if asked.observational else checked


def estimated(trial: Trial, seed: int) -> Trial:
    """Give a trial whose arms were not drawn at random, with estimated chances and a loud warning.

    Raises:
        SmaltiError: Nothing is known of the customers, or there are too few to estimate chances from.
    """
    if trial.logged:
        raise SourceError("--observational is for arms that nobody drew; here the chances of their draw are logged")
    told = propensities(trial.columns, trial.arms, trial.arm, trial.customer, seed)
    overlap = told.overlap
    taken = [one for one in trial.taken if not one.startswith("chances:")]
    taken.append(
        f"chances: estimated from what is known of customers; lowest {overlap.lowest:.1%}, "
        f"{overlap.trimmed:.1%} of customers lifted to 2%"
    )
    fewest = int(np.argmin(overlap.effective))
    left = f"{overlap.effective[fewest]:.0%} of its customers"
    overlaps = f"overlap: weighing leaves {trial.arms[fewest]} with the knowledge of {left}"
    apart = [f"{one.trait} {abs(one.after):.2f} ({abs(one.before):.2f} before)" for one in overlap.balance[:3]]
    taken.append(
        overlaps + (f"; farthest apart after weighing, in standard deviations: {', '.join(apart)}" if apart else "")
    )
    warnings = (*trial.warnings, told.warning)
    return replace(trial, probability=told.chosen, taken=tuple(taken), warnings=warnings, observational=True)


def _control(arms: tuple[str, ...], asked: Asked) -> tuple[int, str, bool]:
    """Give the place of the control, why it is that, and whether its name or the user says so."""
    if asked.control is not None:
        name = among(asked.control, arms, "control")
        return arms.index(name), f"control: {name} (as you said)", True
    folded = [" ".join(name.casefold().replace("_", " ").split()) for name in arms]
    for known in NOTHING_DONE if len(arms) > 2 else (*NOTHING_DONE, *_FIRST_OF_TWO):
        if known in folded:
            return folded.index(known), f"control: {arms[folded.index(known)]} (by its name)", True
    nothing = [place for place, name in enumerate(folded) if name.startswith(("no ", "control", "not "))]
    if nothing:
        return nothing[0], f"control: {arms[nothing[0]]} (by its name)", True
    return 0, f"control: {arms[0]} (the first; no name says that nothing was done: say --control ARM)", False


def _known(
    table: pa.Table, roles: Roles, asked: Asked, arms: tuple[str, ...], arm: Integers
) -> tuple[Roles, list[Column], list[str], list[str]]:
    """Find what was known of customers before; what stands among the outcomes, or differs with the arm, was not."""
    said = list(asked.known)
    wanted = said if asked.attributes else list(roles.others)
    made = [name for name in wanted if name not in said and MADE_OF_IT.search(words_of(name))]
    wanted = [name for name in wanted if name not in made]
    columns, left = known_before(table, wanted, said)
    apart = {} if roles.probability else {one.column: one for one in imbalances(columns, arm, len(arms))}
    parts = [name for name, one in apart.items() if one.part and name not in said]
    torn = [name for name, one in apart.items() if one.apart and not one.part and name not in said]
    torn = [] if asked.observational else torn
    came = [name for name in between(table, roles) if name not in (*parts, *torn, *made, *said)]
    if came and not asked.outcomes:
        why = [Role("outcome", name, "it stands among the outcomes; if known before, say --from") for name in came]
        outcomes = [name for name in table.column_names if name in (*roles.outcomes, *came)]
        roles = replace(roles, outcomes=tuple(outcomes), why=(*roles.why, *why))
    out = {*parts, *torn, *came}
    kept = [column for column in columns if column.name not in out]
    told = (
        [f"left out: {', '.join(parts)} (the same for everybody in some arm: part of what was done)"] if parts else []
    )
    told += [f"left out: {', '.join(made)} (made of what came, by name; if known before, say --from)"] if made else []
    told += [f"left out: {', '.join(torn)} (the arms differ much in it: see the warning)"] if torn else []
    if came and asked.outcomes:
        told.append(f"left out: {', '.join(came)} (came of it as well, by name and place; if known before, say --from)")
    told += [f"left out: {name} ({why})" for name, why in left.items() if name not in out]
    uneven = [one for one in apart.values() if one.column not in out]
    return roles, kept, told, [*_torn(torn), *_uneven(uneven, asked)]


def _leaked(name: str, outcome: str) -> str:
    return f"left out: {name} (it all but tells {outcome}, so it came of it as well; if known before, say --from)"


def _torn(names: Sequence[str]) -> list[str]:
    """Warn of columns that differ much between arms, yet are not what was done."""
    if not names:
        return []
    return [
        f"The arms differ much in {', '.join(names)}. Either it came of what was done, and then all is well without it; or it "
        "was known before, and then the arms were not drawn at random and nothing below is proven: what looks like an effect "
        "may be that difference alone. --observational weighs by estimated chances instead."
    ]


def _before(columns: Sequence[Column], asked: Asked) -> str:
    if not columns:
        return "known before: nothing; so there is nothing to tell customers apart by"
    names = [column.name for column in columns]
    shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    advice = "" if asked.attributes else " (if one was known only after, say --from with the others)"
    return f"known before: {shown}{advice}"


def _uneven(found: Sequence[Imbalance], asked: Asked) -> list[str]:
    if not found or asked.observational:
        return []
    names = ", ".join(one.column for one in sorted(found, key=lambda one: -one.explained)[:5])
    return [
        f"The arms were not alike beforehand: {names} differ{'s' if len(found) == 1 else ''} between them by more than chance. "
        "If arms were not drawn at random, nothing below is proven; --observational weighs by estimated chances instead."
    ]


def _set_aside(reasons: dict[str, Booleans], rows: Rows) -> tuple[Booleans, dict[str, int]]:
    """Give the rows that can be used, and how many are not, each by its first reason."""
    good = np.ones(rows.table.num_rows, np.bool_)
    aside = Counter(one.reason for one in rows.bad)
    for reason, wrong in reasons.items():
        new = good & wrong
        if new.any():
            aside[reason] += int(new.sum())
        good &= ~wrong
    return good, dict(aside)


def _check_rows(good: Booleans, rows: Rows, aside: dict[str, int]) -> None:
    if not good.any():
        why = ", ".join(f"{number:,} x {reason}" for reason, number in aside.items())
        raise SourceError(f"'{rows.name}' cannot be used: none of its rows can ({why})")


def _check_arms(trial: Trial) -> Trial:
    few = [name for name, number in zip(trial.arms, trial.counts.tolist(), strict=True) if number < 2]
    if few:
        raise SourceError(
            f"arm '{few[0]}' has fewer than two rows that can be used; wanted some customers in every arm"
        )
    return trial


def _people(ids: pa.Array | None, rows: Rows, good: Booleans, asked: Asked) -> tuple[Integers | None, Integers]:
    """Give whose each row is, where customers have several, and the fold of each: by customer, never by row."""
    if ids is None:
        mine = pa.array([f"{place}" for place in np.flatnonzero(good).tolist()])
        customer = None
    else:
        mine = ids.filter(pa.array(good))
        coded = mine.dictionary_encode()
        several = len(coded.dictionary) < len(mine)
        customer = np.asarray(coded.indices).astype(np.int64) if several else None
    folds = np.floor(bucket(f"{_SALT} {asked.seed}", mine) * asked.folds).astype(np.int64)
    return customer, folds


def _repeated(rows: Rows, good: Booleans, arm: Integers, customer: Integers | None, *, logged: bool) -> list[str]:
    """Warn of customers with several rows in what is no log of decisions."""
    if customer is None or logged:
        return []
    arms = int(arm.max()) + 1
    pairs = np.unique(customer * arms + arm[good])
    both = len(pairs) - len(np.unique(customer))
    if both:
        several = int((np.bincount(pairs // arms) > 1).sum())
        return [
            f"{count(several, 'customer')} had more than one arm: what one arm did to them is mixed with what another did. "
            "Keep the first row of each, or log the chance of every decision."
        ]
    again = rows.table.num_rows - len(pairs)
    return (
        [f"{count(int(good.sum()) - len(pairs), 'row')} tell of a customer who was told of before, and count again."]
        if again
        else []
    )


def _several(customer: Integers | None, good: Booleans) -> list[str]:
    if customer is None:
        return []
    people, rows = len(np.unique(customer)), int(good.sum())
    return [f"{rows:,} rows are decisions about {people:,} customers; those about one customer are taken together"]


def _probability(chance: Floats | None, arm: Integers, good: Booleans, arms: tuple[str, ...]) -> tuple[Floats, str]:
    """Give the chance of each row; without a column, the share of its arm."""
    if chance is not None:
        return chance[good], "chances: as they were logged"
    counts = np.bincount(arm[good], minlength=len(arms)).astype(np.float64)
    shares = counts / counts.sum()
    told = ", ".join(f"{name} {part:.1%}" for name, part in list(zip(arms, shares, strict=True))[:6])
    told += ", ..." if len(arms) > 6 else ""
    return shares[arm[good]], f"chances: none are logged, so the shares of the arms are taken for them ({told})"


def _planned(asked: Asked, arms: tuple[str, ...]) -> tuple[float, ...] | None:
    if not asked.shares:
        return None
    said = {among(name, arms, "share"): share for name, share in asked.shares}
    missing = [name for name in arms if name not in said]
    rest = 1 - sum(said.values())
    if (missing and rest <= 0) or (not missing and abs(rest) > 1e-6):
        raise SourceError(f"planned shares: found {sum(said.values()):g} in all, wanted 1 over {', '.join(arms)}")
    return tuple(said.get(name, rest / max(len(missing), 1)) for name in arms)
