"""schema/: what each database role can do and cannot do, and every command's rules."""

import base64
import datetime
import hashlib
import json
import uuid

import psycopg2
import pytest
from harness.cluster import LOCAL, SCHEMA, Connection, refused

KEY = base64.b64encode(b"\0\0\0\x0bssh-ed25519" + b"\0\0\0\x20" + bytes(32)).decode()
UNTIL = datetime.datetime(2999, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))
ROLES = ("yanmen_broker", "yanmen_sealer", "yanmen_exporter", "yanmen_web", "yanmen_notifier")
COMMANDS = """certificate_issue certificate_list certificate_revoke cluster_admin user_remove group_remove cluster_remove target_remove account_remove user_add user_disable user_list group_add group_put group_take group_admin group_list cluster_add cluster_put
    cluster_list target_add target_set target_list target_test target_repin target_pin account_set grant_add grant_remove grant_list
    session_list session_watch session_kill session_lock session_unlock recording_list recording_export recording_verify replay
    audit_search audit_reindex audit_export audit_verify settings_list settings_get settings_set escrow_set samples_remove doctor""".split()


# ---- roles ----

def test_processes_own_nothing_and_reach_no_table(db):
    tables = db.superuser.rows("""select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in ('yanmen', 'audit', 'api', 'search', 'siem', 'console', 'notify') and c.relkind in ('r', 'p', 'v', 'S')""")
    assert len(tables) > 20
    for role in ROLES:
        assert db.superuser.one("""select count(*) from pg_shdepend d join pg_roles r on r.oid = d.refobjid
            where r.rolname = %s and d.deptype = 'o'""", role) == 0
        for [table] in tables:
            for right in ("select", "insert", "update", "delete", "truncate", "references", "trigger"):
                if not db.superuser.one("select %s in (select oid::regclass::text from pg_class where relkind = 'S')", table):
                    assert not db.superuser.one("select has_table_privilege(%s, %s, %s)", role, table, right), (role, table, right)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            db.connect(role).rows("create table api.mine (x int)")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            db.connect(role).rows("create temp table mine (x int)")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            db.connect(role).rows("set role yanmen_owner")


def test_each_role_executes_its_own_functions_and_no_other(db):
    rows = db.superuser.rows("""select n.nspname || '.' || p.proname, p.oid from pg_proc p
        join pg_namespace n on n.oid = p.pronamespace where n.nspname in ('yanmen', 'audit', 'api', 'siem', 'search', 'console', 'notify')""")
    may = {role: {name for name, oid in rows if db.superuser.one("""select has_function_privilege(%s, %s::oid, 'execute') and
        has_schema_privilege(%s, split_part(%s, '.', 1), 'usage')""", role, oid, role, name)}
           for role in ROLES}
    assert may["yanmen_web"] == {"console.read", "console.token_read"}
    assert may["yanmen_exporter"] == {"siem.start", "siem.rows", "siem.report"}
    assert may["yanmen_notifier"] == {"notify.start", "notify.take", "notify.report"}
    assert may["yanmen_sealer"] == {"audit.seal", "audit.head_sign"}
    assert may["yanmen_broker"] == {name for name, _ in rows if name.startswith("api.")} | {
        "audit.export", "audit.heads", "audit.verify"}
    assert {f"api.{c}" for c in COMMANDS} <= may["yanmen_broker"]


def test_every_function_that_runs_as_the_owner_pins_its_search_path(db):
    loose = db.superuser.rows("""select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname in ('api', 'audit', 'yanmen', 'siem', 'console', 'notify') and (p.prosecdef or n.nspname = 'api')
        and (not p.prosecdef or not coalesce(array_to_string(p.proconfig,
                ' ') ~ 'search_path=pg_catalog, (yanmen, )?audit, pg_temp',
        false))""")
    assert loose == []


