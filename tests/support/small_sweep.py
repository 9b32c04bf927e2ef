"""`python -m digits sweep` on small files, as small_train.py runs train.py, when a line on standard input says so.

Trials of processes that died are found within seconds.
"""

import json
import os
import sys
from importlib import import_module

from digits import data, mnist
from digits.__main__ import main
from digits.sweep import search

if __name__ == "__main__":
    mnist.SHA256, data.TRAINING = json.loads(os.environ["SMALL_MNIST"])
    search.BEAT, search.GRACE, search.POLL = 1, 5, 0.1
    import_module("digits.sweep")  # takes seconds
    print("ready")
    sys.stdin.readline()
    main(["sweep", *sys.argv[1:]])
