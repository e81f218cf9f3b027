"""Everything a run says of one customer."""
from __future__ import annotations
from typing import Any
from smalti.store import RunFolder
Profile = Any
def profile_of(folder: RunFolder, customer_id: str) -> Profile:
    return folder.table("customers", where=[("customer_id","=",customer_id)]).to_pylist()
