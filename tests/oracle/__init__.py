"""The oracle: what SPEC.md says, evaluated the slow way, with no code of the engine in it."""
