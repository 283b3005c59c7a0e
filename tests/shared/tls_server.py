"""A TLS server on this machine that ends the connection at a chosen point, and the certificate it is trusted by."""

import contextlib
import datetime
import ipaddress
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from payymo.shared import http

Act = Callable[[ssl.SSLSocket], None]


def certificate(folder, *, name="127.0.0.1"):
    """Write a self-signed certificate of an address with its key and return the path."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def read_request(connection: ssl.SSLSocket) -> bytes:
    """Read head and body of one request."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += connection.recv(65536)
    return body


def reset(connection: ssl.SSLSocket) -> None:
    """Cut the connection with a reset instead of an orderly end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.socket.close(connection)


@contextmanager
def serving(path, act: Act | None) -> Iterator[tuple[str, list[bytes]]]:
    """Answer every connection with `act`, without one with plain text; give the address and the bodies received."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    bodies: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            plain.settimeout(60)
            with contextlib.suppress(OSError):
                if act is None:
                    plain.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")
                    plain.close()
                    continue
                connection = context.wrap_socket(plain, server_side=True)
                bodies.append(read_request(connection))
                act(connection)
                socket.socket.close(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        # The handshake needs a turn of that thread, which a busy machine may not give it at once.
        with mock.patch.object(http, "CONNECT_SECONDS", 60.0):
            yield f"https://127.0.0.1:{listener.getsockname()[1]}/", bodies
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(60)
