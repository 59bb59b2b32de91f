"""What only a type checker sees."""