def test_roles_sql_may_run_again_and_not_in_a_database_of_postgres(cluster, db):
    db.superuser.rows((SCHEMA / "roles.sql").read_text())
    with pytest.raises(psycopg2.Error, match="own database"):
        Connection(cluster, "postgres", "postgres").rows((SCHEMA / "roles.sql").read_text())
    assert db.superuser.rows("select rolname from pg_roles where rolname ~ '^yanmen' and (rolsuper or rolcreatedb or rolcreaterole "
                             "or rolreplication or rolbypassrls)") == []


def test_migrations_are_numbered_without_a_gap_and_end_no_transaction(db):
    files = sorted(SCHEMA.glob("[0-9]*.sql"))
    assert [int(f.name[:4]) for f in files] == list(range(1, len(files) + 1))
    for f in files:
        outside = "".join(f.read_text().split("$$")[::2]).lower()
        assert not {"begin;", "commit;", "rollback;"} & set(outside.split()), f.name
    assert db.api("doctor")[0] == {"name": "schema", "state": "ok", "say": f"version {len(files)}"}


# ---- permissions ----

def test_nobody_without_the_permission_gives_a_command(db):
    db.user("plain", "engineer")
    for command in COMMANDS:
        for caller in ({"actor": "user:plain", "role": "admin"}, {"actor": "user:nobody", "role": "admin"},
                       {"actor": "local:1000", "role": "user"}, {"actor": "local:1000", "role": ""}, {"actor": "local:1000"}, {},
                       {"role": "root"}):
            args = {"format": "text", "reason": "x"}
            assert "not allowed" in refused("YM403", db.broker.one, f"select api.{command}(%s::jsonb, %s::jsonb)",
                                            json.dumps(caller), json.dumps(args))


def test_a_disabled_administrator_may_nothing(db):
    boss = db.user("boss", "admin")
    assert db.api("user_list", boss)
    db.api("user_disable", name="boss")
    refused("YM403", db.api, "user_list", boss)


def test_an_auditor_reads_and_changes_nothing(db):
    db.ready()
    auditor = db.user("ada", "auditor")
    for command in ("user_list", "session_list", "recording_list", "audit_search", "settings_list", "grant_list"):
        db.api(command, auditor)
    for command, args in (("user_add", {"name": "x", "role": "user"}), ("settings_set", {"key": "banner.text", "value": "x"}),
                          ("session_kill", {"id": "0190", "reason": "x"}), ("grant_remove", {"id": "1"})):
        refused("YM403", db.api, command, auditor, **args)


def test_a_cluster_admin_manages_the_clusters_given_to_him_and_no_other(db):
    for cluster in ("dc1", "dc2"):
        db.api("cluster_add", name=cluster, network="10.0.0.0/8")
        db.api("target_add", name=f"of-{cluster}", kind="linux", address="10.0.0.1:22", cluster=cluster)
    carl = db.user("carl", "cluster_admin")
    assert db.api("cluster_list", carl) == [] and db.api("target_list", carl) == []
    refused("YM404", db.api, "target_add", carl, name="x", kind="linux", address="10.0.0.2:22", cluster="dc1")
    refused("YM403", db.api, "cluster_admin", carl, cluster="dc1", user="carl")
    db.api("cluster_admin", cluster="dc1", user="carl")
    assert [c["name"] for c in db.api("cluster_list", carl)] == ["dc1"]
    assert [t["name"] for t in db.api("target_list", carl)] == ["of-dc1"]
    db.api("target_add", carl, name="x", kind="linux", address="10.0.0.2:22", cluster="dc1")
    db.api("target_set", carl, name="x", charset="gbk")
    db.api("target_test", carl, name="x")
    for command, args in (("target_add", {"name": "y", "kind": "linux", "address": "10.0.0.3:22", "cluster": "dc2"}),
                          ("target_set", {"name": "of-dc2", "charset": "gbk"}), ("target_remove", {"name": "of-dc2"}),
                          ("target_test", {"name": "of-dc2"}), ("target_repin", {"target": "of-dc2"}),
                          ("cluster_put", {"cluster": "dc1", "target": "of-dc2"}),
                          ("cluster_put", {"cluster": "dc2", "target": "x"})):
        assert refused("YM404", db.api, command, carl, **args).startswith("no "), command  # as if it were not there
    for command, args in (("cluster_add", {"name": "dc3", "network": "10.0.0.0/8"}), ("cluster_remove", {"name": "dc1"})):
        assert "not allowed" in refused("YM403", db.api, command, carl, **args), command
    db.api("target_remove", carl, name="x")
    [event] = db.events("cluster.admin")
    assert event["cluster"] == "dc1" and event["user"] == "carl"
    db.api("user_remove", name="carl")
    assert all(c["admins"] == [] for c in db.api("cluster_list"))


