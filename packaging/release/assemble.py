"""The artifacts that are made of the programs: archives, Linux packages, the image's folder, installers, the formula, checksums.

Each is made so that the same programs give the same bytes: sorted names, one owner, the commit's date.
"""

import gzip
import hashlib
import io
import os
import re
import shutil
import tarfile
from pathlib import Path

from .run import PROCESSORS, ROOT, Failure, check, output, program

SHELLS = {"bash": "secretctl.bash", "zsh": "_secretctl", "fish": "secretctl.fish"}
PAGES = ("README.md", "CHANGELOG.md", "LICENSE")


def stage(release, target, path, folder):
    """Puts what a package holds into a folder: the program, its completions, its manual page, and the pages."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "completions").mkdir(parents=True)
    (folder / "man").mkdir()
    shutil.copy(path, folder / "secretctl")
    for shell, name in SHELLS.items():
        (folder / "completions" / name).write_text(output(path, "completions", shell))
    page = output(path, "man").encode()
    (folder / "man/secretctl.1").write_bytes(page)
    (folder / "secretctl.1.gz").write_bytes(gzip.compress(page, mtime=0))
    for name in PAGES:
        shutil.copy(ROOT / name, folder / name)
    for one in [folder, *folder.rglob("*")]:
        one.chmod(0o755 if one.is_dir() or one.name == "secretctl" else 0o644)
        os.utime(one, (release.epoch, release.epoch))
    return folder


def tar(release, path, folder, prefix, files):
    """Writes a .tar.gz of some files of a folder, below `prefix`."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for file in sorted(files):
            info = archive.gettarinfo(folder / file, f"{prefix}{file}")
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            info.mtime = release.epoch
            with open(folder / file, "rb") as content:
                archive.addfile(info, content)
    with open(path, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=release.epoch) as compressed:
        compressed.write(packed.getvalue())


def archive(release, target, staged, out):
    """Writes the archive whose name and folder `cargo binstall` and the installers expect."""
    name = f"secretctl-{release.version}-{target}"
    files = ["secretctl", "man/secretctl.1", *PAGES, *(f"completions/{shell}" for shell in SHELLS.values())]
    tar(release, out / f"{name}.tar.gz", staged, f"{name}/", files)


def linux_packages(release, tools, kinds, staged, out):
    """Writes packages of some kinds (deb, rpm, apk) with nfpm."""
    for kind in kinds:
        env = {
            "PATH": os.environ["PATH"],
            "STAGE": str(staged),
            "ARCH": PROCESSORS[release.processor],
            "VERSION": release.version,
            "MAINTAINER": f"secretctl <{release.repository}/issues>",
            "DESCRIPTION": release.package["description"],
            "HOMEPAGE": release.package["homepage"],
            "SOURCE_DATE_EPOCH": str(release.epoch),
        }
        program(tools.bin / "nfpm", "package", "-f", "packaging/nfpm.yaml", "-p", kind, "-t", f"{out}/", env=env)


def packages(release, tools, programs, out, work):
    """Writes every archive and Linux package of the programs."""
    for target, path in programs.items():
        staged = stage(release, target, path, work / target)
        archive(release, target, staged, out)
        # Alpine's C library is musl; elsewhere the program that asks the system's own for names of hosts.
        linux_packages(release, tools, ["apk"] if target == release.musl else ["deb", "rpm"], staged, out)


def again(release, tools, programs):
    """Makes the packages a second time, elsewhere, and compares them byte for byte."""
    second = release.work / "again"
    shutil.rmtree(second, ignore_errors=True)
    (second / "out").mkdir(parents=True)
    os.umask(0o077)
    packages(release, tools, programs, second / "out", second / "stage")
    os.umask(0o022)
    names = sorted(path.name for path in (second / "out").iterdir())
    for name in names:
        check((second / "out" / name).read_bytes() == (release.out / name).read_bytes(), f"`{name}` differs when it is made again")
    return names


def bundle():
    """Returns the system's certificates, which Debian and others take from Mozilla."""
    for path in ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"):
        if Path(path).exists():
            return Path(path)
    raise Failure("this machine has no bundle of certificates for the image")


