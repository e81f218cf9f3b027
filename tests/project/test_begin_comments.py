"""What a first file says in comments holds when the comment signs are taken away."""

from __future__ import annotations

import re

from smalti.project import begin_project, load_project
from smalti.project.begin import project_text


def test_what_is_said_in_comments_can_be_used(tmp_path):
    (tmp_path / "orders.csv").write_text("customer,date,amount\nann,2026-01-05,9.50\nbob,2026-02-01,30.00\n")
    text = project_text(begin_project(["orders.csv"], home=tmp_path))
    start, end = text.index("# channels:"), text.index("# What is assumed")
    written = re.sub(r"(?m)^# (?=(channels|treatments|messages|limits|hold_out):|  )", "", text[start:end])
    (tmp_path / "smalti.yml").write_text(text[:start] + written)
    project, _ = load_project(tmp_path)
    assert [name for name, _ in project.treatments] == [name for name, _ in project.messages] == ["come_back"]
    assert project.limits is not None
    assert project.hold_out is not None
