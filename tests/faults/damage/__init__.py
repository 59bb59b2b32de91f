"""Damage is what happens to a file behind bitseg's back: it is named at opening, or harmless."""
