"""The plan, told: as a chapter of the page, for a terminal, and of one customer.

- `chapter`: all of it as a value; `parts`, by treatment, channel, segment, strategy and day; `bounds`, what stood in its way
  and what one more unit of it would bring; `said`, messages as customers read them; `changed`, since the plan before;
  `people`, the customers with the largest gain, and why the others get nothing
- `person`: what is planned for one customer, in sentences
- `text`: for a terminal and in Markdown
"""

from smalti.report.plan.chapter import PlanTold, plan_told, tell_plan
from smalti.report.plan.people import channel_title, treatment_title, when
from smalti.report.plan.person import planned
from smalti.report.plan.text import plan_glance, plan_markdown, plan_text

__all__ = [
    "PlanTold",
    "channel_title",
    "plan_glance",
    "plan_markdown",
    "plan_text",
    "plan_told",
    "planned",
    "tell_plan",
    "treatment_title",
    "when",
]
