"""Values are small pools that collide: what goes wrong at a boundary is in here on purpose."""

from __future__ import annotations

STRINGS = (
    "straße", "STRASSE", "strasse", "ẞ", "ß", "ss", "İstanbul", "istanbul", "i̇stanbul",
    "ISTANBUL", "ΣΊΣΥΦΟΣ", "σίσυφος", "ς", "\u03c3", "K", "k", "\u212a", "\u212aelvin",
    "kelvin", "100%", "100_", "100x", "%", "_", "*", "\\", "a*b", "aXb", "😀", "😀x", "x😀",
    " pad ", "pad", "a", "A", "ab", "AB", "b", "é", "e\u0301", "ﬃ", "ffi", "null", "0", "'",
    '"', "a\tb",
)  # fmt: skip
"""Text with trouble in its case folding, with wildcards, spaces, and beyond the basic plane."""

NUMBERS: tuple[float, ...] = (
    0, -0.0, 1, 2, 3, 5, -1, 0.1, 0.2, 0.3, 0.30000000000000004, 0.6, 1e-12, 1e300, -1e300, 5e-324,
    -5e-324, 19.99, 39.98, 59.97, 100, 2**53, 2**53 + 1, 0.1 + 0.7, 1e16, 50.5,
)  # fmt: skip
"""Numbers at the edges of a float64, and sums that only an exact sum gets right."""

COUNTS = (0, 1, 2, 3, 4, 7)
"""Numbers that a count of a contact's events often is."""

CAMPAIGNS = ("spring", "Spring", "welcome", "100%", "😀")
DEVICES = ("mobile", "desktop", "Mobile", "straße")
URLS = ("/a", "/A", "/a/b", "/100%", "x")
PLANS = ("free", "pro", "PRO", "K", "\u212a")
TAGS = ("vip", "VIP", "new", "a", "ß", "ss", "😀", "%")

CONTACT_IDS = (
    "0",
    "00",
    "a",
    "A",
    "é",
    "e\u0301",
    "😀",
    "a b",
    "x/y",
    "ß",
    "ss",
    "null",
    "id",
    "%",
)
"""Ids that differ by little."""

CUSTOM_FIELDS: dict[str, str] = {
    "customField.plan": "string",
    "customField.note": "string",
    "customField.seats": "number",
    "customField.score": "number",
    "customField.trial": "boolean",
    "customField.renewal": "date",
    "customField.birthday": "date",
    "customField.interests": "array",
}
"""The custom fields that a scenario declares."""

INFERRED_FIELDS: dict[str, tuple[object, ...]] = {
    "customField.guess_text": ("red", "RED", "blue"),
    "customField.guess_number": (1, 2.5, -3),
    "customField.guess_flag": (True, False),
    "customField.guess_list": (["red"], ["red", "blue"], ["blue", "blue"]),
}
"""The custom fields that nobody declares, with values of which the type is plain."""

CUSTOM_PROPERTIES: dict[str, str] = {"plan": "string", "seats": "number", "trial": "boolean"}
"""The custom event properties of a scenario."""

CUSTOM_KIND = "webinar"
UNKNOWN_KIND = "never_happened"
UNKNOWN_PROPERTY = "never_seen"

DURATIONS = (
    "1s", "90s", "1m", "30m", "1h", "24h", "25h", "1d", "2d", "7d", "30d", "1w", "4w", "1M", "2M",
    "12M", "1y", "4y",
)  # fmt: skip
GAPS = ("1s", "1m", "1h", "24h", "1d", "7d", "1w", "30d")
ANNIVERSARIES = ("today", "this_month", "1d", "2d", "7d", "31d", "59d", "60d", "364d", "365d")

DATE_MATH = (
    "now", "today", "now-1s", "now-1m", "now-1h", "now-24h", "now-1d", "now+1d", "now-7d", "now-1w",
    "now-30d", "now-1M", "now+1M", "now-1M+1d", "now-1y", "now-1y-1M", "now+1h", "now+7d",
    "today-1d", "today+1d", "today-7d", "today-1w", "today+1w", "today-30d", "today-1M", "today+1M",
    "today-1M-1M", "today-2M", "today-1y", "today+1y-1d", "today+1h", "today-1h", "today+24h",
    "today+1d-1s", "today+3h+1d", "today-1M+2h", "today+30m-1M", "today-1d+1w",
)  # fmt: skip

ZONES: dict[str, tuple[str, ...]] = {
    "UTC": ("2024-02-29T12:00", "2023-02-28T12:00", "2023-12-31T23:59:59.999", "2024-03-31T00:00"),
    "America/Sao_Paulo": ("2017-10-14T23:59:59.999", "2017-10-15T01:00", "2018-02-17T23:30"),
    "America/Havana": ("2024-03-10T01:00", "2024-11-03T00:30", "2024-11-02T23:59:59.999"),
    "Africa/Cairo": ("2024-04-26T01:00", "2024-10-31T23:30", "2024-11-01T00:00"),
    "Asia/Beirut": ("2024-03-31T01:00", "2024-10-26T23:30", "2024-10-27T00:00"),
    "Pacific/Apia": ("2011-12-29T12:00", "2011-12-31T00:00", "2012-01-30T09:00"),
    "Australia/Lord_Howe": ("2024-04-07T01:45", "2024-10-06T02:30", "2024-02-29T23:59"),
    "Asia/Kathmandu": ("2024-02-29T00:00", "2023-02-28T23:59:59.999", "2024-01-31T12:00"),
    "Europe/Berlin": ("2024-03-31T03:00", "2024-10-27T02:30", "2024-03-30T02:30"),
    "America/New_York": ("2024-03-10T03:00", "2024-11-03T01:30", "2024-01-31T23:30"),
}
"""The timezones of the scenarios, each with wall times near which something happens."""
