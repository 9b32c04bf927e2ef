"""The first neural network that people meet: sigmoid neurons that learn to read handwritten digits."""


class UserError(Exception):
    """Something that the person at the keyboard can mend: shown as one line, without a traceback."""
