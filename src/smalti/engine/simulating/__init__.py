"""What to expect: the same contacts spent by calendar and by trigger, and plans for all alike, by segment and one to one.

Invented customers whose truth is known (`samples.campaigns`) are planned for by smalti's own machinery, time and again:

- `asked`: what is asked: how many customers, contacts and repetitions, and what is true of them
- `knowing`: what a trial on other customers teaches of offers: for all, by segment, for each; and what touches teach of ways
- `spending`: contacts spent by calendar and by trigger, the best for all at once under the number there is
- `gating`: contacts held against consent, frequency, quiet hours and triggers before they are made
- `judging`: what plans brought, what the truth expected of them, and by how much one is better
- `running`: `simulate`; `simulated`, what was found
"""

from smalti.engine.simulating.asked import Simulating
from smalti.engine.simulating.running import simulate
from smalti.engine.simulating.simulated import Simulated

__all__ = ["Simulated", "Simulating", "simulate"]
