"""SQL: tenants and definitions drawn at random, and what the specification says of them in SQL."""
