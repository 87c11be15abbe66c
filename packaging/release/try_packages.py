"""Tries of the Linux packages: each is read by its system's own program where this machine has one, installed into a folder, and run
there with that folder as the root.
"""

import gzip
import hashlib
import io
import os
import shutil
import tarfile
import zlib

from .run import PROCESSORS, ROOT, check, chroot, output, program, say, tried

# What each has, beside the completions of zsh and the licence, which each system has elsewhere.
EVERYWHERE = {
    "/usr/bin/secretctl",
    "/usr/share/man/man1/secretctl.1.gz",
    "/usr/share/bash-completion/completions/secretctl",
    "/usr/share/fish/vendor_completions.d/secretctl.fish",
}
DEB = EVERYWHERE | {"/usr/share/zsh/vendor-completions/_secretctl", "/usr/share/doc/secretctl/copyright"}
OTHERS = EVERYWHERE | {"/usr/share/zsh/site-functions/_secretctl", "/usr/share/licenses/secretctl/LICENSE"}


def installed(root):
    """Returns the files and links below a root, by their paths in it."""
    return {f"/{path.relative_to(root)}" for path in root.rglob("*") if not path.is_dir()}


def runs(release, root, what):
    """Runs the installed program in the root as a user without rights, and reads what lies beside it."""
    shutil.copytree(ROOT / "examples", root / "examples", dirs_exist_ok=True)
    version = chroot(root, "/usr/bin/secretctl", "--version", user=65534).stdout
    check(version.startswith(f"secretctl {release.version} "), f"{what}: `secretctl --version` prints {version!r}")
    value = chroot(root, "/usr/bin/secretctl", "--env-file", "/examples/local.env", "get-var", "hello", user=65534)
    check(value.stdout == "world\n", f"{what}: the lookup printed {value.stdout!r}")
    page = gzip.decompress((root / "usr/share/man/man1/secretctl.1.gz").read_bytes()).decode()
    check(f'"secretctl {release.version}' in page, f"{what}: the manual page is not of this version")
    completion = root / "usr/share/bash-completion/completions/secretctl"
    asked = output("bash", "-c", 'source "$1" && complete -p secretctl', "bash", completion)
    check("-F _secretctl" in asked, f"{what}: bash completes with {asked!r}")


