"""Properties: the engine held against the oracle, against literal tables and against itself."""