# ---- users ----

def test_a_user_comes_with_password_keys_and_role_and_is_in_the_audit(db):
    assert db.api("user_add", name="alice", role="dba", pwhash="$argon2id$x", key=f"ssh-ed25519 {KEY} alice at home",
                  key_blob=KEY)["name"] == "alice"
    [alice] = db.api("user_list")
    assert (alice["role"], alice["state"], alice["password"], len(alice["keys"])) == ("dba", "active", True, 1)
    assert db.broker.rows("select name, state, role, pwhash from api.login_facts('alice')") == [("alice", "active", "dba",
            "$argon2id$x")]
    [[blob]] = db.broker.rows("select blob from api.login_keys('alice')")
    assert base64.b64encode(blob).decode() == KEY
    assert db.superuser.one("select comment from yanmen.user_key") == "alice at home"
    [event] = db.events("user.added")
    assert event["actor"] == "local:0" and event["user"] == "alice" and event["keys"] == [
        "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")]
    assert "argon2id" not in json.dumps(event)


def test_user_add_refuses_bad_names_roles_keys_and_doubles(db):
    for name in ("", "Alice", "1a", "a b", "a#b", "a%b", "a@b", "-a", "é", "a" * 65, "a\n", "a'--"):
        refused("YM400", db.api, "user_add", name=name, role="user")
    assert "engineer" in refused("YM400", db.api, "user_add", name="bob", role="god")
    refused("YM400", db.api, "user_add", name="bob")
    refused("YM400", db.api, "user_add", name="bob", role="user", key_blob="!!")
    refused("YM400", db.api, "user_add", name="bob", role="user", key_blob=base64.b64encode(b"short").decode())
    assert db.api("user_list") == []
    db.user("bob")
    assert refused("YM409", db.user, "bob") == "there is a user named bob already"
    assert len(db.events("user.added")) == 1


def test_a_disabled_user_has_no_keys_and_no_targets_and_his_sessions_are_named(db):
    db.ready()
    db.api("user_add", name="kay", role="user", key_blob=KEY)
    sid = str(uuid.uuid4())
    db.session(sid)
    assert db.api("user_disable", name="alice")["sessions"] == [{"session": sid, "worker": "w1"}]
    assert db.broker.rows("select state from api.login_facts('alice')") == [("disabled",)]
    assert db.facts() == []
    db.api("user_disable", name="kay")
    assert db.broker.rows("select * from api.login_keys('kay')") == []
    assert db.broker.rows("select * from api.login_facts('nobody')") == []
    assert refused("YM404", db.api, "user_disable", name="nobody") == "no user named nobody; see: user list"
    boss = db.user("boss", "admin")
    refused("YM403", db.api, "user_disable", boss, name="boss")


# ---- names, clusters, targets ----

def test_names_hold_no_separator_and_nothing_unseen(db):
    db.target()
    bad = ("", "a b", "a\tb", "a#b", "a%b", "a@b", "a\u00a0b", "a\u3000b", "a\u202eb", "a\u200bb", "\ufeffa", "a\x7f", "a\x85")
    for name in bad:
        refused("YM400", db.api, "group_add", name=name)
        refused("YM400", db.api, "cluster_add", name=name, network="10.0.0.0/8")
        refused("YM400", db.api, "target_add", name=name, kind="linux", address="10.0.0.1:22", cluster="lab")
        refused("YM400", db.api, "account_set", target="web01", account=name, kind="ca", bound="")
    refused("YM400", db.api, "target_add", name="x" * 256, kind="linux", address="10.0.0.1:22", cluster="lab")
    refused("YM400", db.api, "target_add", name="数" * 86, kind="linux", address="10.0.0.1:22", cluster="lab")
    db.target("数" * 85)
    db.target("x" * 255)
    db.api("group_add", name="数据库组")


