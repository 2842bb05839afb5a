"""Many customers: each is a stack of its own; found, run side by side, and reported together."""
