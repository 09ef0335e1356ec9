"""People who are signed in at the console, in a schema of the test's own."""

import hashlib
import json
import os
import uuid

PLACE = "192.0.2.1"


class Signed:
    """Somebody who is signed in at the console."""

    def __init__(self, db, name, place=PLACE):
        self.db, self.name, self.token = db, name, os.urandom(32)
        self.hash = hashlib.sha256(self.token).digest()
        [[user_id]] = db.broker.rows("select user_id from api.login_facts(%s)", name)
        [[self.session, _, self.role, _]] = db.broker.rows(
            "select session, name, role, lang from api.console_enter(%s, %s, %s, %s)", user_id, self.hash, place, "Firefox on a test")
        self.caller = {"actor": f"user:{name}", "role": self.role, "address": place, "console": self.session}

    def read(self, collection, **query):
        query = {k.replace("__", "."): v for k, v in query.items()}
        return self.db.web.one("select console.read(%s, %s, %s, %s::jsonb)", self.hash, PLACE, collection, json.dumps(query))

    def rows(self, collection, **query):
        return self.read(collection, **query)["rows"]

    def names(self, collection, column="name", **query):
        return [r[column] for r in self.rows(collection, **query)]

    def lives(self):
        return self.db.broker.rows("select * from api.console_caller(%s, %s)", self.hash, PLACE)


def sign(db, name, role):
    db.user(name, role)
    return Signed(db, name)


def sid(n):
    return str(uuid.UUID(int=(0x019A << 112) | n))


def inventory(db):
    """Two worlds: gina's group has web01, where alice is; db01 is in another one, where bob is."""
    db.ready()
    db.user("bob")
    db.user("gina", "group_admin")
    db.target("db01", "10.0.0.2:22")
    db.pin("db01")
    db.account("db01", "root")
    db.api("grant_add", user="bob", account="root", target="db01")
    for group, target in (("web", "web01"), ("data", "db01")):
        db.api("group_add", name=group)
        db.api("group_put", group=group, target=target)
    db.api("group_admin", group="web", user="gina")
    for n, user, target in ((1, "alice", "web01"), (2, "bob", "db01")):
        db.session(sid(n), user=user, target=target)
        db.spool(str(uuid.uuid4()), "file.upload", {"session": sid(n), "number": 1, "op": "upload", "state": "complete", "protocol": "sftp",
                                                    "path": f"/tmp/{user}.txt", "size": 7, "sha256": "ab" * 32})
