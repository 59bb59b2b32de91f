"""Suppression is who must not be mailed: a definition of the tenant's (SPEC section 5)."""

from __future__ import annotations

from typing import Final

from bitseg.rules.nodes import Definition, EventRule, FieldRule, Group

SUPPRESSION: Final = Definition(
    "any",
    (
        Group(
            "any",
            (
                FieldRule("contact.unsubscribed", "equals", value=True, data_type="boolean"),
                FieldRule("contact.bounced", "equals", value=True, data_type="boolean"),
                EventRule("unsubscribe"),
                EventRule("complaint"),
                FieldRule("contact.email", "is_empty", value=None, data_type="string"),
            ),
        ),
    ),
)
"""The default: unsubscribed or bounced contacts, those with an unsubscribe or complaint event,
and those without an address. ``bounce`` events alone do not suppress."""
