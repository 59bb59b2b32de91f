"""What bodies look like: the parts of the API that are data."""