def test_clusters_have_networks(db):
    assert db.api("cluster_add", name="c1", network=["10.1.2.3/8", "fd00::1/8", "192.0.2.7"])["networks"] == [
        "10.0.0.0/8", "fd00::/8", "192.0.2.7/32"]
    for network in ("any", "10.0.0.0/33", "10.0.0/8;", "", "10.0.0.0/8,11.0.0.0/8"):
        refused("YM400", db.api, "cluster_add", name="c2", network=network)
    assert "network is missing" in refused("YM400", db.api, "cluster_add", name="c2")
    refused("YM400", db.api, "cluster_add", name="c2", network=["10.0.0.0/8"] * 65)
    refused("YM409", db.api, "cluster_add", name="c1", network="10.0.0.0/8")
    db.target("web01", cluster="c1")
    db.api("cluster_add", name="c3", network="172.16.0.0/12")
    db.api("cluster_put", cluster="c3", target="web01")
    assert {c["name"]: c["targets"] for c in db.api("cluster_list")} == {"c1": [], "c3": ["web01"]}
    assert db.events("cluster.put")[0]["before"] == "c1"
    refused("YM404", db.api, "cluster_put", cluster="c9", target="web01")
    refused("YM404", db.api, "cluster_put", cluster="c3", target=["web01", "web9"])
    refused("YM400", db.api, "cluster_put", cluster="c3")


def test_target_addresses(db):
    db.target()
    good = {"10.0.0.2:22": ("10.0.0.2", 22), "db.example-1.org:65535": ("db.example-1.org", 65535), "[fd00::1]:2222": ("fd00::1",
            2222)}
    for i, (address, (host, port)) in enumerate(good.items()):
        t = db.api("target_add", name=f"t{i}", kind="linux", address=address, cluster="lab")
        assert (t["host"], t["port"], t["pinned"], t["networks"], t["samples"]) == (host, port, False, "10.0.0.0/8", False)
        assert next(x for x in db.api("target_list") if x["name"] == f"t{i}")["address"] == address
    for address in ("10.0.0.2", "10.0.0.2:", ":22", "10.0.0.2:0", "10.0.0.2:65536", "10.0.0.2:999999", "fd00::1:22", "[fd00::1]",
                    "a b:22", "-a:22", "a_:22", "/tmp/x:22", "a\n:22", "[x]:22", "user@h:22", ""):
        refused("YM400", db.api, "target_add", name="tx", kind="linux", address=address, cluster="lab")
    assert "linux, windows, mysql, sqlserver" in refused("YM400", db.api, "target_add", name="tx", kind="mac", address="h:1",
                                                         cluster="lab")
    assert "see: cluster list" in refused("YM404", db.api, "target_add", name="tx", kind="linux", address="h:1", cluster="none")
    assert "already" in refused("YM409", db.target, "web01")
    assert refused("YM404", db.api, "target_test", name="web9") == "no target named web9; see: target list"


# ---- groups ----

def test_ordinary_groups_hold_what_was_put_into_them(db):
    for n in ("a1", "a2", "a3"):
        db.target(n)
    db.api("group_add", name="g")
    db.api("group_put", group="g", target=["a1", "a2", "a1"])
    db.api("group_take", group="g", target="a1")
    [g] = db.api("group_list")
    assert (g["kind"], g["targets"]) == ("ordinary", ["a2"])
    refused("YM404", db.api, "group_take", group="g", target="a1")
    refused("YM404", db.api, "group_put", group="g", target=["a3", "nope"])
    assert db.api("group_list")[0]["targets"] == ["a2"]
    refused("YM409", db.api, "group_add", name="g")
    refused("YM404", db.api, "group_put", group="h", target="a1")
    refused("YM400", db.api, "group_put", group="g")


