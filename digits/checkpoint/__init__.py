"""Checkpoints and what else comes from a stranger: a file is parsed into what can be trusted, or refused."""
