"""The catalogue is a tenant's saved segments: made, found, changed and asked, as over HTTP."""

from bitseg.catalogue.changing import Catalogue

__all__ = ["Catalogue"]
