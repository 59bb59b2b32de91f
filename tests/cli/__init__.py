"""What a user of the command line sees."""
