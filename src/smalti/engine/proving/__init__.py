"""A trial in a file, proven: does it work, for whom, and is one-to-one better than segments, and segments than one for all?

- `asked`: what is asked of it: columns, control, costs, worths, budgets
- `reading`: the rows of the files as they lie; `roles`, which column is which; `reckoned`, columns as arrays
- `loading`: from rows to a `trial`, every row used or set aside; `balance`, whether its arms were drawn at random;
  `leaks`, what cannot have been known before
- `segmenting`: segmentations from what was known of customers before
- `learning`: effects of each customer, out of fold; `readouts`, average effects, and where they differ;
  `whom`, on whom it works
- `plans`: plans at several budgets, held against rankings by response, value and RFM; `expecting`, what a plan expects of each
  arm; `standing`, how customers stood before
- `proving`: all of it together: `prove_file`, `prove_trial`; `proved`, what was found
- `sizing`: before a trial: how many customers it takes
"""

from smalti.engine.proving.asked import Asked
from smalti.engine.proving.loading import load_trial
from smalti.engine.proving.proved import Proved
from smalti.engine.proving.proving import prove_file, prove_trial
from smalti.engine.proving.sizing import Sized, Sizes, size_trial
from smalti.engine.proving.trial import Came, Trial

__all__ = [
    "Asked",
    "Came",
    "Proved",
    "Sized",
    "Sizes",
    "Trial",
    "load_trial",
    "prove_file",
    "prove_trial",
    "size_trial",
]
