"""Ways to damage a file."""

import random


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Truncate, pad, flip a bit, overwrite, cut out or double a part of a file."""
    at, length = rng.randrange(len(content)), rng.randrange(1, 200)
    flipped = bytes([content[at] ^ 1 << rng.randrange(8)])
    return rng.choice(
        [
            content[:at],
            content + rng.randbytes(length),
            content[:at] + flipped + content[at + 1 :],
            content[:at] + rng.randbytes(length) + content[at + length :],
            content[:at] + content[at + length :],
            content[:at] + content[at : at + length] * 2 + content[at + length :],
        ]
    )
