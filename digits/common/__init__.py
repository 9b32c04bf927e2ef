"""Helpers for all rooms: one-line error messages, atomic files, images as tensors."""
