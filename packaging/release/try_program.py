"""Tries of the programs themselves, the wheel, and the list of crates in both."""

import json
import os
import re
import shutil
import tarfile
import zlib

from .run import ROOT, check, install_line, output, program, tried

# What the manylinux2014 tag promises: the newest symbols of glibc that a program may need, and the libraries that it may load.
GLIBC = (2, 17)
LIBRARIES = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


def lookup(path, env=None, cwd=ROOT):
    """Runs a local lookup with a built program."""
    value = output(path, "--env-file", "examples/local.env", "get-conn", "smtp_default", "--field", "password", cwd=cwd, env=env)
    check(value == "pass\n", f"the lookup printed {value!r}")


def symbols(release, tools, programs):
    """Reads what the programs need of the system: with a reader of ELF of our own, beside auditwheel."""
    script = """
import json, sys
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection
with open(sys.argv[1], "rb") as file:
    elf = ELFFile(file)
    versions = [aux.name for section in elf.iter_sections() if isinstance(section, GNUVerNeedSection)
                for _, found in section.iter_versions() for aux in found]
    dynamic = elf.get_section_by_name(".dynamic")
    needed = [tag.needed for tag in dynamic.iter_tags() if tag.entry.d_tag == "DT_NEEDED"] if dynamic else []
    audit = elf.get_section_by_name(".dep-v0")
    interpreter = [one.get_interp_name() for one in elf.iter_segments() if one.header.p_type == "PT_INTERP"]
    print(json.dumps([versions, needed, interpreter, audit.data().hex() if audit else ""]))
"""
    crates = {}
    for target, path in programs.items():
        versions, needed, interpreter, audit = json.loads(output(tools.bin / "python", "-c", script, path))
        newest = max((tuple(map(int, one[6:].split("."))) for one in versions if re.fullmatch(r"GLIBC_[\d.]+", one)), default=None)
        if target == release.musl:
            check(not needed and not interpreter, f"the static program loads {needed} with {interpreter}")
            tried(f"{target}: static")
        else:
            check(newest and newest <= GLIBC, f"the program needs glibc {newest}, newer than {GLIBC}")
            check(set(needed) <= LIBRARIES, f"the program loads {set(needed) - LIBRARIES}")
            tried(f"{target}: needs GLIBC_{'.'.join(map(str, newest))} and {', '.join(sorted(needed))}")
        check(audit, f"the program for {target} has no list of its crates")
        crates[target] = json.loads(zlib.decompress(bytes.fromhex(audit)))["packages"]
        # The machine that built it is nobody's business, and would make each build different.
        content = path.read_bytes()
        for folder in {str(ROOT), os.path.expanduser("~/.cargo"), str(release.target)} - {"/"}:
            check(folder.encode() not in content, f"the program for {target} has the folder `{folder}` in it")
        lookup(path)
    tried("each runs a local lookup, and has no folder of this machine in it")
    return crates


