"""A catalogue is the list of fields, kinds and operators that the specification names."""

from __future__ import annotations

OPERATORS: dict[str, tuple[str, ...]] = {
    "string": (
        "equals", "not_equals", "in", "not_in", "contains", "not_contains", "starts_with",
        "ends_with", "is_empty", "is_not_empty",
    ),
    "number": (
        "equals", "not_equals", "greater_than", "greater_or_equal", "less_than", "less_or_equal",
        "between", "not_between", "in", "not_in", "is_empty", "is_not_empty",
    ),
    "boolean": ("equals", "not_equals", "is_empty", "is_not_empty"),
    "date": (
        "equals", "not_equals", "in", "not_in", "greater_than", "greater_or_equal", "less_than",
        "less_or_equal", "between", "not_between", "within_last", "within_next", "more_than_ago",
        "more_than_ahead", "anniversary", "is_empty", "is_not_empty",
    ),
    "array": (
        "contains", "not_contains", "contains_any", "contains_all", "contains_none", "is_empty",
        "is_not_empty",
    ),
}  # fmt: skip
"""The operators of each type."""

MEASURE_OPERATORS = (
    "equals", "not_equals", "greater_than", "greater_or_equal", "less_than", "less_or_equal",
    "between", "not_between",
)  # fmt: skip
"""The operators that compare the measure of an event rule."""

TWINS = {
    "not_equals": "equals",
    "not_in": "in",
    "not_contains": "contains",
    "not_between": "between",
    "contains_none": "contains_any",
    "is_empty": "is_not_empty",
}
"""Each negative operator and the positive one it is the exact complement of."""

CONTACT_FIELDS: dict[str, str] = {
    **dict.fromkeys(
        (
            "id", "email", "first_name", "last_name", "phone", "company", "country", "state",
            "city", "timezone", "language", "source", "subscription_status",
        ),
        "string",
    ),
    "unsubscribed": "boolean",
    "bounced": "boolean",
    "lead_score": "number",
    "created_at": "date",
    "updated_at": "date",
    "tags": "array",
}  # fmt: skip
"""The built-in fields, without their prefix `contact.`, and their types."""

TOTALS: dict[str, str] = {
    "total_sent": "sent",
    "total_delivered": "delivered",
    "total_opens": "open",
    "total_clicks": "click",
    "total_conversions": "conversion",
    "total_bounces": "bounce",
}
"""The lifetime counters and the kind of event each counts."""

LAST_DATES: dict[str, tuple[str, ...]] = {
    "last_sent_at": ("sent",),
    "last_opened_at": ("open",),
    "last_clicked_at": ("click",),
    "last_converted_at": ("conversion",),
    "last_activity_at": ("open", "click", "conversion"),
}
"""The last-dates and the kinds of event each is the latest of."""

ENGAGEMENT_FIELDS: dict[str, str] = {
    **dict.fromkeys(TOTALS, "number"),
    "revenue": "number",
    **dict.fromkeys(LAST_DATES, "date"),
    "last_opened_device": "string",
    "preferred_open_hour": "number",
    "preferred_open_weekday": "number",
    "opened_last_email": "boolean",
}
"""The derived fields, without their prefix `engagement.`, and their types."""

BASELINES: dict[str, str] = {
    **dict.fromkeys(TOTALS, "number"),
    "revenue": "number",
    **dict.fromkeys(LAST_DATES, "date"),
}
"""The derived fields for which a contacts file may carry a starting value."""

KINDS = ("sent", "delivered", "open", "click", "conversion", "bounce", "unsubscribe", "complaint")
"""The kinds of event that are built in."""

PROPERTIES: dict[str, str] = {
    "campaign": "string",
    "url": "string",
    "device": "string",
    "amount": "number",
}
"""The event properties that are built in, and their types."""

CLOCK_PROPERTIES: dict[str, str] = {"hour": "number", "weekday": "number"}
"""What a `where` sees besides the properties: the event's wall clock."""

RESERVED = frozenset({"hour", "weekday", "contact_id", "kind", "at", "event_id"})
"""Names that no event property may take."""
