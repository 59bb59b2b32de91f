"""The calls of the API, a file for each thing they speak of."""