def test_a_network_default_group_fills_itself_with_what_is_in_no_other(db):
    db.target("in", "10.1.0.1:22")
    db.target("out", "192.0.2.1:22")
    db.target("named", "web.example:22")
    db.target("kept", "10.1.0.2:22")
    db.api("group_add", name="rest", network_default="1")
    db.api("group_add", name="own")
    db.api("group_put", group="own", target="kept")
    rest = next(g for g in db.api("group_list") if g["name"] == "rest")
    assert (rest["kind"], rest["targets"]) == ("network_default", ["in", "named"])
    assert "fills itself" in refused("YM400", db.api, "group_put", group="rest", target="kept")
    db.api("group_take", group="own", target="kept")
    db.target("new", "10.1.0.3:22")
    assert next(g for g in db.api("group_list") if g["name"] == "rest")["targets"] == ["in", "kept", "named", "new"]
    db.user()
    db.account("new", "root")
    db.api("grant_add", user="alice", account="root", group="rest")
    assert [f["target_name"] for f in db.facts(target="new")] == ["new"]
    db.api("group_put", group="own", target="new")
    assert db.facts(target="new") == []


def test_a_group_admin_rules_his_groups_alone(db):
    db.ready()
    for n in ("mine1", "theirs1", "free1"):
        db.target(n)
    gus = db.user("gus", "group_admin")
    for g, t in (("mine", "mine1"), ("theirs", ["theirs1", "web01"])):
        db.api("group_add", name=g)
        db.api("group_put", group=g, target=t)
    db.api("group_admin", group="mine", user="gus")
    assert [g["name"] for g in db.api("group_list", gus)] == ["mine"]
    assert [t["name"] for t in db.api("target_list", gus)] == ["mine1"]
    db.api("group_put", gus, group="mine", target="free1")
    refused("YM404", db.api, "group_put", gus, group="mine", target="theirs1")
    refused("YM404", db.api, "group_put", gus, group="theirs", target="mine1")
    refused("YM404", db.api, "group_take", gus, group="theirs", target="theirs1")
    refused("YM404", db.api, "target_test", gus, name="theirs1")
    sid = str(uuid.uuid4())
    db.session(sid)
    assert db.api("session_list", gus) == [] and db.api("recording_list", gus) == []
    refused("YM404", db.api, "session_kill", gus, id=sid, reason="x")
    db.api("group_put", group="mine", target="web01")
    assert [s["id"] for s in db.api("session_list", gus)] == [sid]
    assert db.api("session_watch", gus, id=sid)["worker"] == "w1"
    refused("YM403", db.api, "recording_export", gus, id=sid, format="text")
    refused("YM403", db.api, "file_export", gus, id=f"{sid}:1")


# ---- accounts ----

def test_an_account_is_bound_to_its_target_and_suspended_when_that_changes(db):
    t = db.target()
    bound = f"account=cyadmin\ntarget={t['id']}\naddress=10.0.0.1\nport=22\nhost_key="
    assert db.broker.one("select api.binding('web01', 'cyadmin')") == bound
    assert db.broker.rows("select api.binding('web9', 'cyadmin')") == [(None,)]
    db.pin(key=b"host key number one")
    bound += base64.b64encode(hashlib.sha256(b"host key number one").digest()).decode()
    assert db.broker.one("select api.binding('web01', 'cyadmin')") == bound
    assert "try again" in refused("YM409", db.api, "account_set", target="web01", account="cyadmin", kind="password", sealed="aa",
                                  bound=bound + "x")
    refused("YM400", db.api, "account_set", target="web01", account="cyadmin", kind="password", sealed="", bound=bound)
    refused("YM400", db.api, "account_set", target="web01", account="cyadmin", kind="password", sealed="xyz", bound=bound)
    refused("YM400", db.api, "account_set", target="web01", account="cyadmin", kind="pin", sealed="aa", bound=bound)
    db.account()
    db.account(account="root", kind="key")
    db.account(account="ca", kind="ca")
    accounts = {a["name"]: a for a in db.api("target_list")[0]["accounts"]}
    assert [accounts[n]["default"] for n in ("cyadmin", "root", "ca")] == [True, False, False]
    assert not any(a["suspended"] for a in accounts.values())
    rows = db.broker.rows("select account, sealed, bound, host, port, host_key from api.credentials('web01')")
    assert [r[0] for r in rows] == ["ca", "cyadmin", "root"] and bytes(rows[1][1]) == b"\xc0\xff\xee" and rows[1][2] == bound
    new = bound.replace(bound.split("host_key=")[1], base64.b64encode(hashlib.sha256(b"host key number two").digest()).decode())
    answer = db.pin(key=b"host key number two", accounts=[{"account": "cyadmin", "sealed": "beef", "bound": new},
                                                          {"account": "root", "sealed": "beef", "bound": bound}])
    assert sorted(answer["suspended"]) == ["ca", "root"]
    assert [bytes(r[1]) for r in db.broker.rows("select * from api.credentials('web01')")] == [b"\xc0\xff\xee", b"\xbe\xef",
            b"\xc0\xff\xee"]
    assert db.events("target.repinned")[0]["before"] != db.events("target.repinned")[0]["host_key"]
    assert next(r for r in db.api("doctor") if r["name"] == "accounts")["say"].startswith("suspended, their target changed: web01/")
    assert "c0ffee" not in json.dumps(db.events())


