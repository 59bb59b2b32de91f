"""Raw cells to typed changes."""
