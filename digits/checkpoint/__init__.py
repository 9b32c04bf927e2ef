"""Checkpoints: write a checkpoint, choose one, and safely read one that comes from a stranger."""
