"""Pictures: what all of them share, and those of a network."""
