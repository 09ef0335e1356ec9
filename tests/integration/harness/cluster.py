"""A private PostgreSQL for tests of the schema alone: no gateway, trust on its socket, no fsync."""

import hashlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg2
import pytest

from . import described

SCHEMA = Path(__file__).resolve().parents[3] / "schema"
BIN = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))[-1].parent
FAST = [x for setting in ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "shared_buffers=32MB",
                          "wal_level=minimal", "max_wal_senders=0", "jit=off") for x in ("-c", setting)]
LOCAL = {"actor": "local:0", "role": "admin", "address": "local"}


class Refused(Exception):
    """One of our own errors: code is "YM404" and the like."""

    def __init__(self, code, say):
        super().__init__(f"{code}: {say}")
        self.code, self.say = code, say


class Connection:
    """One role's autocommitting connection."""

    def __init__(self, cluster, database, role):
        self.pg = psycopg2.connect(host=str(cluster.run), dbname=database, user=role)
        self.pg.autocommit = True

    def rows(self, sql, *values):
        with self.pg.cursor() as c:
            try:
                c.execute(sql, values or None)
                return c.fetchall() if c.description else []
            except psycopg2.Error as e:
                if e.pgcode and e.pgcode.startswith("YM"):
                    raise Refused(e.pgcode, e.diag.message_primary) from None
                raise

    def one(self, sql, *values):
        [[value]] = self.rows(sql, *values)
        return value

    def api(self, command, caller=None, /, **args):
        """A command; `from_` and the like are written without the line at their end."""
        args = {k.rstrip("_"): v for k, v in args.items()}
        answer = self.one(f"select api.{command}(%s::jsonb, %s::jsonb)", json.dumps(caller or LOCAL), json.dumps(args))
        described.learn(f"api.{command}", answer)
        return answer

    def close(self):
        self.pg.close()


class Cluster:
    def __init__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="yanmen-pg-", dir=os.environ.get("YANMEN_TEST_DIR")))
        self.data, self.run = self.dir / "data", self.dir / "run"
        self.dir.chmod(0o711)
        for d in (self.data, self.run):
            d.mkdir(mode=0o700)
        self.as_user = {}
        if os.geteuid() == 0:  # neither initdb nor the server runs as root
            nobody = pwd.getpwnam("nobody")
            self.as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            for d in (self.data, self.run):
                os.chown(d, nobody.pw_uid, nobody.pw_gid)
            self.run.chmod(0o755)
        subprocess.run([BIN / "initdb", "-D", self.data, "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust", "-U", "postgres", "-N",
                        "--no-instructions"], check=True, stdout=subprocess.DEVNULL, cwd="/", **self.as_user)
        self.log = open(self.dir / "log", "w")
        self.server = subprocess.Popen([BIN / "postgres", "-D", self.data, "-k", self.run, "-c", "listen_addresses=", *FAST],
                                       stderr=self.log, cwd="/", **self.as_user)
        self._wait()

    def _wait(self):
        for _ in range(400):
            try:
                Connection(self, "postgres", "postgres").close()
                return
            except psycopg2.OperationalError:
                time.sleep(0.05)
        raise RuntimeError((self.dir / "log").read_text())

    def stop(self):
        self.server.send_signal(signal.SIGQUIT)
        self.server.wait()
        self.log.close()
        shutil.rmtree(self.dir)

    def create(self, name):
        admin = Connection(self, "postgres", "postgres")
        admin.rows(f"create database {name} template template0")
        admin.close()
        admin = Connection(self, name, "postgres")
        admin.rows((SCHEMA / "roles.sql").read_text())
        admin.close()

    def migrate(self, name):
        """As `yanmen migrate`: each file in a transaction of its own, as the owner."""
        owner = Connection(self, name, "yanmen_owner")
        owner.pg.autocommit = False
        for path in sorted(SCHEMA.glob("[0-9][0-9][0-9][0-9]_*.sql")):
            owner.rows(path.read_text())
            owner.rows("insert into yanmen.schema_version (version, name, sha256) values (%s, %s, %s)", int(path.name[:4]),
                       path.name, hashlib.sha256(path.read_bytes()).hexdigest())
            owner.pg.commit()
        owner.close()


