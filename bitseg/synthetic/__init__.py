"""The seeded generator: any number of contacts and events, like those of a mailing business."""

from __future__ import annotations

from bitseg.synthetic.people import CONTACT_SCHEMA, FIELDS, contacts
from bitseg.synthetic.timeline import EVENT_SCHEMA, events

__all__ = ["CONTACT_SCHEMA", "EVENT_SCHEMA", "FIELDS", "contacts", "events"]
