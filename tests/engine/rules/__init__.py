"""Rules: what may be said, what it means in time, and how it reads."""
