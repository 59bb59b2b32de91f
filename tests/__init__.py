"""The tests: a test is named by a sentence, and what it expects is written out."""
