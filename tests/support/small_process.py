"""`python -m digits` on the small files, as a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.small_mnist import TRAINING, VALIDATION

ROOT = Path(__file__).parents[2]


def start(checksums, folder, *words, stderr=subprocess.PIPE):
    """Start a verb in a folder; a sweep says that it is ready, and begins when a line says so."""
    small = json.dumps([checksums, TRAINING, VALIDATION])
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "SMALL_MNIST": small}
    command = [sys.executable, __file__, *map(str, words)]
    return subprocess.Popen(command, cwd=folder, env=environment, text=True, stdin=-1, stdout=-1, stderr=stderr)


def main():
    from digits import mnist
    from digits.__main__ import main

    mnist.SHA256, mnist.TRAINING, mnist.VALIDATION = json.loads(os.environ["SMALL_MNIST"])
    if sys.argv[1] == "sweep":
        import digits.training.search  # noqa: F401  # what takes seconds

        print("ready")
        sys.stdin.readline()
    main(sys.argv[1:])


if __name__ == "__main__":
    main()