def wheel(release, tools):
    """Installs the wheel into new environments, as the README says, runs it, and takes it away again."""
    (built,) = release.out.glob("*.whl")
    # Two words for the same glibc, in either order.
    tags = {f"manylinux_2_17_{release.processor}", f"manylinux2014_{release.processor}"}
    name, _, platforms = built.stem.rpartition("-")
    right = name == f"secretctl-{release.version}-py3-none" and set(platforms.split(".")) == tags
    check(right, f"the wheel is called `{built.name}`")
    shown = output(tools.bin / "python", "-m", "auditwheel", "show", built)
    check(re.search(rf'following platform tag:\s+"manylinux_2_17_{release.processor}"', shown), f"auditwheel says:\n{shown}")
    tried(f"{built.name}: auditwheel agrees with its tag")

    work = release.work / "wheel"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    # The folder of artifacts stands for the index.
    here = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(release.out), "UV_OFFLINE": "1", "UV_NO_INDEX": "1", "UV_FIND_LINKS": str(release.out)}
    env = {**os.environ, **here, "HOME": str(work), "PIP_DISABLE_PIP_VERSION_CHECK": "1", "UV_CACHE_DIR": str(work / "uv")}
    env.pop("PYTHONPATH", None)

    program("python3", "-m", "venv", work / "venv")
    pip = (work / "venv/bin/python", "-m", "pip")
    program("sh", "-c", install_line("pip "), env={**env, "PATH": f"{work}/venv/bin:{os.environ['PATH']}"})
    lookup(work / "venv/bin/secretctl")
    facts = json.loads(output(work / "venv/bin/python", "-c", "import importlib.metadata as m, json; print(json.dumps(m.metadata('secretctl').json))"))
    package = release.package
    check(facts["version"] == release.version, f"the wheel's version is {facts['version']}")
    check(facts["summary"] == package["description"], f"the wheel's summary is {facts['summary']!r}")
    licence = facts.get("license_expression") or facts.get("license")
    check(licence == package["license"], f"the wheel's licence is {licence!r}")
    check(any(url.endswith(package["repository"]) for url in facts["project_url"]), f"the wheel's addresses are {facts['project_url']}")
    check(facts["description"].strip() == (ROOT / "README.md").read_text().strip(), "the wheel's description is not the README")
    program(*pip, "uninstall", "--yes", "secretctl", env=env)
    check(not list((work / "venv").rglob("*secretctl*")), f"pip left {list((work / 'venv').rglob('*secretctl*'))}")
    tried(f"`{install_line('pip ')}` into a new environment: runs; version, licence, README and addresses are those of Cargo.toml; uninstalled without a rest")

    env["PATH"] = f"{tools.bin}:{os.environ['PATH']}"
    version = output("sh", "-c", install_line("uvx "), env=env)
    check(version.startswith(f"secretctl {release.version} "), f"uvx printed {version!r}")
    env |= {"PIPX_HOME": str(work / "pipx"), "PIPX_BIN_DIR": str(work / "bin"), "PIPX_MAN_DIR": str(work / "man")}
    program("sh", "-c", install_line("pipx "), env=env)
    lookup(work / "bin/secretctl")
    program(tools.bin / "pipx", "uninstall", "secretctl", env=env)
    check(not (work / "bin/secretctl").exists(), "pipx left its program")
    tried(f"`{install_line('uvx ')}` and `{install_line('pipx ')}`: run; uninstalled")


def crates(release, programs, audited):
    """Compares the SBOM with the list in the program, and both with Cargo.lock."""
    bom = json.loads((release.out / f"secretctl-{release.version}.cdx.json").read_text())
    check(bom["bomFormat"] == "CycloneDX" and bom["metadata"]["component"]["version"] == release.version, "the SBOM is not CycloneDX of this version")
    listed = {(one["name"], one["version"]) for one in bom["components"]}
    check(all(one.get("purl", "").startswith("pkg:cargo/") for one in bom["components"]), "a component of the SBOM has no package URL")
    locked = set(re.findall(r'name = "([^"]+)"\nversion = "([^"]+)"', (ROOT / "Cargo.lock").read_text()))
    check(listed <= locked, f"the SBOM has what Cargo.lock does not: {sorted(listed - locked)}")
    for target in programs:
        inside = {(one["name"], one["version"]) for one in audited[target] if one.get("kind", "runtime") == "runtime"}
        check(("rustls", dict(inside).get("rustls")) in inside and len(inside) > 50, f"the list in the program has {len(inside)} crates")
        missing = inside - listed - {("secretctl", release.version)}
        check(not missing, f"the SBOM lacks {sorted(missing)}")
        tried(f"{target}: its list has {len(inside)} crates; the SBOM has each of them, {len(listed)} with those of builds")


def archive(release, target):
    """Unpacks the archive where `cargo binstall` would look, and runs the program."""
    binstall = release.package["metadata"]["binstall"]
    values = {"name": "secretctl", "version": release.version, "target": target, "repo": release.repository, "bin": "secretctl", "binary-ext": ""}

    def filled(text):
        return re.sub(r"\{ ([\w-]+) \}", lambda found: values[found[1]], text)

    url = filled(binstall["pkg-url"])
    check(url.startswith(f"{release.download}/"), f"`cargo binstall` would ask {url}")
    folder = release.work / "archive"
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(release.out / url.rsplit("/", 1)[1]) as archive:
        archive.extractall(folder)
    lookup(folder / filled(binstall["bin-dir"]))
    tried(f"{url.rsplit('/', 1)[1]}: has the name and the folder that Cargo.toml tells `cargo binstall`; runs")
