"""A profile is how much a run does: `ci` on every change, `long` by hand or at night."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """A profile fixes the sizes of the property tests."""

    name: str
    definitions: int
    least_uses: int
    relations: int
    least_relations: int
    seconds: float


_PROFILES = {
    "ci": Profile(
        "ci", definitions=1_500, least_uses=10, relations=20_000, least_relations=5_000, seconds=180
    ),
    "long": Profile(
        "long",
        definitions=20_000,
        least_uses=100,
        relations=500_000,
        least_relations=20_000,
        seconds=3_000,
    ),
}


def profile() -> Profile:
    """Give the profile that `BITSEG_PROFILE` names, `ci` without it."""
    return _PROFILES[os.environ.get("BITSEG_PROFILE", "ci")]


def first_seed() -> int:
    """Give the seed that `BITSEG_SEED` sets; each scenario adds its own number to it."""
    return int(os.environ.get("BITSEG_SEED", "20240229"))
