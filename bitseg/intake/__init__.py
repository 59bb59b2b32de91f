"""Intake turns batches of raw cells into typed changes, and says what is wrong with which row."""