def test_who_may_test_may_pin_what_is_new_but_not_what_changed(db):
    db.target()
    op = db.user("olga", "operator")
    key = base64.b64encode(b"host key number one").decode()
    assert db.api("target_test", op, name="web01")["host_key"] is None
    db.api("target_pin", op, name="web01", host_key=key)
    assert base64.b64decode(db.api("target_test", op, name="web01")["host_key"]) == b"host key number one"
    refused("YM403", db.api, "target_pin", op, name="web01", host_key=key)
    refused("YM403", db.api, "target_repin", op, target="web01")
    refused("YM400", db.api, "target_pin", name="web01", host_key="AAAA")
    assert [t["name"] for t in db.api("target_repin", target=["web01"])] == ["web01"]
    refused("YM404", db.api, "target_repin", target=["web01", "web9"])


# ---- grants ----

def test_a_grant_says_who_what_when_from_where_and_how(db):
    db.ready()
    db.api("group_add", name="g")
    db.api("group_put", group="g", target="web01")
    g = db.api("grant_add", user="alice", account="cyadmin", group="g", from_=["10.0.0.0/8", "192.0.2.1"],
               hours="mon-fri 09:00-18:00 +08:00",
               until=UNTIL.isoformat(), feature=["sftp", "shell", "sftp"], idle="600", total="3600", concurrent="2")
    assert g["features"] == ["sftp", "shell"] and g["until"] == "2998-12-31T16:00:00.000000Z"
    first, second = db.facts()
    assert first["features"] == "shell,exec,sftp,scp,upload,download,forward,query" and first["from_nets"] == "" and first["until_epoch"] == 0
    assert second | {"grant_id": 0} == first | {
        "grant_id": 0, "features": "sftp,shell", "from_nets": "10.0.0.0/8,192.0.2.1/32", "hours": "mon-fri 09:00-18:00 +08:00",
        "until_epoch": int(UNTIL.timestamp()), "ends_epoch": int(UNTIL.timestamp()), "idle_s": 600, "total_s": 3600, "concurrent": 2}
    listed = db.api("grant_list")
    assert [(x["target"], x["group"], x["online"], x["expired"]) for x in listed] == [("web01", None, 0, False), (None, "g", 0,
            False)]
    db.api("grant_remove", id=str(g["id"]))
    assert len(db.facts()) == 1 and len(db.events("grant.removed")) == 1
    refused("YM404", db.api, "grant_remove", id=str(g["id"]))
    for bad in ("x", "-1", "1" * 30, "1; drop"):
        refused("YM404", db.api, "grant_remove", id=bad)


