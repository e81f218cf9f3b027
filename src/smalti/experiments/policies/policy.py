"""A policy as an array: for every decision the arm it would choose, or how likely it would choose each."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from smalti.errors import ModelError
from smalti.experiments.logged import Floats, Integers, Logged

Policy: TypeAlias = Integers | Floats

_SUM_TO_ONE = 1e-6


def everyone(log: Logged, arm: str) -> Integers:
    """Give the generic policy that does the same for everybody.

    Args:
        log: The log whose decisions are to be made again.
        arm: The name of the arm.

    Returns:
        Places of arms, shape (n,).

    Raises:
        ModelError: There is no such arm.

    Examples:
        >>> log = Logged(("none", "mail"), np.array([0, 1]), np.array([0.5, 0.5]), np.array([0.0, 2.0]))
        >>> everyone(log, "mail").tolist()
        [1, 1]
    """
    return np.full(log.rows, log.place_of(arm), dtype=np.int64)


def as_logged(log: Logged, probabilities: Floats) -> Floats:
    """Give the policy that draws every decision from the same probabilities.

    Args:
        log: The log whose decisions are to be made again.
        probabilities: One per arm, summing to 1; shape (K,).

    Returns:
        Probabilities, shape (n, K), as a view that takes no memory.

    Raises:
        ModelError: There is not one probability per arm.

    Examples:
        >>> log = Logged(("none", "mail"), np.array([0, 1]), np.array([0.5, 0.5]), np.array([0.0, 2.0]))
        >>> as_logged(log, np.array([0.2, 0.8])).tolist()
        [[0.2, 0.8], [0.2, 0.8]]
    """
    if probabilities.shape != (len(log.arms),):
        raise ModelError(
            f"probabilities: expected one for each of {len(log.arms)} arms, got shape {probabilities.shape}"
        )
    return np.broadcast_to(probabilities, (log.rows, len(log.arms)))


def at_position(by_position: Floats, position: Integers) -> Floats:
    """Give, of a policy that fills several positions, what it does at the position of each decision.

    A page or a mail that shows several things at once is logged as one row per position. Each row is a decision of its own;
    the rows of one page belong to one `customer` of the log.

    Args:
        by_position: How likely each arm is at each position; shape (K, P), or (n, K, P) where it differs by decision.
        position: The position of each decision, from 0 up; shape (n,).

    Returns:
        Probabilities, shape (n, K).

    Raises:
        ModelError: A position is beyond what the policy fills.

    Examples:
        >>> at_position(np.array([[0.9, 0.1], [0.1, 0.9]]), np.array([0, 1, 0])).tolist()
        [[0.9, 0.1], [0.1, 0.9], [0.9, 0.1]]
    """
    filled = by_position.shape[-1]
    if len(position) and not (position.min() >= 0 and position.max() < filled):
        raise ModelError(f"position: expected a place in {filled} positions, got {position.min()} to {position.max()}")
    if by_position.ndim == 2:
        return np.ascontiguousarray(by_position.T[position])
    taken = np.take_along_axis(by_position, position[:, None, None], axis=2)[:, :, 0]
    return np.asarray(taken, dtype=np.float64)


def check_policy(log: Logged, policy: Policy, name: str = "policy") -> Policy:
    """Give a policy back if it is one for this log.

    Raises:
        ModelError: It is neither a place of an arm for each decision nor probabilities that sum to 1.

    Examples:
        >>> log = Logged(("none", "mail"), np.array([0, 1]), np.array([0.5, 0.5]), np.array([0.0, 2.0]))
        >>> check_policy(log, np.array([0, 2]))
        Traceback (most recent call last):
        smalti.errors.ModelError: policy: row 1: expected a place in 2 arms, got 2
    """
    arms = len(log.arms)
    if policy.shape == (log.rows,) and np.issubdtype(policy.dtype, np.integer):
        _only(policy, (policy >= 0) & (policy < arms), name, f"a place in {arms} arms")
        return policy
    if policy.shape != (log.rows, arms):
        wanted = f"a place of an arm for each of {log.rows} decisions, or probabilities of shape ({log.rows}, {arms})"
        raise ModelError(f"{name}: expected {wanted}, got {policy.dtype} of shape {policy.shape}")
    right = (policy >= 0).all(axis=1) & (np.abs(policy.sum(axis=1) - 1.0) <= _SUM_TO_ONE)
    _only(policy, right, name, "probabilities of at least 0 that sum to 1")
    return policy


def _only(policy: Policy, right: np.ndarray, name: str, wanted: str) -> None:
    if not right.all():
        row = int(np.flatnonzero(~right)[0])
        raise ModelError(f"{name}: row {row}: expected {wanted}, got {policy[row].tolist()}")


def chance_of_done(log: Logged, policy: Policy) -> Floats:
    """Give how likely the policy would have done what was done; shape (n,).

    Examples:
        >>> log = Logged(("none", "mail"), np.array([0, 1]), np.array([0.5, 0.5]), np.array([0.0, 2.0]))
        >>> chance_of_done(log, np.array([1, 1])).tolist()
        [0.0, 1.0]
    """
    if policy.ndim == 1:
        return np.asarray(policy == log.arm, dtype=np.float64)
    return np.asarray(np.take_along_axis(policy, log.arm[:, None], axis=1)[:, 0], dtype=np.float64)


def expected_under(policy: Policy, values: Floats) -> Floats:
    """Give what is expected of each decision under a policy.

    Args:
        policy: Places (n,) or probabilities (n, K).
        values: What each arm is worth or costs; shape (K,), or (n, K) where it differs by decision.

    Returns:
        Shape (n,).

    Examples:
        >>> expected_under(np.array([1, 0]), np.array([0.0, 2.0])).tolist()
        [2.0, 0.0]
        >>> expected_under(np.array([[0.5, 0.5]]), np.array([[1.0, 3.0]])).tolist()
        [2.0]
    """
    if policy.ndim == 1:
        places = policy.astype(np.int64, copy=False)
        taken = values[places] if values.ndim == 1 else np.take_along_axis(values, places[:, None], axis=1)[:, 0]
        return np.asarray(taken, dtype=np.float64)
    subscripts = "ia,a->i" if values.ndim == 1 else "ia,ia->i"
    return np.asarray(np.einsum(subscripts, policy, values), dtype=np.float64)
