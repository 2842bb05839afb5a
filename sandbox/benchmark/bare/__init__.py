"""The bare program: what ours is compared with."""
