"""What a preview tells beside the count: breakdown, near misses, lint, explanation, contacts."""

from bitseg.preview.breakdown import breakdown
from bitseg.preview.diff import diff
from bitseg.preview.evaluation import Evaluation
from bitseg.preview.explain import explain
from bitseg.preview.lint import lint
from bitseg.preview.near_misses import near_misses
from bitseg.preview.ordering import Ordering
from bitseg.preview.sample import sample
from bitseg.preview.show import contact_values, contacts_shown
from bitseg.preview.suggestions import suggest, take_values

__all__ = [
    "Evaluation",
    "Ordering",
    "breakdown",
    "contact_values",
    "contacts_shown",
    "diff",
    "explain",
    "lint",
    "near_misses",
    "sample",
    "suggest",
    "take_values",
]
