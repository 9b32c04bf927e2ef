"""train.py on small files, as a process of its own: the variable SMALL_MNIST holds their checksums and their split."""

import json
import os
import sys

from digits import data, mnist
from digits.__main__ import main

if __name__ == "__main__":
    mnist.SHA256, data.TRAINING = json.loads(os.environ["SMALL_MNIST"])
    main(["train", *sys.argv[1:]])
