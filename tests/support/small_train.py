"""train.py on small files, as a process of its own: the variable SMALL_MNIST holds their checksums and their split."""

import json
import os

from digits import data, mnist, train

if __name__ == "__main__":
    mnist.SHA256, data.TRAINING = json.loads(os.environ["SMALL_MNIST"])
    train.main()
