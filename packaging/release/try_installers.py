"""Tries of the installers: the shell installer against a loopback server, the formula in Ruby, the flake in Nix. Windows is not here."""

import functools
import http.server
import json
import os
import re
import shutil
import threading

from .assemble import sha256
from .run import ROOT, check, install_line, output, program, say, tried
from .try_program import lookup


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder without a log."""

    def log_message(self, *_):
        pass


def serve(folder):
    """Serves a folder on a loopback port. Returns the server and its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}"


def shell(release, programs):
    """Installs from a server with the right archive, and with wrong ones."""
    installer = release.out / "secretctl-installer.sh"
    archive = release.out / f"secretctl-{release.version}-{release.musl}.tar.gz"
    if release.musl not in programs:
        return release.skip("the shell installer", "on Linux it installs the static program")
    work = release.work / "installer"
    shutil.rmtree(work, ignore_errors=True)
    served = work / "served"
    served.mkdir(parents=True)
    shutil.copy(archive, served)
    shutil.copy(installer, served)
    server, address = serve(served)
    env = {"PATH": os.environ["PATH"], "HOME": str(work / "home")}

    def install(*options, status, **more):
        return program("sh", installer, *options, status=status, env={**env, **more})

    done = install("--from", address, status=0)
    program_path = work / "home/.local/bin/secretctl"
    lookup(program_path)
    check(f"installed secretctl {release.version} " in done.stdout and "not on your PATH" in done.stdout, f"the installer prints {done.stdout!r}")
    install("--from", f"file://{served}", "--to", work / "mirror", status=0)
    lookup(work / "mirror/secretctl")
    # A second run replaces the program.
    install("--from", address, status=0, PATH=f"{program_path.parent}:{os.environ['PATH']}")
    check(sorted(path.name for path in program_path.parent.iterdir()) == ["secretctl"], "the installer left a file beside the program")
    tried("the shell installer, from HTTP on loopback and from a folder: installs for the user, again over itself; the program runs")

    # The README's line, with this server as the release's page.
    line = install_line("curl ")
    page = f"{release.repository}/releases/latest/download/"
    check(page in line and line.endswith("| sh"), f"the README says `{line}`")
    line = line.replace(page, f"{address}/") + f" -s -- --from {address}"
    program("sh", "-c", line, env={**env, "HOME": str(work / "readme")})
    lookup(work / "readme/.local/bin/secretctl")
    tried(f"`{install_line('curl ')}`, with that server as the release's page")

    changed = served / archive.name
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    refused = install("--from", address, "--to", work / "changed", status=1)
    check(f"not `{sha256(archive)}`: nothing was installed" in refused.stderr, f"the installer says {refused.stderr!r}")
    changed.unlink()
    missing = install("--from", address, "--to", work / "changed", status=1)
    check("could not be downloaded" in missing.stderr, f"the installer says {missing.stderr!r}")
    # Without a program that can check, nothing is installed.
    shutil.copy(archive, served)
    tools = work / "tools"
    tools.mkdir()
    for name in ("sh", "uname", "curl", "wget", "mktemp", "rm", "cut", "tar", "gzip", "cp", "mv", "mkdir", "chmod"):
        if shutil.which(name):
            (tools / name).symlink_to(shutil.which(name))
    unchecked = install("--from", address, "--to", work / "changed", status=1, PATH=str(tools))
    check("cannot be checked" in unchecked.stderr, f"the installer says {unchecked.stderr!r}")
    check(not (work / "changed").exists(), "the installer made the folder of a refused program")
    server.shutdown()
    tried("the shell installer refuses a changed archive, a missing one, and one that it cannot check; it installs nothing then")


# Stands for Homebrew: the words that the formula uses, for one system and one processor.
HOMEBREW = """
require 'json'
class Formula
  FACTS = {}
  class << self
    %i[desc homepage version license url sha256].each { |word| define_method(word) { |value = nil| value ? FACTS[word] = value : FACTS[word] } }
    def on_linux; yield; end
    def on_macos; end
    def on_intel; yield if ARGV[1] == 'x86_64'; end
    def on_arm; yield if ARGV[1] == 'aarch64'; end
    def test; end
  end
  Folder = Struct.new(:name) do
    def install(what)
      source, target = what.is_a?(Hash) ? what.first : [what, File.basename(what)]
      raise "#{source} is missing" unless File.file?(source)
      (FACTS[:installed] ||= []) << "#{name}/#{target}"
    end
  end
  %i[bin man1 bash_completion zsh_completion fish_completion].each { |word| define_method(word) { Folder.new(word) } }
end
load ARGV[0]
Dir.chdir(ARGV[2])
Secretctl.new.install
puts JSON.generate(Formula::FACTS)
"""


