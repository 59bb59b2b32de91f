"""Examples of bodies and answers, as the description at ``/schema`` shows them."""

from __future__ import annotations

from typing import Any, Final

_Object = dict[str, Any]

SEGMENT_ID: Final = "5f0c1d0e-6a1f-4d0e-9f57-2f1f0f3f8a10"
OTHER_ID: Final = "c0a8f1de-7d0a-4b62-8a0b-6b1d5f7e2a44"

RULES: Final[_Object] = {
    "match": "all",
    "groups": [
        {
            "match": "all",
            "conditions": [
                {"field": "contact.country", "operator": "equals", "value": "Canada"},
                {"event": "open", "within": "30d"},
            ],
        }
    ],
}
SEGMENT: Final[_Object] = {
    "id": SEGMENT_ID,
    "tenant_id": "acme",
    "name": "Canadians who open",
    "description": "For the newsletter.",
    "segment_type": "dynamic",
    "rules": RULES,
    "contact_count": 1204,
    "last_recalculated_at": "2026-03-01T09:30:00.000Z",
    "workspace_id": "north",
    "tags": ["newsletter"],
    "guard": {"max_drop": 50},
    "is_active": True,
    "created_by": "nightly import",
    "created_at": "2026-03-01T09:30:00.000Z",
    "updated_at": "2026-03-01T09:30:00.000Z",
    "revision": 1,
    "not_found": [],
}
SEGMENTS: Final[_Object] = {"items": [SEGMENT], "total": 1}
CREATE: Final[_Object] = {
    "name": "Canadians who open",
    "description": "For the newsletter.",
    "segment_type": "dynamic",
    "rules": RULES,
    "workspace_id": "north",
    "tags": ["newsletter"],
    "guard": {"max_drop": 50},
}
CHANGE: Final[_Object] = {"name": "Canadians who opened", "tags": ["newsletter", "north"]}
COPY: Final[_Object] = {"name": "Canadians of March"}
RESTORE: Final[_Object] = {"override_guard": True}
REVISIONS: Final[_Object] = {
    "items": [
        {
            "revision": 1,
            "at": "2026-03-01T09:30:00.000Z",
            "by": "nightly import",
            "name": "Canadians who open",
            "description": "For the newsletter.",
            "rules": RULES,
        }
    ],
    "total": 1,
}
DEPENDENTS: Final[_Object] = {"segments": [OTHER_ID], "suppression": False}

SOME_CONTACTS: Final[_Object] = {"contact_ids": ["ann", "bob"]}
MOVED: Final[_Object] = {"changed": 1, "count": 2, "not_found": ["bob"]}
MEMBERSHIP: Final[_Object] = {"ann": True, "bob": False}
MEMBERS: Final[_Object] = {
    "segment": SEGMENT_ID,
    "contacts": [{"contact.id": "ann", "contact.country": "Canada"}],
    "total": 1204,
}
HISTORY: Final[_Object] = {
    "items": [
        {"seq": 7, "contact_id": "ann", "change": "entered", "at": "2026-03-01T09:30:00.000Z"},
        {"seq": 8, "contact_id": None, "change": "left", "at": "2026-03-31T09:30:00.001Z"},
    ],
    "last_seq": 8,
    "sizes": [
        {"at": "2026-03-01T09:30:00.000Z", "count": 1204},
        {"at": "2026-03-31T09:30:00.001Z", "count": 1203},
    ],
}
LIVE: Final = """id: 7
event: entered
data: {"contact_id":"ann","at":"2026-03-01T09:30:00.000Z","seq":7}

:

id: 8
event: left
data: {"contact_id":"ann","at":"2026-03-31T09:30:00.001Z","seq":8}

"""
EXPLAIN: Final[_Object] = {"segment": SEGMENT_ID, "contact_id": "ann"}
EXPLAINED: Final[_Object] = {
    "contact_id": "ann",
    "member": True,
    "conditions": [
        {"path": "groups[0].conditions[0]", "matched": True, "value": "Canada"},
        {"path": "groups[0].conditions[1]", "matched": True, "value": 3},
    ],
}
COMPARE: Final[_Object] = {"segments": [SEGMENT_ID, OTHER_ID]}
OVERLAP: Final[_Object] = {
    "sizes": [4, 1],
    "pairs": [{"a": SEGMENT_ID, "b": OTHER_ID, "both": 1, "jaccard": 0.25}],
}
PREVIEW: Final[_Object] = {"rules": RULES, "breakdown": True}
PREVIEWED: Final[_Object] = {
    "count": 1204,
    "reachable": 1187,
    "total": 20000,
    "now": "2026-03-01T09:30:00.000Z",
    "took_us": 210,
    "bounds": {"groups[0].conditions[1]": ["2026-01-30T09:30:00.000Z", None]},
    "lint": [],
    "breakdown": {
        "groups[0]": 1204,
        "groups[0].conditions[0]": 3021,
        "groups[0].conditions[1]": 7710,
    },
}

