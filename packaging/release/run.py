"""What every step uses: the facts of this release, programs that must succeed, and what is printed.

The facts come from Cargo.toml, through `cargo metadata`, and from git. No step knows a version or an address of its own.
"""

import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What this machine's processor is called by Rust, and by Go, whose names nfpm uses.
PROCESSORS = {"x86_64": "amd64", "aarch64": "arm64"}


class Failure(Exception):
    """An artifact that is not as it should be. It ends the script."""


# The process groups of builds that run.
BUILDS = set()


def stop(number, _frame):
    """Ends the builds with this script: cargo does not end its compilers."""
    for group in list(BUILDS):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGTERM)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def build(command, **options):
    """Runs a build in a process group of its own, which ends with this script. Returns its status and what it printed."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(list(map(str, command)), start_new_session=True, **pipes, **options) as process:
        BUILDS.add(process.pid)
        printed = process.communicate()[0]
        BUILDS.discard(process.pid)
    return process.returncode, printed


class Release:
    """One release: its facts, its folders, and what was skipped."""

    def __init__(self, out, dry_run):
        self.out = Path(out).resolve()
        self.dry_run = dry_run
        self.cache = Path(
            os.environ.get("SECRETCTL_TEST_CACHE")
            or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "secretctl-test"
        )
        self.target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
        self.work = self.target / "release-work"
        metadata = json.loads(output("cargo", "metadata", "--no-deps", "--format-version", "1", "--locked"))
        self.package = metadata["packages"][0]
        self.version = self.package["version"]
        self.repository = self.package["repository"]
        self.commit = output("git", "rev-parse", "HEAD").strip()
        # Every date in an artifact is that of the commit, so that the same sources give the same bytes.
        self.epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or output("git", "log", "-1", "--format=%ct"))
        self.processor = platform.machine()
        self.gnu = f"{self.processor}-unknown-linux-gnu"
        self.musl = f"{self.processor}-unknown-linux-musl"
        self.skipped = []
        self.times = []

    @property
    def download(self):
        """Where the archives of this version are."""
        return f"{self.repository}/releases/download/v{self.version}"

    @property
    def profile(self):
        """The profile of the builds. A dry run has most of the optimisation and takes half of the time."""
        return "release-check" if self.dry_run else "release"

    def skip(self, what, why):
        """Notes what this machine cannot do. Where nothing may be skipped, it fails."""
        if os.environ.get("SECRETCTL_TEST_NO_SKIP") == "1":
            raise Failure(f"{what} was skipped: {why}")
        self.skipped.append(f"{what}: {why}")
        say(f"skipped: {what}: {why}")

    @contextlib.contextmanager
    def step(self, name):
        """Runs a step and notes how long it took."""
        print(f"\n== {name}", file=sys.stderr, flush=True)
        start = time.monotonic()
        yield
        self.times.append((name, time.monotonic() - start))

    def side_by_side(self, *steps):
        """Runs named steps at the same time. A linker uses one processor, a compiler the other."""
        failures = []

        def one(name, work):
            start = time.monotonic()
            try:
                work()
            except (Failure, OSError) as error:
                failures.append(Failure(f"{name}: {error}"))
            self.times.append((name, time.monotonic() - start))

        threads = [threading.Thread(target=one, args=step) for step in steps]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def debian(self, package):
        """Returns the folder of an unpacked Debian package, or None without Debian's packages."""
        done = subprocess.run(
            [ROOT / "scripts/debian-package", self.cache, package], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        return Path(done.stdout.strip()) if done.returncode == 0 else None


def say(text):
    """Prints a line for whoever reads the log."""
    print(f"scripts/release: {text}", file=sys.stderr, flush=True)


def tried(text):
    """Prints what was tried, and held."""
    say(f"tried: {text}")


def check(holds, text):
    """Fails with `text` unless it holds."""
    if not holds:
        raise Failure(text)


def program(*command, status=0, **options):
    """Runs a program and returns what it did. Another status than `status` is a failure that shows its output; None takes any."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("cwd", ROOT)
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    if status is not None and done.returncode != status:
        line = " ".join(map(str, command))
        raise Failure(f"`{line}` ended with {done.returncode}, not {status}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done


def output(*command, **options):
    """Runs a program that must succeed and returns its output."""
    return program(*command, **options).stdout


def chroot(folder, *command, user=None, env=None, status=0):
    """Runs a program in a root file system: as `user` (a number) where this process is root, else in a user namespace."""
    if os.geteuid() == 0:
        start = ["chroot"] if user is None else ["chroot", f"--userspec={user}:{user}", "--groups="]
    else:
        start = ["unshare", "--user", "--map-root-user", "chroot"]
    return program(*start, folder, *command, status=status, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **(env or {})})


def install_lines():
    """Returns the lines of the README's first block about installing."""
    section = (ROOT / "README.md").read_text().split("\n## Install\n", 1)[1]
    return section.split("```sh\n", 1)[1].split("```", 1)[0].splitlines()


def install_line(start):
    """Returns the README's one line that starts so."""
    found = [line for line in install_lines() if line.startswith(start)]
    check(len(found) == 1, f"the README has {len(found)} lines that start with `{start}`")
    return found[0]
