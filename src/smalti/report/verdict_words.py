"""The verdict of a three-policy proof in words: what to do, by how much it is better, and what was not shown."""

from __future__ import annotations

from collections.abc import Sequence

from smalti.experiments.proof import GENERIC, INDIVIDUAL, NOTHING, SEGMENT, Budget, Lead, Misses, Point, Proof
from smalti.report.units import Unit
from smalti.report.writing import count, share

WHAT = {NOTHING: "nothing", GENERIC: "one for all", SEGMENT: "by segment", INDIVIDUAL: "one to one"}
"""What each policy is called within a sentence."""
_HIGHER = {
    NOTHING: (GENERIC, SEGMENT, INDIVIDUAL),
    GENERIC: (SEGMENT, INDIVIDUAL),
    SEGMENT: (INDIVIDUAL,),
    INDIVIDUAL: (),
}


def policy_title(policy: str, proof: Proof) -> str:
    """Name a policy as a reader knows it: with its arm, or with its segmentation."""
    if policy == NOTHING:
        return f"{proof.control or 'No arm'} for all"
    if policy == GENERIC:
        return f"One for all: {proof.generic.arm}" if _one_arm(proof) else "The best single arm for all"
    if policy == SEGMENT:
        return "By segment" + (f": {proof.best_segmentation}" if proof.best_segmentation else "")
    return "One to one" if policy == INDIVIDUAL else policy.removeprefix("segment: ")


def _one_arm(proof: Proof) -> bool:
    """Say whether one for all gives an arm that is not the control, and the same one whatever part it was learnt from."""
    if proof.generic.arm == proof.control:
        return False
    contacted = [one.contacted for one in proof.points[0].standings if one.policy == GENERIC]
    return proof.control is None or not contacted or contacted[0] in (0.0, 1.0)


def headline(proof: Proof) -> str:
    """Say in a line what to do."""
    match proof.recommended:
        case "nothing":
            return f"Leave it at {proof.control} for all: nothing is shown to be better."
        case "generic":
            return f"One for all: give everybody {proof.generic.arm}. Neither segments nor one-to-one are shown to be better."
        case "segment":
            return f"By segment: what is best for each segment of {proof.best_segmentation} beats one for all."
    return "One to one: what is best for each customer beats one for all, and segments."


def reasons(proof: Proof, unit: Unit, policies: Sequence[str]) -> list[str]:
    """Say by how much the recommended policy is better than the simpler ones, and how the others compare to it.

    Args:
        proof: The proof.
        unit: Of its values.
        policies: Those that could be tried.
    """
    point, chosen = proof.points[0], proof.recommended
    told = [sentence for lead in _below(point, chosen) if (sentence := _better(lead, proof, unit))]
    others = [
        lead
        for lead in point.leads
        if lead.over == chosen and lead.policy in _HIGHER[chosen] and lead.policy in policies
    ]
    told += [_not_better(lead, proof, unit) for lead in others]
    return told


def _below(point: Point, chosen: str) -> list[Lead]:
    return [lead for lead in point.leads if lead.policy == chosen and lead.over in WHAT]


def _better(lead: Lead, proof: Proof, unit: Unit) -> str:
    surely = "" if lead.low_together > 0 else ", which is not shown beyond chance"
    return (
        f"{_named(lead.policy, proof)} brings {unit.change(lead.value, lead.error)}{unit.each} against "
        f"{_plainly(lead.over, proof)} ({unit.between(lead.low_together, lead.high_together)}){surely}."
    )


def _not_better(lead: Lead, proof: Proof, unit: Unit) -> str:
    name, over = _named(lead.policy, proof), _plainly(lead.over, proof)
    if lead.policy == GENERIC and lead.over == NOTHING and not _one_arm(proof):
        return _no_one_arm(lead, proof, unit)
    if lead.differ == 0:
        return f"{name} comes to the same: it gives everybody what {over} gives."
    told = f"{unit.change(lead.value, lead.error)}{unit.each} ({unit.between(lead.low_together, lead.high_together)})"
    if lead.high_together < 0:
        return f"{name} is worse: {told} against {over}."
    return (
        f"{name} against {over}: {told}; a difference is not shown. They differ for {share(lead.differ)} of customers."
    )


def _no_one_arm(lead: Lead, proof: Proof, unit: Unit) -> str:
    """Say that no arm is sure to be the best one for all."""
    if lead.differ == 0:
        return f"No arm pays when given to everybody: learnt on other customers, the best for all was {proof.control}."
    told = f"{unit.change(lead.value, lead.error)}{unit.each} ({unit.between(lead.low_together, lead.high_together)})"
    return (
        "Which arm is the best for all is not sure: it depends on the customers it is learnt from, and was another than "
        f"{proof.control} for {share(lead.differ)} of them. Giving it: {told}; a difference is not shown."
    )


