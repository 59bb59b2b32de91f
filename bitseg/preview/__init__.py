"""What a preview tells beside the count: breakdown, near misses, lint, explanation, contacts."""

from bitseg.preview.breakdown import breakdown
from bitseg.preview.evaluation import Evaluation
from bitseg.preview.explain import explain
from bitseg.preview.lint import lint
from bitseg.preview.near_misses import near_misses
from bitseg.preview.show import contact_values, show_instant

__all__ = [
    "Evaluation",
    "breakdown",
    "contact_values",
    "explain",
    "lint",
    "near_misses",
    "show_instant",
]
