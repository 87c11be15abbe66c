"""Tries of the image without a container engine: the Dockerfile's steps are carried out in a folder, and its program is run there.

Only the steps that packaging/container/Dockerfile has are known. Another one is a failure, so that no step is left untried.
"""

import http.server
import json
import os
import re
import shlex
import shutil
import ssl
import threading

from .run import ROOT, Failure, check, chroot, program, say, tried

LABELS = ("title", "description", "licenses", "version", "revision", "created", "source", "url", "documentation")
VALUE = "postgres://etl:pw@db.example.com:5432/dwh"


def assemble(folder, root):
    """Carries the Dockerfile out, and returns its arguments, labels, user and command."""
    text = (folder / "Dockerfile").read_text()
    lines = re.sub(r"^#.*\n", "", text, flags=re.M).replace("\\\n", " ").splitlines()
    facts = {"ARG": {}, "LABEL": {}}
    for line in filter(None, lines):
        step, rest = line.split(None, 1)
        if step == "FROM":
            check(rest == "scratch", f"the image is built from `{rest}`")
        elif step == "ARG":
            name, value = rest.split("=", 1)
            facts["ARG"][name] = value
        elif step == "LABEL":
            filled = re.sub(r"\$\{(\w+)\}", lambda found: facts["ARG"][found[1]], rest)
            facts["LABEL"] |= dict(one.split("=", 1) for one in shlex.split(filled))
        elif step == "COPY":
            *options, source, target = rest.split()
            copy = root / target.lstrip("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / source, copy)
            for option in options:
                check(option.startswith("--chmod="), f"`COPY {option}` is not known here")
                copy.chmod(int(option.removeprefix("--chmod="), 8))
        elif step in ("USER", "ENTRYPOINT", "CMD"):
            facts[step] = rest if step == "USER" else json.loads(rest)
        else:
            raise Failure(f"`{step}` in the Dockerfile is not known here")
    return facts


def vault(work):
    """Starts a server on a loopback port that answers as Vault would, with a certificate of its own. Returns it and its address."""
    certificate, key = work / "server.pem", work / "server.key"
    request = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    program(*request, "-subj", "/CN=loopback", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate)

    class Vault(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            found = self.path == "/v1/airflow/data/connections/warehouse"
            body = {"data": {"data": {"conn_uri": VALUE}, "metadata": {"version": 1}}} if found else {"errors": []}
            body = json.dumps(body).encode()
            self.send_response(200 if found else 404)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Vault)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"https://127.0.0.1:{server.server_address[1]}"


def image(release, folder):
    """Runs the image's program in the root that its Dockerfile makes."""
    root = release.work / "image"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    root.chmod(0o755)
    facts = assemble(folder, root)
    labels = {name: facts["LABEL"].get(f"org.opencontainers.image.{name}") for name in LABELS}
    check(all(labels.values()), f"the image's labels are {labels}")
    check(labels["version"] == release.version and labels["revision"] == release.commit, f"the image's labels are {labels}")
    check(labels["source"] == release.repository and labels["licenses"] == release.package["license"], f"the image's labels are {labels}")
    user, group = map(int, facts["USER"].split(":"))
    check(user != 0 and group != 0, "the image runs as root")
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    check(files == ["etc/group", "etc/passwd", "etc/ssl/certs/ca-certificates.crt", "usr/local/bin/secretctl"], f"the image has {files}")
    run = facts["ENTRYPOINT"]
    helped = chroot(root, *run, *facts["CMD"], user=user).stdout
    check("Usage: secretctl" in helped, f"the image prints {helped[:200]!r}")

    # What a user mounts: configuration to read, and a folder to write to.
    shutil.copytree(ROOT / "examples", root / "examples")
    (root / "out").mkdir()
    if os.geteuid() == 0:
        os.chown(root / "out", user, group)
    local = ("--env-file", "/examples/local.env")
    value = chroot(root, *run, *local, "get-conn", "smtp_default", "--field", "password", user=user).stdout
    check(value == "pass\n", f"the lookup in the image printed {value!r}")
    chroot(root, *run, *local, "export", "--var", "hello", "--format", "dotenv", "--out", "/out/env", user=user)
    written = root / "out/env"
    check(written.stat().st_mode & 0o777 == 0o600, f"`--out` in the image wrote mode {written.stat().st_mode & 0o777:o}")
    check("world" in written.read_text(), "`--out` in the image wrote something else")
    tried(f"the image's root, run with chroot as {user}:{group}: --help, a local lookup, `export --out` (mode 600), nine labels of OCI")

    certificates = root / "etc/ssl/certs/ca-certificates.crt"
    check(certificates.read_text().count("BEGIN CERTIFICATE") > 100, "the image has hardly any certificate")
    server, address = vault(release.work)
    kwargs = {"url": address, "token": "t", "mount_point": "airflow"}
    env = {
        "AIRFLOW__SECRETS__BACKEND": "airflow.providers.hashicorp.secrets.vault.VaultBackend",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps(kwargs),
    }
    refused = chroot(root, *run, "get-conn", "warehouse", user=user, env=env, status=5)
    check("certificate" in refused.stderr, f"the image says {refused.stderr!r}")
    with open(certificates, "a") as bundle:
        bundle.write((release.work / "server.pem").read_text())
    value = chroot(root, *run, "get-conn", "warehouse", user=user, env=env).stdout
    server.shutdown()
    check(value == f"{VALUE}\n", f"the lookup over TLS printed {value!r}")
    tried("over TLS in the image: a certificate that its bundle lacks is refused (status 5), one that it has is trusted")
    say("not tried: `docker build` and `docker run`, as no container engine runs here")
