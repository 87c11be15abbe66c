"""TLS: the servers that Python trusts, with requests' settings."""


def op_get(request):
    """Gets `url` with `verify`, through `proxy` if given: `{"status": …}`, or `{"error": class and text}`."""
    import requests
    import urllib3

    urllib3.disable_warnings()
    session = requests.Session()
    session.trust_env = False
    proxies = {scheme: request["proxy"] for scheme in ("http", "https")} if request.get("proxy") else {}
    cert = request.get("cert")
    try:
        answer = session.get(request["url"], verify=request["verify"], proxies=proxies, cert=cert, timeout=10)
        return {"status": answer.status_code}
    except OSError as error:
        return {"error": f"{type(error).__name__}: {error}"}


def op_handshake(request):
    """Does urllib3's TLS handshake with both a file and a folder, which requests does not support.

    With `flags` as from Python 3.13 on.
    """
    import socket
    import ssl

    from urllib3.util.ssl_ import create_urllib3_context

    context = create_urllib3_context()
    if request.get("flags"):
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    try:
        context.load_verify_locations(request.get("file"), request.get("folder"))
        with socket.create_connection(("127.0.0.1", request["port"]), timeout=10) as tcp:
            with context.wrap_socket(tcp, server_hostname=request["host"]):
                return {"status": 200}
    except (OSError, ssl.SSLError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def op_make(request):
    """Creates a root with a key of `kind`, and a server's certificate for localhost, signed with `hash`."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.x509.oid import NameOID

    kinds = {
        "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "rsa1024": lambda: rsa.generate_private_key(65537, 1024),
        "rsa2048": lambda: rsa.generate_private_key(65537, 2048),
    }
    root_key, key = kinds[request["kind"]](), ec.generate_private_key(ec.SECP256R1())
    name = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])  # noqa: E731
    now = datetime.datetime.now(datetime.timezone.utc)
    begin = lambda subject, public: (  # noqa: E731
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name("made root"))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    root = (
        begin("made root", root_key.public_key())
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        begin("server", key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(root_key, getattr(hashes, request["hash"])())
    )
    pem = serialization.Encoding.PEM
    return {
        "root": root.public_bytes(pem).decode(),
        "leaf": leaf.public_bytes(serialization.Encoding.DER).hex(),
        "key": key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
    }
