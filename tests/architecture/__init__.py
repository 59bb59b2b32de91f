"""What holds for the code itself: floors, sizes, public names, docs."""
