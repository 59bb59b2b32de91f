"""The public types as a user meets them: never run, only type-checked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import assert_type

import pyarrow as pa
from litestar import Litestar

import bitseg
from server import Settings, create_app

engine = bitseg.Engine(timezone="Europe/Berlin")
engine.define_field("customField.plan", "string", label="Plan", description="What they pay for.")

assert_type(engine.load_contacts([{"id": "ann", "plan": "gold"}]), bitseg.LoadReport)
assert_type(engine.load_contacts(Path("contacts.csv"), strict=True), bitseg.LoadReport)
assert_type(engine.load_contacts("contacts.csv", mapping={"Mail": "email"}), bitseg.LoadReport)
table = pa.table({"contact_id": ["ann"], "kind": ["open"], "at": [0]})
report = engine.load_events(table, create_contacts=True)
assert_type(report.accepted, int)
assert_type(report.rejected, tuple[bitseg.Rejected, ...])
assert_type(report.rejected[0].errors, tuple[bitseg.Fault, ...])

rules = {"match": "all", "groups": [{"match": "all", "conditions": [{"event": "open"}]}]}
now = datetime(2024, 5, 1, tzinfo=UTC)
assert_type(engine.count(rules), int)
assert_type(engine.count(rules, now=now), int)

preview = engine.preview(rules, breakdown=True, sample=3, near_misses=True, now=now)
assert_type(preview, bitseg.Preview)
assert_type(preview.breakdown, dict[str, int] | None)
assert_type(preview.diff, bitseg.Diff | None)

members = engine.select(rules)
assert_type(members, bitseg.Members)
assert_type(len(members), int)
assert_type("ann" in members, bool)
assert_type(members & members, bitseg.Members)
assert_type(members | members, bitseg.Members)
assert_type(members - members, bitseg.Members)

explanation = engine.explain(rules, "ann")
assert_type(explanation, bitseg.Explanation)
assert_type(explanation.conditions, tuple[bitseg.Explained, ...])

engine.define_segment("openers", rules)
engine.define_segment("vips", ["ann"])
engine.remove_segment("openers")
engine.delete_contacts(["ann"])

assert_type(engine.change_settings(retention_days=None, suppression=rules), bitseg.TenantSettings)
assert_type(engine.change_settings(retention_days="kept"), bitseg.TenantSettings)
assert_type(engine.settings.retention_days, int | None)
assert_type(engine.settings_faults(timezone="Mars"), tuple[bitseg.Fault, ...])

try:
    engine.count({})
except bitseg.RuleError as error:
    assert_type(error.faults, tuple[bitseg.Fault, ...])

assert_type(create_app(engine, Settings(key="")), Litestar)
