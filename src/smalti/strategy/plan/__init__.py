"""The plan: for every customer the treatment or none, when, why, and what each limit is worth.

- `candidates`: all that a plan is made from
"""

from smalti.strategy.plan.candidates import UNKNOWN, Action, Candidates, Contact, Gains, UnderWay

__all__ = ["UNKNOWN", "Action", "Candidates", "Contact", "Gains", "UnderWay"]
