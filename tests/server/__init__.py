"""What a client of the server sees."""
