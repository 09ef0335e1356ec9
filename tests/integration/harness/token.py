"""What a program says to the console with an API token: HTTPS without cookies, and the CLI from elsewhere."""

import http.client
import json
import os
import ssl
import subprocess
from pathlib import Path
from urllib.parse import urlencode

from .browser import Answer, Browser
from .instance import Result


class Token:
    def __init__(self, instance, user, *scopes, more=(), source="127.0.0.1"):
        self.instance, self.user, self.source = instance, user, source
        self.file = instance.scratch / instance.name("token")
        flags = [x for scope in scopes or ["read"] for x in ("--scope", scope)]
        instance.ok("token", "add", instance.name("p"), "--user", user.name, *flags, *more, "--output", self.file)
        self.text = self.file.read_text().rstrip("\n")
        self.facts = next(t for t in instance.ok("token", "list") if t["user"] == user.name and t["state"] == "valid"
                          and t["name"].startswith("p") and t["id"] not in known(instance))
        known(instance).add(self.facts["id"])

    @property
    def id(self):
        return self.facts["id"]

    def now(self):
        return next(t for t in self.instance.ok("token", "list") if t["id"] == self.id)

    def ask(self, method, path, body=None, headers=(), text=None):
        b = Browser(self.instance)
        connection = http.client.HTTPSConnection(b.host, b.port, context=b.tls, timeout=60, source_address=(self.source, 0))
        try:
            all_headers = {"Authorization": f"Bearer {text or self.text}"} | dict(headers)
            connection.request(method, f"/api/v1{path}", body=None if body is None else json.dumps(body).encode(),
                               headers={k: v for k, v in all_headers.items() if v})
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def get(self, path, **kw):
        return self.ask("GET", path, **kw)

    def command(self, command, **args):
        return self.ask("POST", f"/commands/{command.replace(' ', '/')}", args)

    def rows(self, collection, **query):
        answer = self.get(f"/{collection}?{urlencode(query)}")
        assert answer.status == 200, answer.body
        return answer.json["rows"]

    # ---- the CLI ----
    def argv(self, *args, options=None):
        ends = self.instance.endpoints
        where = ["--url", ends["web"], "--token-file", self.file, "--ca", self.instance.home / "web.crt"] if options is None else options
        return [str(a) for a in (ends["cli"][0], *where, *args)]

    def cli(self, *args, options=None, json_too=True, env=None):
        done = subprocess.run(self.argv(*args, options=options) + (["--json"] if json_too else []), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, env={**os.environ, "YANMEN_CONFIG": "", **(env or {})})
        answer = json.loads(done.stdout) if json_too and done.stdout.strip() else done.stdout
        return Result(done.returncode, answer, done.stderr)


def known(instance):
    if not hasattr(instance, "known_tokens"):
        instance.known_tokens = set()
    return instance.known_tokens


def fingerprint(instance):
    import hashlib
    der = ssl.PEM_cert_to_DER_cert(Path(instance.home / "web.crt").read_text())
    return hashlib.sha256(der).hexdigest()
