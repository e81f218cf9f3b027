"""Who may be treated how, and from when: consent, suppression, frequency, hold-outs, exclusions.

- `bars`: why not, as codes and sentences
- `grounds`: what is known of customers when it is asked
- `agenda`: by what their time is taken; `stretches`: how often within any stretch of time
- `settling`: contacts moved to when they can be
- `beginnings`: what touches tell of a treatment
- `permitting`: what may be done to whom, and when it may begin
- `apart`: treatments that exclude each other
- `continuing`: what earlier plans began and goes on
- `auditing`: the last gate, over `planned` contacts; `law`: the same, slowly and obviously
"""

from smalti.strategy.candidates import Pending
from smalti.strategy.permits.agenda import Agenda
from smalti.strategy.permits.auditing import audit
from smalti.strategy.permits.bars import BARS, Bar, told
from smalti.strategy.permits.continuing import Answers, Continued, Dropped, under_way
from smalti.strategy.permits.grounds import HISTORY, Grounds
from smalti.strategy.permits.law import Money, Violation, audit_slowly
from smalti.strategy.permits.permitting import Permits, permits
from smalti.strategy.permits.planned import CONTACTS
from smalti.strategy.permits.settling import settle

__all__ = [
    "BARS",
    "CONTACTS",
    "HISTORY",
    "Agenda",
    "Answers",
    "Bar",
    "Continued",
    "Dropped",
    "Grounds",
    "Money",
    "Pending",
    "Permits",
    "Violation",
    "audit",
    "audit_slowly",
    "permits",
    "settle",
    "told",
    "under_way",
]