class Database:
    """The migrated database, emptied for each test: a copy for each would take 0.3 s."""

    def __init__(self, cluster, name):
        self.cluster, self.name, self.open = cluster, name, []
        self.broker, self.sealer = self.connect("yanmen_broker"), self.connect("yanmen_sealer")
        self.exporter, self.web = self.connect("yanmen_exporter"), self.connect("yanmen_web")
        self.owner, self.superuser = self.connect("yanmen_owner"), self.connect("postgres")
        self.superuser.rows("create table if not exists public.settings_at_first as table yanmen.setting")
        self.superuser.rows("create table if not exists public.templates_at_first as table yanmen.template")
        self.lasting = len(self.open)

    def empty(self):
        """As nobody but a superuser can: without the triggers that guard the audit."""
        kept = ("yanmen.role", "yanmen.role_permission", "yanmen.duty", "yanmen.schema_version")
        tables = self.superuser.rows("""select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname in ('yanmen', 'audit', 'search', 'siem') and c.relkind = 'r' and c.oid::regclass::text <> all (%s)""", list(kept))
        self.superuser.rows("set session_replication_role = replica; " + "".join(f"delete from {t}; " for [t] in tables)
                            + "insert into yanmen.setting table public.settings_at_first; "
                            "insert into yanmen.template overriding system value table public.templates_at_first; insert into audit.cursor default values; "
                            "insert into search.progress default values; "
                            "reset session_replication_role")
        for c in self.open[self.lasting:]:
            c.close()
        del self.open[self.lasting:]

    def connect(self, role):
        c = Connection(self.cluster, self.name, role)
        self.open.append(c)
        return c

    def close(self):
        for c in self.open:
            c.close()

    # ---- what most tests need ----
    def api(self, command, caller=None, /, **args):
        return self.broker.api(command, caller, **args)

    def user(self, name="alice", role="engineer"):
        self.api("user_add", name=name, role=role, pwhash="$argon2id$x")
        return {"actor": f"user:{name}", "role": role, "address": "10.0.0.9"}

    def target(self, name="web01", address="10.0.0.1:22", cluster="lab", networks=("10.0.0.0/8",), kind="linux"):
        if not self.superuser.rows("select 1 from yanmen.cluster where name = %s and removed_at is null", cluster):
            self.api("cluster_add", name=cluster, network=list(networks))
        return self.api("target_add", name=name, kind=kind, address=address, cluster=cluster)

    def pin(self, name="web01", key=b"host key number one", accounts=()):
        import base64
        return self.api("target_pin", name=name, host_key=base64.b64encode(key).decode(), accounts=list(accounts))

    def account(self, target="web01", account="cyadmin", kind="password"):
        bound = self.broker.one("select api.binding(%s, %s)", target, account)
        return self.api("account_set", target=target, account=account, kind=kind, sealed="c0ffee", bound=bound)

    def facts(self, user="alice", target="web01", account=""):
        [[user_id]] = self.broker.rows("select user_id from api.login_facts(%s)", user)
        with self.broker.pg.cursor() as c:
            c.execute("select * from api.target_facts(%s, %s, %s)", (user_id, target, account))
            return [dict(zip([d[0] for d in c.description], row)) for row in c.fetchall()]

    def ready(self, **grant):
        """alice may use cyadmin on web01, pinned."""
        caller = self.user()
        self.target()
        self.pin()
        self.account()
        self.api("grant_add", user="alice", account="cyadmin", target="web01", **grant)
        return caller

    def session(self, session_id, connection=None, user="alice", target="web01", started_us=1763823600000000):
        [[user_id]] = self.broker.rows("select user_id from api.login_facts(%s)", user)
        f = self.facts(user, target)[0]
        (connection or self.broker).rows("select api.session_begin(%s::jsonb)", json.dumps({
            "id": session_id, "worker": "w1", "user_id": user_id, "target_id": f["target_id"], "account_id": f["account_id"],
            "grant_id": f["grant_id"], "protocol": "ssh", "address": "192.0.2.1", "rule": "grant 1", "started_us": started_us}))

    def spool(self, uid, kind, body, at_us=1763823600000000):
        self.broker.rows("select api.spool_apply(%s::uuid, %s, %s, %s::jsonb)", uid, at_us, kind, json.dumps(body))

    def events(self, kind=None):
        """Bodies in order, with kind and actor."""
        rows = self.superuser.rows("select kind, actor, body from audit.event order by id")
        return [json.loads(b) | {"kind": k, "actor": a} for k, a, b in rows if kind in (None, k)]


@pytest.fixture(scope="module")
def cluster():
    c = Cluster()
    try:
        c.create("ym")
        c.migrate("ym")
        yield c
    finally:
        c.stop()


@pytest.fixture(scope="module")
def database(cluster):
    d = Database(cluster, "ym")
    yield d
    d.close()


@pytest.fixture
def db(database):
    database.empty()
    return database


def refused(code, call, *args, **kwargs):
    with pytest.raises(Refused) as e:
        call(*args, **kwargs)
    assert e.value.code == code, e.value
    return e.value.say
