"""What a durable engine keeps, piece by piece."""
