"""Checkpoints: write them, choose one, and parse one from a stranger into a type that can be trusted."""