def image(release, path):
    """Writes the folder that the image is built from, as an archive that `docker build -` reads. Returns the folder."""
    folder = release.work / "container"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(path, folder / "secretctl")
    shutil.copy(bundle(), folder / "ca-certificates.crt")
    (folder / "passwd").write_text("secretctl:x:65532:65532::/nonexistent:/sbin/nologin\n")
    (folder / "group").write_text("secretctl:x:65532:\n")
    values = {"VERSION": release.version, "REVISION": release.commit, "SOURCE": release.repository}
    values["CREATED"] = output("date", "-u", "-d", f"@{release.epoch}", "+%Y-%m-%dT%H:%M:%SZ").strip()
    text = (ROOT / "packaging/container/Dockerfile").read_text()
    for name, value in values.items():
        check(f"\nARG {name}\n" in text, f"the Dockerfile has no `ARG {name}`")
        text = text.replace(f"\nARG {name}\n", f"\nARG {name}={value}\n")
    (folder / "Dockerfile").write_text(text)
    for one in folder.iterdir():
        one.chmod(0o755 if one.name == "secretctl" else 0o644)
    names = [one.name for one in folder.iterdir()]
    tar(release, release.out / f"secretctl-{release.version}-container-{PROCESSORS[release.processor]}.tar.gz", folder, "", names)
    return folder


def sha256(path):
    """Returns the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fill(release, name, text, **values):
    """Returns the template `name` of packaging/, whose text is given, with every `@NAME@` replaced."""
    for key, value in {"VERSION": release.version, "DOWNLOAD": release.download, **values}.items():
        text = text.replace(f"@{key}@", value)
    left = re.search(r"@[A-Z0-9_]+(:[a-z0-9_-]+)?@", text)
    check(not left, f"nothing replaces `{left and left[0]}` in packaging/{name}")
    return text


def installers(release):
    """Writes the installers and the formula, with the checksums of the archives that are in the folder."""
    start = f"secretctl-{release.version}-"
    sums = {}
    for path in sorted(release.out.iterdir()):
        if re.fullmatch(rf"{re.escape(start)}\w+-\w+-\w+(-\w+)?\.(tar\.gz|zip)", path.name):
            sums[path.name] = sha256(path)
    check(sums, "there is no archive to install")
    read = lambda name: (name, (ROOT / "packaging" / name).read_text())

    lines = "of the release:\n" + "\n".join(f"    {name}) echo {digest} ;;" for name, digest in sums.items())
    (release.out / "secretctl-installer.sh").write_text(fill(release, *read("install/install.sh"), CHECKSUMS=lines))
    lines = "of the release:\n" + "\n".join(f"    '{name}' = '{digest}'" for name, digest in sums.items())
    (release.out / "secretctl-installer.ps1").write_text(fill(release, *read("install/install.ps1"), CHECKSUMS=lines))

    values = {f"SHA256:{name.removeprefix(start).removesuffix('.tar.gz')}": digest for name, digest in sums.items()}
    name, text = read("homebrew/secretctl.rb")
    text = only_built(text, values)
    formula = fill(release, name, text, HOMEPAGE=release.package["homepage"], **values)
    check("sha256" in formula, "the formula has no build that is in the folder")
    (release.out / "secretctl.rb").write_text(formula)


def only_built(formula, values):
    """Returns the formula without the systems and processors that have no build in the folder."""
    for block in re.findall(r"    on_\w+ do\n(?:      .*\n)+    end\n", formula):
        (key,) = re.findall(r"@(SHA256:[\w-]+)@", block)
        if key not in values:
            formula = formula.replace(block, "")
    return re.sub(r"  on_\w+ do\n  end\n\n", "", formula)


def checksums(release):
    """Writes SHA256SUMS, which `sha256sum --check` reads."""
    paths = sorted(path for path in release.out.iterdir() if path.name != "SHA256SUMS")
    (release.out / "SHA256SUMS").write_text("".join(f"{sha256(path)}  {path.name}\n" for path in paths))
    program("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=release.out)
