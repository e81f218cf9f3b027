"""The live reading: one customer's answers, kept right by each fact and by the passing of time.

- `live`: `Step`, the face: facts in, changes out, when to be woken, and states stored, merged, rebuilt
- `definitions`: what each tree depends on; which parts of it move with time
- `slots`: where everything about one customer is held
- `tallies`: what is kept instead of facts: empty, add, take away, merge
- `emit`: trees as lines of Python; `updates`: a fact comes, facts leave; `histories`: what needs the facts themselves
- `memory`: how long facts must be remembered for that
- `ages`, `flips`: when a comparison with the clock changes next, foreseen; `intervals`, `reach`: searched for
- `compiled`: the functions of one set of definitions
- `stored`: states at rest, and two of them united

It agrees with `meaning` at every instant for the facts delivered so far, and knows nothing of it.
"""

from smalti.rules.step.compiled import Change
from smalti.rules.step.live import Step
from smalti.rules.step.slots import State

__all__ = ["Change", "State", "Step"]
