"""Storage keeps a tenant in one SQLite file: a journal, snapshots in parts, and plain tables."""
