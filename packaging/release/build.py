"""The programs: one for glibc 2.17 and newer, in the wheel, and a static one. Both carry the list of their crates (cargo-auditable).

maturin compiles the first, and every other package takes it out of the wheel: one program is compiled, tried and shipped. The
second needs a standard library for musl. rustup has one; elsewhere packaging/source-compiler builds it.
"""

import os
import shutil
import zipfile
from pathlib import Path

from . import run
from .run import ROOT, Failure, check, output, program, say

AUDITABLE = "0.7.7"


class Tools:
    """What compiles and packages, installed once into the cache."""

    def __init__(self, release):
        requirements = ROOT / "scripts/requirements/packaging.txt"
        command = ("python3", "scripts/python-env", release.cache, "packaging", requirements)
        self.bin = Path(output(*command).strip()) / "bin"
        auditable = release.cache / f"cargo-auditable-{AUDITABLE}"
        self.auditable = auditable / "bin/cargo-auditable"
        if not self.auditable.exists():
            say(f"installing cargo-auditable {AUDITABLE} (once)")
            program("cargo", "install", "--quiet", "--locked", "--root", auditable, f"cargo-auditable@{AUDITABLE}")

    def path(self):
        """The PATH with these tools."""
        return f"{self.bin}:{os.environ['PATH']}"


def environment(release, tools):
    """Returns the environment of a build: no date and no folder of this machine gets into a program."""
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    flags = [f"--remap-path-prefix={ROOT}=/secretctl"]
    for registry in sorted(home.glob("registry/src/*")):
        flags.append(f"--remap-path-prefix={registry}=/crates")
    return {
        **os.environ,
        "PATH": tools.path(),
        "SOURCE_DATE_EPOCH": str(release.epoch),
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags),
    }


def auditable(tools, *command, cwd, env):
    """Runs a program that calls cargo, so that cargo puts the list of crates into what it links."""
    # cargo-auditable starts what CARGO names; `env` takes the variable away again, as the program looks for cargo with it.
    # The words stand where cargo-auditable looks for --locked.
    status, printed = run.build((tools.auditable, "auditable", "-u", "CARGO", *command), cwd=cwd, env={**env, "CARGO": "env"})
    if status:
        raise Failure(f"`{' '.join(map(str, command))}` failed:\n{printed[-6000:]}")


def wheel(release, tools):
    """Builds the wheel for manylinux2014, and takes the program out of it."""
    folder = release.work / "wheels"
    shutil.rmtree(folder, ignore_errors=True)
    command = ["maturin", "build", "--locked", "--profile", release.profile, "--target", release.gnu, "--out", folder]
    command += ["--zig", "--compatibility", "manylinux2014"]
    env = environment(release, tools)
    auditable(tools, *command, cwd=ROOT / "packaging/wheel", env=env)
    (built,) = folder.glob("*.whl")
    shutil.copy(built, release.out / built.name)
    folder = release.work / "programs" / release.gnu
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(built) as archive:
        names = archive.namelist()
        (name,) = [name for name in names if name.endswith(".data/scripts/secretctl")]
        (folder / "secretctl").write_bytes(archive.read(name))
        # maturin wrote it from Cargo.lock.
        boms = [name for name in names if name.endswith(".cyclonedx.json")]
        check(len(boms) == 1, f"the wheel has {len(boms)} SBOMs, not one")
        (release.out / f"secretctl-{release.version}.cdx.json").write_bytes(archive.read(boms[0]))
    (folder / "secretctl").chmod(0o755)


def static(release, tools):
    """Builds the static program. Returns whether it could be built."""
    env = environment(release, tools)
    command = ["cargo-zigbuild", "rustc", "--locked", "--profile", release.profile, "--target", release.musl, "--bin", "secretctl"]
    flags = ["--", "-C", "link-self-contained=no"]
    libraries = Path(output("rustc", "--print", "target-libdir", "--target", release.musl).strip())
    if libraries.is_dir():
        say(f"the standard library for {release.musl} is rustup's")
        flags = []
    else:
        compiler = program(ROOT / "packaging/source-compiler", release.cache, status=None)
        if compiler.returncode:
            release.skip("the static program", f"neither rustup nor Debian has a standard library for {release.musl} here")
            return
        env |= {"RUSTC": compiler.stdout.strip(), "RUSTC_BOOTSTRAP": "1"}
        command.append("-Zbuild-std=std,panic_abort")
        say(f"the standard library for {release.musl} is built from Debian's source of it")
    # A folder of its own: builds in one folder wait for each other.
    env["CARGO_TARGET_DIR"] = str(release.target / "static")
    auditable(tools, *command, *flags, cwd=ROOT, env=env)
    folder = release.work / "programs" / release.musl
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(release.target / "static" / release.musl / release.profile / "secretctl", folder / "secretctl")


def programs(release, tools):
    """Builds both programs at the same time, and returns their paths by target."""
    shutil.rmtree(release.work / "programs", ignore_errors=True)
    release.side_by_side(
        (f"build: {release.gnu}, in the wheel", lambda: wheel(release, tools)),
        (f"build: {release.musl}", lambda: static(release, tools)),
    )
    found = {}
    for target in (release.gnu, release.musl):
        path = release.work / "programs" / target / "secretctl"
        if path.exists():
            found[target] = path
    for target, path in found.items():
        version = run.output(path, "--version").strip()
        expected = f"secretctl {release.version} (commit {release.commit[:12]}, {target})"
        check(version == expected, f"`secretctl --version` prints `{version}`, not `{expected}`")
        say(f"{version}: {path.stat().st_size:,} bytes")
    return found