def test_a_grant_is_refused_with_the_reason(db):
    db.user()
    db.target()
    ok = {"user": "alice", "account": "root", "target": "web01"}
    assert "shell, exec, sftp, scp, upload, download, forward, query" in refused("YM400", db.api, "grant_add", **ok, feature=["shell", "fly"])
    assert "target or a group" in refused("YM400", db.api, "grant_add", user="alice", account="root")
    refused("YM400", db.api, "grant_add", **ok, group="g")
    refused("YM404", db.api, "grant_add", user="alice", account="root", group="g")
    refused("YM404", db.api, "grant_add", user="bob", account="root", target="web01")
    for key, bad in (("until", "soon"), ("until", "2026-13-01"), ("from_", "here"), ("idle", "-1"), ("idle", "1h"), ("total",
            "9" * 15),
                     ("concurrent", "10001"), ("account", "a#b")):
        refused("YM400", db.api, "grant_add", **{**ok, key: bad})
    assert db.api("grant_list") == []


def test_where_a_forwarded_connection_goes(db):
    db.ready()  # web01 at 10.0.0.1:22, granted to alice
    db.target("web02", "10.0.0.2:2222")
    db.target("db01", "10.0.0.1:3306", kind="mysql")
    db.target("db02", "10.0.0.2:3306", kind="mysql")
    db.target("local", "127.0.0.1:2022")
    db.target("WEB03", "web03.example:22")
    for name in ("web02", "db01", "local", "WEB03"):
        db.account(target=name)
        db.api("grant_add", user="alice", account="cyadmin", target=name)
    uid = db.superuser.one("select id from yanmen.users where name = 'alice'")

    def jump(host, port, user=uid):
        rows = db.broker.rows("select * from api.jump(%s, %s, %s)", user, host, port)
        assert len(rows) <= 1
        return rows[0] if rows else None
    for host, port, answer in (
            ("web01", 22, ("web01", 22, True)), ("10.0.0.1", 22, ("web01", 22, True)), ("Web01", 22, ("web01", 22, True)),
            ("web02", 22, ("web02", 2222, True)), ("web02", 2222, ("web02", 2222, True)), ("10.0.0.2", 2222, ("web02", 2222, True)),
            ("10.0.0.2", 22, ("web02", 22, False)),            # an address means what it says
            ("web02", 8080, ("web02", 8080, False)), ("10.0.0.2", 8080, ("web02", 8080, False)),
            ("web02", 3306, None), ("10.0.0.2", 3306, None),   # a target of its own, not granted
            ("10.0.0.1", 3306, ("db01", 3306, False)), ("db01", 3306, ("db01", 3306, False)),
            ("web01", 3306, None),                             # it has a name of its own
            ("db01", 22, None), ("db01", 3307, None),          # of a database its own port alone
            ("local", 22, ("local", 2022, True)), ("local", 8080, None), ("127.0.0.1", 8080, None), ("127.0.0.1", 2022,
            ("local", 2022, True)),
            ("web03", 22, ("WEB03", 22, True)), ("web03.example", 80, ("WEB03", 80, False)),
            ("db02", 3306, None), ("nowhere", 22, None), ("", 22, None), ("%", 22, None), ("10.0.0.%", 22, None)):
        assert jump(host, port) == answer, (host, port)
    assert jump("web01", 22, uid + 1000) is None
    db.api("user_disable", name="alice")
    assert jump("web01", 22) is None


# The table of tests/unit/decide/test_hours.c.
@pytest.mark.parametrize("good,specs", [
    (True, ["", "mon-fri 09:00-18:00", "mon-fri 09:00-12:00,13:00-18:00", "mon-fri 09:00-18:00, sat,sun 10:00-12:00",
            "SAT-tue 8:00-9:00",
            "mon , wed-thu,sun 8:00 - 9:00", "fri 22:00-06:00", "00:00-24:00", "mon 00:00-09:00; tue 12:00-13:00 +08:00",
            "sun 20:00-24:00 -05:30", "09:00-18:00 +14:00", "09:00-18:00 -12:00"]),
    (False, ["mon", "mon-fri", "09:00", "09:00-", "-09:00", "9-18", "mon09:00-18:00", "mon-fri 09:00-18:00;",
             "mon-fri 09:00-18:00,",
             ";", "mon,09:00-10:00", "mon- fri 09:00-10:00", "xyz 09:00-10:00", "monday 09:00-10:00", "25:00-26:00", "24:00-01:00",
             "09:60-10:00", "09:00-24:01", "09:00-09:00", "9:00-09:00", "009:00-10:00", "9:0-10:00", "09:00-18:00 +15:00",
             "09:00-18:00 +14:01", "09:00-18:00 -12:01", "09:00-18:00 +8:00", "09:00-18:00 +0800", "09:00-18:00+08:00",
             "09:00-18:00 +08:00 x", "09:00-18:00 08:00", "mon fri 09:00-10:00", "09:00-18:00 UTC", "09:00-10:00 11:00-12:00", "mo",
             "09:00\t-10:00", " " * 501])])
