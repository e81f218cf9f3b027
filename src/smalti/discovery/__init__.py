"""Groups that nobody named beforehand: found by k-means, given back as plain rules in the language.

The room takes and gives arrays, frozen values and texts; it never sees a connection. Fit first, then assign anyone:

- `groups`: `find_groups` to `Groups`, whose rules are a tree's where that does nearly as well, else the centres'
- `centres`: `fit_centres` to `Centres`, groups around centres with their rules as points for each answer
- `tree`: `fit_tree` to a `Tree` of a few questions, with what readability costs
- `clustering`: k-means itself; `grouping`, the form of it that a test of stability takes
- `measures`: traits as columns of comparable size, missing values, who cannot be grouped
- `naming`: names of groups by what sets them apart
- `wording`: answers and cuts in the words of the language
"""

from smalti.discovery.centres import Centres, fit_centres
from smalti.discovery.clustering import Starts, distinct_rows, grouping, k_means, nearest
from smalti.discovery.groups import READABLE, Form, Groups, find_groups
from smalti.discovery.measures import Measure, columns_of, measures_of, scaled, unknown
from smalti.discovery.naming import group_names
from smalti.discovery.tree import Cut, Tree, fit_tree

__all__ = [
    "READABLE",
    "Centres",
    "Cut",
    "Form",
    "Groups",
    "Measure",
    "Starts",
    "Tree",
    "columns_of",
    "distinct_rows",
    "find_groups",
    "fit_centres",
    "fit_tree",
    "group_names",
    "grouping",
    "k_means",
    "measures_of",
    "nearest",
    "scaled",
    "unknown",
]
