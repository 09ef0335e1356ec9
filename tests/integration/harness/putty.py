"""PuTTY's tools with saved sessions, as its users have them; one of them goes through a login on the gateway (PuTTY's own jump)."""

import os
import subprocess

SSH_JUMP = 6  # PuTTY's proxy type "SSH to proxy and use port forwarding"


class Putty:
    """`box` is the saved session that leads to the sample target."""

    def __init__(self, instance, user, jump):
        self.home = instance.scratch / instance.name("putty")
        sessions = self.home / ".putty/sessions"
        sessions.mkdir(parents=True)
        key = self.home / "key.ppk"
        subprocess.run(["puttygen", user.key, "-O", "private", "-o", key], check=True, stdin=subprocess.DEVNULL, timeout=60)
        gate = {"HostName": "127.0.0.1", "PortNumber": instance.port, "PublicKeyFile": key}
        if jump:
            self.save(instance, sessions / "gate", gate | {"UserName": user.name})
            self.save(instance, sessions / "box", {"HostName": instance.demo, "PortNumber": 22, "UserName": instance.account.name,
                                                   "ProxyMethod": SSH_JUMP, "ProxyHost": "gate"})
        else:
            self.save(instance, sessions / "box", gate | {"UserName": instance.login(user)})

    @staticmethod
    def save(instance, path, facts):
        facts |= {"Protocol": "ssh", "SSHManualHostKeys": ",".join(fingerprints(instance))}
        path.write_text("".join(f"{k}={v}\n" for k, v in facts.items()))

    def run(self, program, *words, stdin=b"", seconds=120):
        return subprocess.run([*program.split(), "-batch", *map(str, words)], input=stdin, capture_output=True, timeout=seconds,
                              env={"PATH": os.environ["PATH"], "HOME": str(self.home)})


def fingerprints(instance):
    """Of the gateway's host keys."""
    keys = subprocess.run(["ssh-keyscan", "-p", str(instance.port), "127.0.0.1"], check=True, capture_output=True, timeout=60).stdout
    prints = subprocess.run(["ssh-keygen", "-lf", "-"], check=True, input=keys, capture_output=True, timeout=60).stdout
    return sorted({word for word in prints.decode().split() if word.startswith("SHA256:")})
