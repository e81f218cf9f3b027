"""What is to come: what models are learnt from, asked of the facts as of earlier instants; fitted, foretold of all, told.

- `behaviour`: what the value map and the models of buying and spend are reckoned from, and these models fitted; `foretold`,
  the earlier instant that they are tried on; `sensing`, what hangs on discounts
- `foreseeing`: the project's scores, all of them; `training`, what they are learnt from, `next_category` for one;
  `scores`, learnt and foretold; `inputs`, traits as models take them; `scorer`, one read back from a run
- `renewal`: contracts that go on; `alike`, look-alikes of a segment; `effect`, what experiments have shown, told of everybody
- `products`: what everybody buys next; `bought`, what was bought, in numbers; `services`, what stands among products and is
  none
- `modelled`: what a run tells of a model
- `drift`: what has changed in models since earlier runs; `since`, what came of what those foretold
"""
