"""The vocabulary of the generated data: names, companies, topics, links, and how common each is."""

from __future__ import annotations

import unicodedata
from typing import Final


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES: Final = _listed(
    "Olivia Liam Emma Noah Ava James Sophia Lucas Mia Ethan Amelia Mateo Harper Leo Chloé Elijah "
    "Zoë Arjun Priya Wei Yuki Haruto Fatima Omar Aisha José Sofía Diego Anna Jürgen Lena Felix "
    "Marie Hugo Louise Théo Ingrid Lars Siobhán Conor Grace Jack Ruby Oscar Isla Finn Nina Paul "
    "Elena Marco Giulia Luca Ana Pedro Beatriz Rafael Meera Rohan Mei Jun Sara Ali Noor Adam Eve"
)
LAST_NAMES: Final = _listed(
    "Smith Johnson Williams Brown Jones García Miller Davis Rodríguez Martínez Hernández López "
    "Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Pérez Thompson White Harris Sánchez "
    "Clark Ramírez Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores "
    "Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Müller Schmidt "
    "Schneider Fischer Weber Dubois Laurent Bernard Moreau Rossi Bianchi Silva Santos Oliveira "
    "Sharma Patel Singh Kumar Gupta Khan Ahmed Hassan Tanaka Suzuki Sato Kim Park Chen Wang Li "
    "Zhang O'Brien Murphy Kelly Byrne Walsh Andersen Hansen Nilsson Kowalski Novák Horvat"
)
DOMAINS: Final = (
    ("example.com", 40), ("example.org", 25), ("example.net", 20), ("mail.example.com", 10),
    ("corp.example.org", 5),
)  # fmt: skip
_COMPANY_HEADS: Final = _listed(
    "Acme Apex Aurora Beacon Birch Blue Bolt Bright Cedar Cobalt Comet Copper Coral Crest Delta "
    "Echo Ember Falcon Fern Flux Forge Granite Harbor Helix Horizon Indigo Iron Juniper Keystone "
    "Lark Lumen Maple Mercury Nimbus North Nova Oak Onyx Orbit Pine Pixel Quartz Raven Ridge "
    "River Sage Silver Solar Spark Stone Summit Swift Terra Tidal Vector Vertex Violet Willow Zen"
)
_COMPANY_TAILS: Final = _listed(
    "Labs Systems Software Analytics Media Group Partners Health Foods Logistics Energy Capital "
    "Studio Works Retail Security Networks Education Travel Robotics"
)
COMPANIES: Final = tuple(f"{head} {tail}" for head in _COMPANY_HEADS for tail in _COMPANY_TAILS)

INDUSTRIES: Final = (
    ("SaaS", 18), ("Technology", 16), ("Software", 12), ("Retail", 11), ("Healthcare", 9),
    ("Finance", 9), ("Education", 7), ("Manufacturing", 6), ("Media", 4), ("Real Estate", 3),
    ("Hospitality", 3), ("Non-profit", 2),
)  # fmt: skip
COMPANY_SIZES: Final = (
    ("1-10 employees", 34), ("11-50 employees", 28), ("51-200 employees", 20),
    ("201-500 employees", 9), ("501-1000 employees", 5), ("1001+ employees", 4),
)  # fmt: skip
SOURCES: Final = (
    ("organic_search", 30), ("paid_search", 18), ("referral", 15), ("webinar", 10),
    ("import", 10), ("social", 9), ("partner", 5), ("event", 3),
)  # fmt: skip
ACCOUNT_TYPES: Final = (("free", 48), ("trial", 17), ("paid", 32), ("enterprise", 3))
STATUSES: Final = ("active", "pending", "unsubscribed", "cleaned")
TAGS: Final = (
    ("customer", 18.0), ("newsletter", 35.0), ("unqualified", 9.0), ("vip", 3.0),
    ("webinar-2024", 6.0), ("beta", 2.5), ("partner", 1.5), ("do not call", 1.0),
)  # fmt: skip
INTERESTS: Final = (
    ("email marketing", 14.0), ("automation", 12.0), ("analytics", 16.0), ("seo", 10.0),
    ("content", 11.0), ("social media", 13.0), ("ecommerce", 8.0), ("crm", 9.0),
    ("integrations", 5.0), ("ai", 15.0), ("events", 4.0), ("design", 6.0),
)  # fmt: skip
"""Topics, and the percentage of contacts who chose each; any number may be chosen."""

DEVICES: Final = ("desktop", "mobile", "tablet")
DESKTOP, MOBILE, TABLET = range(3)
KINDS: Final = (
    "sent", "delivered", "open", "click", "conversion", "bounce", "unsubscribe", "complaint",
)  # fmt: skip
SENT, DELIVERED, OPEN, CLICK, CONVERSION, BOUNCE, UNSUBSCRIBE, COMPLAINT = range(8)
_SITE: Final = "https://www.example.com"
URLS: Final = (
    (f"{_SITE}/pricing", 20), (f"{_SITE}/pricing?plan=pro", 8), (f"{_SITE}/demo", 12),
    (f"{_SITE}/demo/book", 5), (f"{_SITE}/features", 14), (f"{_SITE}/features/automation", 6),
    (f"{_SITE}/blog/how-we-segment", 10), (f"{_SITE}/blog/deliverability", 7),
    (f"{_SITE}/docs/getting-started", 7), (f"{_SITE}/signup", 6), (f"{_SITE}/webinars", 3),
    (f"{_SITE}/preferences", 2),
)  # fmt: skip


def plain(name: str) -> str:
    """Return a name as it stands in an e-mail address: ASCII letters in lower case.

    >>> plain("Zoë"), plain("O'Brien")
    ('zoe', 'obrien')
    """
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in letters if letter.isalpha())
