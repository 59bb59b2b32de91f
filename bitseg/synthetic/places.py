"""A place is where a contact lives: country, state, city, and the clock and language there."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from bitseg.synthetic.draws import wheel


class Place(NamedTuple):
    """One place; ``offset`` is its usual distance from UTC in hours."""

    country: str
    state: str
    city: str
    timezone: str
    offset: int
    language: str
    weight: float


_US, _CA = "United States", "Canada"
PLACES: Final[tuple[Place, ...]] = (
    Place(_US, "California", "San Francisco", "PST", -8, "en", 60),
    Place(_US, "California", "Los Angeles", "PST", -8, "en", 55),
    Place(_US, "California", "San Diego", "PST", -8, "en", 20),
    Place(_US, "California", "San Jose", "PST", -8, "en", 18),
    Place(_US, "Washington", "Seattle", "PST", -8, "en", 30),
    Place(_US, "Oregon", "Portland", "PST", -8, "en", 12),
    Place(_US, "Colorado", "Denver", "MST", -7, "en", 18),
    Place(_US, "Arizona", "Phoenix", "MST", -7, "en", 15),
    Place(_US, "Utah", "Salt Lake City", "MST", -7, "en", 8),
    Place(_US, "Texas", "Austin", "CST", -6, "en", 28),
    Place(_US, "Texas", "Houston", "CST", -6, "en", 22),
    Place(_US, "Illinois", "Chicago", "CST", -6, "en", 30),
    Place(_US, "Minnesota", "Minneapolis", "CST", -6, "en", 9),
    Place(_US, "New York", "New York", "EST", -5, "en", 75),
    Place(_US, "Massachusetts", "Boston", "EST", -5, "en", 25),
    Place(_US, "Georgia", "Atlanta", "EST", -5, "en", 18),
    Place(_US, "Florida", "Miami", "EST", -5, "en", 20),
    Place(_US, "Pennsylvania", "Philadelphia", "EST", -5, "en", 15),
    Place(_CA, "Ontario", "Toronto", "EST", -5, "en", 40),
    Place(_CA, "Quebec", "Montréal", "EST", -5, "fr", 20),
    Place(_CA, "British Columbia", "Vancouver", "PST", -8, "en", 18),
    Place(_CA, "Alberta", "Calgary", "MST", -7, "en", 10),
    Place("United Kingdom", "England", "London", "GMT", 0, "en", 70),
    Place("United Kingdom", "Scotland", "Edinburgh", "GMT", 0, "en", 10),
    Place("Ireland", "", "Dublin", "GMT", 0, "en", 12),
    Place("Germany", "Berlin", "Berlin", "CET", 1, "de", 35),
    Place("Germany", "Bavaria", "München", "CET", 1, "de", 25),
    Place("France", "Île-de-France", "Paris", "CET", 1, "fr", 35),
    Place("Netherlands", "", "Amsterdam", "CET", 1, "nl", 18),
    Place("Spain", "", "Madrid", "CET", 1, "es", 18),
    Place("Brazil", "São Paulo", "São Paulo", "BRT", -3, "pt", 25),
    Place("Argentina", "Córdoba", "San Francisco", "ART", -3, "es", 4),
    Place("India", "Karnataka", "Bengaluru", "IST", 5, "en", 40),
    Place("India", "Maharashtra", "Mumbai", "IST", 5, "en", 25),
    Place("Singapore", "", "Singapore", "SGT", 8, "en", 12),
    Place("Japan", "", "Tokyo", "JST", 9, "ja", 15),
    Place("Australia", "New South Wales", "Sydney", "AEST", 10, "en", 25),
)
PLACE_WHEEL: Final = wheel([place.weight for place in PLACES])
OFFSETS: Final = np.array([place.offset for place in PLACES], dtype=np.int16)
