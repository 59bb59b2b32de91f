"""Webhooks tell other programs who entered and left segments, until they say that they know."""

from server.webhooks.addresses import faults as url_faults
from server.webhooks.attempts import Attempt, Counts
from server.webhooks.deliveries import Deliveries
from server.webhooks.posting import Outcome, Poster
from server.webhooks.signing import make_secret

__all__ = ["Attempt", "Counts", "Deliveries", "Outcome", "Poster", "make_secret", "url_faults"]
