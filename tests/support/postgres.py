"""A PostgreSQL server for tests, in a folder and on a socket of its own."""

import getpass
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """Where initdb and postgres are: Debian keeps them off the path."""
    folders = [str(folder) for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"))]
    initdb = shutil.which("initdb", path=folders[-1] if folders else None)
    return Path(initdb).parent if initdb else None


@contextmanager
def server(programs: Path) -> Iterator[str]:
    """Start a server; yields its URL. Root may not run one, so for root the user postgres does."""
    user = {"user": "postgres", "group": "postgres"} if getpass.getuser() == "root" else {}
    folder = Path(tempfile.mkdtemp(prefix="postgres"))
    if user:
        shutil.chown(folder, **user)
    start = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | user
    made = [programs / "initdb", "-D", folder / "data", "-U", "digits", "--auth", "trust", "--no-sync", "-E", "UTF8"]
    subprocess.run(made, check=True, **start)
    options = ["-D", folder / "data", "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"]
    process = subprocess.Popen([programs / "postgres", *options], **start)
    try:
        while subprocess.run([programs / "pg_isready", "-h", folder, "-q"], check=False).returncode:
            assert process.poll() is None, "PostgreSQL does not start"
            time.sleep(0.1)
        yield f"postgresql://digits@/postgres?host={folder}"
    finally:
        process.send_signal(2)  # ends it without waiting for clients
        process.wait()
        shutil.rmtree(folder)
