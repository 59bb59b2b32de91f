"""Plans: definitions compiled to operations on sets, executed over leaves that stay true."""