def test_hours_are_checked_as_the_gateway_reads_them(db, good, specs):
    for spec in specs:
        if good:
            assert db.superuser.one("select yanmen.need_hours(jsonb_build_object('hours', %s))", spec) == spec
        else:
            refused("YM400", db.superuser.one, "select yanmen.need_hours(jsonb_build_object('hours', %s))", spec)


def test_facts_come_default_account_first_then_by_name_then_oldest(db):
    db.ready()
    for a in ("zed", "app"):
        db.account(account=a)
        db.api("grant_add", user="alice", account=a, target="web01")
    db.api("grant_add", user="alice", account="cyadmin", target="web01", feature="exec")
    assert [(f["account_name"], f["features"]) for f in db.facts()] == [
        ("cyadmin", "shell,exec,sftp,scp,upload,download,forward,query"), ("cyadmin", "exec"), ("app", "shell,exec,sftp,scp,upload,download,forward,query"), ("zed", "shell,exec,sftp,scp,upload,download,forward,query")]
    assert [f["account_name"] for f in db.facts(account="zed")] == ["zed"]
    assert db.facts(account="nobody") == db.facts(target="web9") == []
    f = db.facts()[0]
    assert (f["host"], f["port"], f["cluster"], f["networks"], f["samples"], f["auth"], f["suspended"], f["stream_max"]) == (
        "10.0.0.1", 22, "lab", "10.0.0.0/8", False, "password", False, 67108864)
    assert bytes(f["host_key"]) == b"host key number one" and bytes(f["sealed"]) == b"\xc0\xff\xee"


def test_the_menu_is_searched_and_paged(db):
    db.user()
    for i in range(25):
        db.target(f"web{i:02}", f"10.0.0.{i + 1}:22")
        db.account(f"web{i:02}", "root")
        db.api("grant_add", user="alice", account="root", target=f"web{i:02}")
    db.target("db_1", "10.1.0.1:3306", kind="mysql")
    db.account("db_1", "root")
    db.target("a-b_x", "10.1.0.9:22")
    db.account("a-b_x", "root")
    db.api("grant_add", user="alice", account="root", target="a-b_x")
    db.api("grant_add", user="alice", account="root", target="db_1")
    db.api("grant_add", user="alice", account="root", target="web00", until="2001-01-01T00:00:00Z")

    def menu(search, off=0, lim=10):
        return db.broker.rows("select * from api.menu((select user_id from api.login_facts('alice')), %s, %s, %s)", search, off,
                              lim)

    assert [r[1] for r in menu("")][:2] == ["a-b_x", "web00"] and menu("")[0][0] == 26 and len(menu("")) == 10
    assert [r[1] for r in menu("", 20)] == [f"web{i:02}" for i in range(19, 25)]
    assert menu("WEB07") == [(1, "web07", "root", "lab", "10.0.0.8:22")]
    assert [r[1] for r in menu("_")] == ["a-b_x"]
    assert menu("%") == menu("\\") == menu("nothing") == []
    assert len(menu("lab", 0, 1000000)) == 26 and len(menu("lab", -5, -5)) == 1


def test_lists_of_nothing_are_empty_arrays(db):
    for command in [c for c in COMMANDS if c.endswith("_list") and c != "settings_list"]:
        assert db.api(command) == []
    assert all(r["state"] in ("ok", "warn") for r in db.api("doctor"))
    assert LOCAL["role"] == "admin"