def _named(policy: str, proof: Proof) -> str:
    if policy == GENERIC:
        return f"{proof.generic.arm} for everybody" if _one_arm(proof) else "The best single arm"
    if policy == SEGMENT:
        return "Choosing by segment"
    return "Choosing one by one" if policy == INDIVIDUAL else f"{proof.control} for all"


def _plainly(policy: str, proof: Proof) -> str:
    return f"{proof.control} for all" if policy == NOTHING else WHAT.get(policy, policy)


def by_budget(proof: Proof) -> list[str]:
    """Say which policy is best at which budgets, budgets with the same answer together."""
    runs: list[tuple[str, list[Budget]]] = []
    for point in proof.points[1:]:
        if point.budget is None:
            continue
        if runs and runs[-1][0] == point.recommended and runs[-1][1][-1].kind == point.budget.kind:
            runs[-1][1].append(point.budget)
        else:
            runs.append((point.recommended, [point.budget]))
    return [_at(policy, budgets, proof) for policy, budgets in runs]


def _at(policy: str, budgets: Sequence[Budget], proof: Proof) -> str:
    where = budget_words(budgets[0])
    if len(budgets) > 1:
        where = f"{where.removesuffix(' of customers')} to {budget_words(budgets[-1])}"
    answer = {
        NOTHING: "nothing is shown to be worth its while",
        GENERIC: f"one for all ({proof.generic.arm}, to some) is not beaten",
        SEGMENT: "choosing by segment is shown to be worth more than one for all",
        INDIVIDUAL: "choosing one by one is shown to be worth more than segments",
    }[policy]
    return f"{where}: {answer}."


def budget_words(budget: Budget) -> str:
    """Write a budget.

    >>> budget_words(Budget("contacts", 0.05)).replace("\N{NO-BREAK SPACE}", " "), budget_words(Budget("money", 1500.0))
    ('5 % of customers', '1,500 to spend')
    """
    return f"{100 * budget.amount:g}\N{NO-BREAK SPACE}% of customers" if budget.kind == "contacts" else str(budget)


def missing_words(misses: Misses, unit: Unit, *, segments: bool, told_apart: bool) -> list[str]:
    """Say how often the segment misses the person, and what that is worth.

    Args:
        misses: What was found.
        unit: Of the worth.
        segments: Whether there are segments; otherwise it is one for all that may miss.
        told_apart: Whether customers could be told apart at all.
    """
    what = "their segment" if segments else "everybody"
    if not told_apart:
        return ["It cannot be asked: customers cannot be told apart."]
    if not misses.shown:
        told = [f"It is not shown that customers differ from {what} in what works for them."]
        if misses.uncorrected > 0.005:
            told.append(
                f"Taken at their word, the estimates would say so of {share(misses.uncorrected)} of customers; that cannot be "
                "told from noise, so do not act on it."
            )
        return told
    between = f"{share(misses.low)} to {share(misses.high)}"
    worth = f"{unit.change(misses.worth, misses.worth_error)}{unit.each} ({unit.between(misses.worth_low, misses.worth_high)})"
    if misses.worth_low <= 0:
        return [
            "Customers are shown to differ in what works for them, but that choosing for each is worth anything is not shown: "
            f"giving each what seems best brings {worth}, judged on customers that nothing was learnt from.",
            f"Something else than what {what} gets seems best for {share(misses.share)} of them ({between}); do not act on it.",
        ]
    return [
        f"About {share(misses.share)} of customers ({between}) are better served by something else than {what}.",
        f"Giving it to them is worth {worth}, judged on customers that nothing was learnt from.",
        f"This is corrected for noise; uncorrected estimates would have said {share(misses.uncorrected)}.",
    ]


def total_words(lead: Lead, customers: int, unit: Unit) -> str:
    """Say what a lead comes to over all customers; nothing for what is not money.

    >>> lead = Lead("generic", "nothing", 0.5, 0.1, 0.3, 0.7, 0.2, 0.8, 1.0)
    >>> total_words(lead, 1000, Unit("money"))
    'Over all 1,000 customers: +500 (200 to 800).'
    """
    if unit.kind != "money":
        return ""
    value, low, high = (one * customers for one in (lead.value, lead.low_together, lead.high_together))
    between = unit.between(low, high)
    return f"Over all {count(customers, 'customer')}: {unit.change(value, lead.error * customers)} ({between})."