def system_libraries(path, root):
    """Puts the C library of this machine into a root: what the package depends on."""
    for line in output("ldd", path).splitlines():
        words = [word for word in line.split() if word.startswith("/")]
        if words:
            copy = root / words[0].lstrip("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(os.path.realpath(words[0]), copy)


def fresh(release, name):
    """Returns an empty folder that anyone may enter."""
    root = release.work / name
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    root.chmod(0o755)
    return root


def deb(release, programs):
    """dpkg installs and removes the package in a folder of its own."""
    if not shutil.which("dpkg"):
        return release.skip("the deb", "dpkg is missing")
    path = release.out / f"secretctl_{release.version}_{PROCESSORS[release.processor]}.deb"
    fields = output("dpkg-deb", "-f", path)
    for line in (f"Version: {release.version}", "Depends: libc6 (>= 2.17)", f"Homepage: {release.repository}"):
        check(line in fields.splitlines(), f"the deb has no `{line}`:\n{fields}")
    root = fresh(release, "deb")
    (root / "var/lib/dpkg/updates").mkdir(parents=True)
    (root / "var/lib/dpkg/info").mkdir()
    # The C library is a package for dpkg too.
    libc = "Package: libc6\nStatus: install ok installed\nVersion: 2.17\nArchitecture: {}\nMaintainer: x\nDescription: x\n\n"
    (root / "var/lib/dpkg/status").write_text(libc.format(PROCESSORS[release.processor]))
    (root / "var/lib/dpkg/info/libc6.list").write_text("")
    dpkg = ("dpkg", f"--root={root}", "--log=/dev/null", *(() if os.geteuid() == 0 else ("--force-not-root",)))
    before = installed(root)
    program(*dpkg, "--install", path)
    files = {file for file in installed(root) - before if not file.startswith("/var/lib/dpkg/")}
    check(files == DEB, f"the deb has {sorted(files ^ DEB)} too many or too few")
    check(output(*dpkg, "--verify", "secretctl") == "", "dpkg --verify finds a changed file")
    system_libraries(root / "usr/bin/secretctl", root)
    runs(release, root, "the deb")
    program(*dpkg, "--purge", "secretctl")
    check(not [file for file in installed(root) if "/usr/" in file and "secretctl" in file], "dpkg left a file of secretctl")
    tried(f"{path.name}: installed by dpkg into a root, verified, run there with chroot as a user without rights, purged")


def rpm(release, programs):
    """rpm installs and removes the package in a folder of its own."""
    (path,) = release.out.glob("*.rpm")
    found, configuration = release.debian("rpm"), release.debian("rpm-common")
    if not found or not configuration:
        return release.skip("the rpm", "neither rpm nor Debian's package of it is here")
    root = fresh(release, "rpm")
    libraries = f"{found}/usr/lib/{release.processor}-linux-gnu:{found}/lib/{release.processor}-linux-gnu"
    env = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": libraries, "RPM_CONFIGDIR": f"{configuration}/usr/lib/rpm", "HOME": str(release.work)}
    command = (found / "usr/bin/rpm", "--dbpath", "/var/lib/rpm")
    fields = output(*command, "-qp", "--qf", "%{VERSION} %{LICENSE} %{URL}", path, env=env)
    check(fields == f"{release.version} Apache-2.0 {release.package['homepage']}", f"the rpm's fields are `{fields}`")
    check("glibc >= 2.17" in output(*command, "-qp", "--qf", "[%{REQUIRENAME} %{REQUIREFLAGS:depflags} %{REQUIREVERSION}\n]", path, env=env), "the rpm does not require glibc")
    before = installed(root)
    program(*command, "--root", root, "--nodeps", "--noscripts", "-i", path, env=env)
    files = {file for file in installed(root) - before if not file.startswith("/var/lib/rpm/")}
    check(files == OTHERS, f"the rpm has {sorted(files ^ OTHERS)} too many or too few")
    check(output(*command, "--root", root, "--verify", "--nodeps", "secretctl", env=env) == "", "rpm --verify finds a changed file")
    system_libraries(root / "usr/bin/secretctl", root)
    runs(release, root, "the rpm")
    program(*command, "--root", root, "-e", "secretctl", env=env)
    check(not [file for file in installed(root) if "/usr/" in file and "secretctl" in file], "rpm left a file of secretctl")
    tried(f"{path.name}: installed by rpm into a root, verified, run there with chroot as a user without rights, removed")


def apk(release, programs):
    """No apk program is in any package here: the format is read by its description, and the static program is run alone."""
    if release.musl not in programs:
        return release.skip("the apk", "it has the static program")
    (path,) = release.out.glob("*.apk")
    # Two gzip streams: the control tar, without its end, and the data tar, whose SHA-256 the control has.
    streams, rest = [], path.read_bytes()
    while rest:
        reader = zlib.decompressobj(31)
        streams.append((reader.decompress(rest), rest[: len(rest) - len(reader.unused_data)]))
        rest = reader.unused_data
    check(len(streams) == 2, f"the apk has {len(streams)} streams")
    with tarfile.open(fileobj=io.BytesIO(streams[0][0] + bytes(1024))) as control:
        info = control.extractfile(".PKGINFO").read().decode()
    fields = dict(line.split(" = ", 1) for line in info.splitlines() if " = " in line)
    digest = hashlib.sha256(streams[1][1]).hexdigest()
    expected = {"pkgver": release.version, "arch": release.processor, "license": "Apache-2.0", "datahash": digest}
    check(expected.items() <= fields.items(), f"the apk's fields are {fields}, not {expected}")
    root = fresh(release, "apk")
    with tarfile.open(fileobj=io.BytesIO(streams[1][0])) as data:
        data.extractall(root)
    check(installed(root) == OTHERS, f"the apk has {sorted(installed(root) ^ OTHERS)} too many or too few")
    runs(release, root, "the apk")
    tried(f"{path.name}: its fields, files and checksum read; run with chroot, without any library, as a user without rights")
    say("not tried: `apk add`, as no registry here has apk-tools")
