"""tds_pass between a client and a double: the codecs of the gateway alone, one process a client."""

import socket
import subprocess
import threading

from harness.build import PREFIX

PASS = PREFIX.parent / "tests/integration/tds/tds_pass"


class Through:
    def __init__(self, server, certificate, key, least, folder):
        self.command = [PASS, str(server.port), certificate, key, least]
        self.log = folder / "pass.log"
        self.log.write_text("")
        self.processes = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, open(self.log, "a") as log:
                self.processes.append(subprocess.Popen(self.command, stdin=client, stdout=log, stderr=log))

    def lines(self):
        return self.log.read_text().splitlines()

    def stop(self):
        """All clients have left: each of the processes ends by itself."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(60)
        self.listener.close()
        codes = [process.wait(60) for process in self.processes]
        assert codes == [0] * len(codes), (codes, self.lines()[-5:])
