"""A server that gives back what it gets, and ends only after the client has (half-close)."""

import contextlib
import hashlib
import socket
import threading


def _serve(s):
    total = hashlib.sha256()
    with s, contextlib.suppress(OSError):
        while data := s.recv(65536):
            total.update(data)
            s.sendall(data)
        s.sendall(b"digest " + total.hexdigest().encode())


@contextlib.contextmanager
def echo_server():
    """Yields its port."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        def accept():
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=_serve, args=(server.accept()[0],), daemon=True).start()
        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
