"""What the doubles of database servers share: one thread a connection, what went wrong is kept for the test."""

import socket
import ssl
import threading


class Double:
    def __init__(self, certificate, key):
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate, key)
        self.fault = None
        self.statements, self.broken = [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.guard, args=(connection,), daemon=True).start()

    def guard(self, connection):
        try:
            self.serve(connection)
        except (EOFError, ConnectionError, ssl.SSLError):
            pass  # the client may leave whenever it likes
        except Exception as e:  # of the double itself: the test asks for it
            self.broken.append(repr(e))
        finally:
            connection.close()

    def stop(self):
        # Closed under a waiting accept(), its descriptor would soon be the next double's, and an accept() that the kernel begins again
        # would take that one's connections.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(60)
        assert not self.thread.is_alive()
        self.listener.close()
        assert not self.broken, self.broken


def read(stream, n):
    data = b""
    while len(data) < n:
        more = stream.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data
