"""How the bundled networks of `digits.handwriting` learn.

The folder scenes and composed.py draw the examples. eye_learning.py trains the eye, and line_learning.py trains the
line network.
"""
