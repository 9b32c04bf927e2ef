"""Train a network: `python train.py --hidden 100` is `python -m digits train --hidden 100`."""

import sys

from digits.__main__ import main

if __name__ == "__main__":
    main(["train", *sys.argv[1:]])