def formula(release, programs):
    """Loads the formula in Ruby, with a stand-in for Homebrew, and installs from the unpacked archive."""
    if release.musl not in programs:
        return release.skip("the Homebrew formula", "on Linux it installs the static program")
    found = release.debian("ruby3.1")
    if not found:
        return release.skip("the Homebrew formula", "neither Ruby nor Debian's package of it is here")
    libraries = found / f"usr/lib/{release.processor}-linux-gnu"
    env = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": str(libraries)}
    env["RUBYLIB"] = f"{found}/usr/lib/ruby/3.1.0:{libraries}/ruby/3.1.0"
    ruby = (found / "usr/bin/ruby3.1", "--disable-gems")
    program(*ruby, "-wc", release.out / "secretctl.rb", env=env)
    folder = release.work / "formula"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    name = f"secretctl-{release.version}-{release.musl}"
    program("tar", "-xzf", release.out / f"{name}.tar.gz", "-C", folder)
    facts = json.loads(output(*ruby, "-e", HOMEBREW, "--", release.out / "secretctl.rb", release.processor, folder / name, env=env))
    check(facts["url"] == f"{release.download}/{name}.tar.gz", f"the formula downloads {facts['url']}")
    check(facts["sha256"] == sha256(release.out / f"{name}.tar.gz"), "the formula has another checksum")
    check(facts["version"] == release.version and facts["license"] == release.package["license"], f"the formula says {facts}")
    check(len(facts["installed"]) == 5, f"the formula installs {facts['installed']}")
    tried(f"secretctl.rb: loaded in Ruby; its address and checksum are the archive's; it installs {', '.join(facts['installed'])}")
    say("not tried: `brew install`, as Homebrew is in no registry")


def powershell(release):
    """No PowerShell runs here: the checksums and names in the installer are compared, nothing more."""
    text = (release.out / "secretctl-installer.ps1").read_text()
    sums = dict(re.findall(r"^    '([^']+)' = '([0-9a-f]{64})'$", text, flags=re.M))
    check(sums, "secretctl-installer.ps1 has no checksum")
    for name, digest in sums.items():
        check(sha256(release.out / name) == digest, f"secretctl-installer.ps1 has another checksum of {name}")
    for opening, closing in ("{}", "()", "[]"):
        check(text.count(opening) == text.count(closing), f"secretctl-installer.ps1 has unbalanced `{opening}`")
    say("not tried: secretctl-installer.ps1 beyond its checksums, as no PowerShell is here")


# Stands for nixpkgs: what the flake uses of it.
NIXPKGS = """
let
  lib = {
    genAttrs = names: f: builtins.listToAttrs (map (name: { inherit name; value = f name; }) names);
    fileset = {
      unions = paths: paths;
      toSource = { root, fileset }: map (path: if builtins.pathExists path then toString path else throw "missing ${toString path}") fileset;
    };
    optionalString = holds: text: if holds then text else "";
    licenses.asl20 = "Apache-2.0";
  };
  pkgs = {
    inherit lib;
    installShellFiles = "installShellFiles";
    rustPlatform.buildRustPackage = arguments: arguments // { outPath = "/out"; };
    stdenv = { buildPlatform.canExecute = _: true; hostPlatform = { }; };
  };
  nixpkgs = { inherit lib; legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ] (_: pkgs); };
  outputs = (import FLAKE).outputs { self = outputs; inherit nixpkgs; };
in
  { program = outputs.apps.x86_64-linux.default.program; package = builtins.removeAttrs outputs.packages.aarch64-darwin.default [ "outPath" "cargoLock" ]; }
"""


def flake(release):
    """Evaluates the flake in Nix, with a stand-in for nixpkgs, which cannot be had here."""
    found = release.debian("nix-bin")
    if not found:
        return release.skip("the Nix flake", "Debian's package of Nix is not here")
    state = release.work / "nix"
    state.mkdir(exist_ok=True)
    env = {"PATH": os.environ["PATH"], "HOME": str(state)}
    env["LD_LIBRARY_PATH"] = f"{found}/usr/lib/{release.processor}-linux-gnu:{found}/usr/lib/nix"
    env |= {f"NIX_{name}_DIR": str(state / name.lower()) for name in ("STATE", "STORE", "LOG", "CONF", "LOCALSTATE")}
    expression = NIXPKGS.replace("FLAKE", str(ROOT / "packaging/nix/flake.nix"))
    facts = json.loads(output(found / "usr/bin/nix-instantiate", "--eval", "--strict", "--json", "-E", expression, env=env))
    package = facts["package"]
    check((package["pname"], package["version"]) == ("secretctl", release.version), f"the flake builds {package['pname']} {package['version']}")
    check(package["meta"]["homepage"] == release.package["homepage"], "the flake has another address")
    check(facts["program"] == "/out/bin/secretctl", f"the flake runs {facts['program']}")
    tried("flake.nix: evaluated by Nix with a stand-in for nixpkgs; version and address are those of Cargo.toml, and its files are there")
    say("not tried: `nix build`, as nixpkgs cannot be had here")
