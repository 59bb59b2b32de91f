"""What holds for every test: UTC, and how much hypothesis draws."""

from __future__ import annotations

import os
import time

from hypothesis import HealthCheck, settings

os.environ["TZ"] = "UTC"
time.tzset()

settings.register_profile(
    "ci", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", settings.get_profile("ci"), max_examples=2_000)
settings.load_profile(os.environ.get("BITSEG_PROFILE", "ci"))
