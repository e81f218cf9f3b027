"""Does it work, for whom, and is one-to-one better than segments, and segments better than one mail for all?

Arrays and counts in, frozen values out:

- `logged`: what was done to each customer, with which probability, and what came of it
"""

from smalti.experiments.logged import Logged, mean_and_error

__all__ = ["Logged", "mean_and_error"]
