"""train.py on small files, as a process of its own: the variable SMALL_MNIST holds their checksums and their split.

LARGEST_FILE, if it is not 0, is the size in bytes beyond which no file can be written.
"""

import json
import os
import signal
import sys

from digits import mnist
from digits.__main__ import main

if __name__ == "__main__":
    mnist.SHA256, mnist.TRAINING, mnist.VALIDATION = json.loads(os.environ["SMALL_MNIST"])
    if limit := int(os.environ.get("LARGEST_FILE", "0")):
        import resource  # which Windows lacks

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # an OSError, as of a full disk, not the end of the process
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    main(["train", *sys.argv[1:]])