CONTACT: Final[_Object] = {"contact.id": "ann", "contact.country": "Canada"}
CONTACTS: Final[_Object] = {"items": [CONTACT], "total": 1}
CONTACT_ROWS: Final[list[_Object]] = [
    {"id": "ann", "email": "ann@example.com", "country": "Canada"},
    {"id": "bob", "customField.plan": "gold"},
]
CONTACTS_WRITTEN: Final[_Object] = {
    "created": 2,
    "updated": 0,
    "rejected_count": 0,
    "rejected": [],
}
DELETED: Final[_Object] = {"deleted": 2}
IN_SEGMENTS: Final[_Object] = {
    "contact_id": "ann",
    "segments": [
        {
            "segment_id": SEGMENT_ID,
            "added_at": "2026-02-27T08:15:00.000Z",
            "added_via": "rule_match",
        }
    ],
}
TIMELINE: Final[_Object] = {
    "items": [
        {
            "kind": "open",
            "at": "2026-02-27T08:15:00.000Z",
            "properties": {"campaign": "may"},
            "event_id": "e1",
        }
    ],
    "total": 1,
}

EVENT_ROWS: Final[list[_Object]] = [
    {
        "contact_id": "ann",
        "kind": "open",
        "at": "2026-02-27T08:15:00Z",
        "event_id": "e1",
        "campaign": "may",
    }
]
EVENTS_WRITTEN: Final[_Object] = {
    "accepted": 1,
    "duplicate": 0,
    "created": 0,
    "rejected_count": 0,
    "rejected": [],
}
WITHDRAW: Final[_Object] = {"event_ids": ["e1"]}
WITHDRAWN: Final[_Object] = {"withdrawn": 1}

TEMPLATES: Final[_Object] = {
    "items": [
        {
            "id": "company-size",
            "name": "Company Size",
            "description": "Custom Field: company_size\nValue: 51-200 employees",
            "rules": {
                "match": "all",
                "groups": [
                    {
                        "match": "all",
                        "conditions": [
                            {
                                "field": "customField.company_size",
                                "operator": "equals",
                                "value": "51-200 employees",
                            }
                        ],
                    }
                ],
            },
            "fields": {"customField.company_size": "string"},
        }
    ],
    "total": 32,
}

FIELD: Final[_Object] = {
    "path": "customField.is_partner",
    "data_type": "boolean",
    "label": "Partner",
    "description": "Sells for us.",
    "declared": True,
    "operators": ["equals", "not_equals", "is_empty", "is_not_empty"],
}
FIELDS: Final[_Object] = {"items": [FIELD], "total": 1}
NEW_FIELD: Final[_Object] = {
    "path": "customField.is_partner",
    "data_type": "boolean",
    "label": "Partner",
    "description": "Sells for us.",
}
DESCRIBE_FIELD: Final[_Object] = {"label": "Partner", "description": "Sells with us."}

EXPORTED: Final[dict[str, str]] = {
    "text/csv": "contact.id,contact.country\r\nann,Canada\r\n",
    "application/x-ndjson": '{"contact.id":"ann","contact.country":"Canada"}\n',
}
VALUES: Final[_Object] = {
    "items": [{"value": "Toronto", "count": 1204}, {"value": "Torrance", "count": 3}],
    "total": 2,
}
ASK_VALUES: Final[_Object] = {"q": "tor", "rules": RULES, "limit": 10}
