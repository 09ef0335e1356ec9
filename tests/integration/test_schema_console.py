"""schema: console sessions, and what the console may read by console.read."""

import json
import select

import psycopg2
import pytest
from harness.cluster import refused
from harness.signed import PLACE, Signed, inventory, sid, sign

pytestmark = pytest.mark.schema

# collection: the right that it needs, None = everybody's
COLLECTIONS = {"secure_modes": "rule.list", "command_rules": "rule.list", "sql_rules": "rule.list", "sql_policies": "rule.list",
               "views": None, "page_columns": None, "checks": "doctor.run",
               "me": None, "setup": "settings.set", "passkeys": None, "devices": None, "keys": None, "reachable": None, "console_sessions": None, "sessions": "session.list", "recordings": "recording.list",
               "files": "file.list", "audit": "audit.search", "targets": "target.list", "accounts": "target.list", "users": "user.list",
               "roles": "user.list", "groups": "group.list", "clusters": "cluster.list", "grants": "grant.list",
               "settings": "settings.read", "history": None, "requests": "request.list", "requestable": "request.ask", "preapprovals": "request.policy_list",
               "tokens": "token.list", "access_passwords": "access_password.list", "sql_requests": "sql.list", "sql_targets": "sql.ask", "templates": "template.list",
               "passwords": "rotation.list", "rotations": "rotation.list", "rotation_policies": "rotation.list", "duties": "user.list", "channels": "channel.list", "notices": "notice.list",
               "documents": "document.read", "document_versions": "document.manage",
               "document_files": "file.list", "document_limits": "document.manage",
               "clouds": "cloud.list", "cloud_openings": "cloud.list", "cloud_users": "cloud.allow"}


# ---- sessions of the console ----

def test_a_token_is_its_users_until_he_signs_out(db):
    alice = sign(db, "alice", "engineer")
    [[session, user_id, name, role, lang, _]] = alice.lives()
    assert (session, name, role, lang) == (alice.session, "alice", "engineer", "") and user_id
    [login] = db.events("console.login")
    assert (login["actor"], login["address"], login["agent"], login["console"]) == ("user:alice", PLACE, "Firefox on a test", session)
    assert db.api("console_logout", alice.caller)["current"] is True
    assert refused("YM401", alice.lives) == "please sign in again"
    refused("YM401", alice.read, "me")
    refused("YM404", db.api, "console_logout", alice.caller)
    [out] = db.events("console.logout")
    assert (out["actor"], out["user"], out["console"]) == ("user:alice", "alice", session)


def test_a_token_that_is_nobodys_is_refused_and_the_token_itself_is_not_stored(db):
    alice = sign(db, "alice", "engineer")
    alice.hash = alice.token
    refused("YM401", alice.lives)
    alice.hash = b""
    refused("YM401", alice.read, "me")
    assert "token" not in json.dumps(db.events())
    assert db.superuser.one("select count(*) from yanmen.console_session where token_hash = %s", alice.token) == 0


@pytest.mark.parametrize("column, setting", [("seen_at", "console.idle"), ("created_at", "console.longest")])
def test_a_session_ends_when_it_is_idle_or_old(db, column, setting):
    alice = sign(db, "alice", "engineer")
    limit = db.superuser.one("select value::int from yanmen.setting where key = %s", setting)
    age = f"update yanmen.console_session set {column} = now() - %s * interval '1 second'"
    db.superuser.rows(age, limit - 30)
    alice.lives()
    db.superuser.rows(age, limit + 1)
    refused("YM401", alice.lives)
    db.api("settings_set", key=setting, value="0")
    alice.lives()


def test_a_question_whether_somebody_is_there_does_not_keep_him_signed_in(db):
    alice = sign(db, "alice", "engineer")
    db.superuser.rows("update yanmen.console_session set seen_at = now() - interval '5 minutes'")
    seen = "select seen_at, address from yanmen.console_session"
    before = db.superuser.rows(seen)
    assert db.web.one("select console.read(%s, '', 'me', '{}')", alice.hash)["rows"][0]["user"] == "alice"
    assert db.superuser.rows(seen) == before
    alice.read("me")
    assert db.superuser.rows(seen) != before


def test_a_session_in_use_is_noted_once_a_minute_and_told_to_nobody(db):
    alice = sign(db, "alice", "engineer")
    seen = "select seen_at, address from yanmen.console_session"
    first = db.superuser.rows(seen)
    alice.lives()
    assert db.superuser.rows(seen) == first
    db.superuser.rows("update yanmen.console_session set seen_at = now() - interval '61 seconds'")
    alice.read("me")
    assert db.superuser.one("select now() - seen_at < interval '30 seconds' from yanmen.console_session")


def test_a_disabled_user_is_signed_out_and_does_not_come_in(db):
    alice = sign(db, "alice", "engineer")
    [[user_id]] = db.broker.rows("select user_id from api.login_facts('alice')")
    assert db.broker.rows("select * from api.console_gone(%s::uuid[])", [alice.session]) == []
    db.api("user_disable", name="alice")
    refused("YM401", alice.lives)
    refused("YM403", db.broker.rows, "select * from api.console_enter(%s, %s, 'x', 'y')", user_id, b"h" * 32)
    assert db.broker.rows("select * from api.console_gone(%s::uuid[])", [alice.session]) == [(alice.session,)]


def test_everybody_ends_his_own_sessions_and_an_administrator_anybodys(db):
    alice, bob, boss = sign(db, "alice", "engineer"), sign(db, "bob", "engineer"), sign(db, "boss", "admin")
    assert [(c["user"], c["current"]) for c in db.api("console_list", alice.caller)] == [("alice", True)]
    assert {c["user"] for c in db.api("console_list", boss.caller)} == {"alice", "bob", "boss"}
    assert {c["user"] for c in db.api("console_list")} == {"alice", "bob", "boss"}
    refused("YM404", db.api, "console_end", alice.caller, id=bob.session)
    refused("YM404", db.api, "console_end", boss.caller, id="no id")
    refused("YM400", db.api, "console_logout")
    again = Signed(db, "alice")
    db.api("console_end", again.caller, id=alice.session)
    refused("YM401", alice.lives)
    db.api("console_end", boss.caller, id=bob.session)
    refused("YM401", bob.lives)
    assert db.broker.rows("select * from api.console_gone(%s::uuid[])", [alice.session, bob.session, boss.session]) == [
        (alice.session,), (bob.session,)]
    assert [(e["actor"], e["user"]) for e in db.events("console.ended")] == [("user:alice", "alice"), ("user:boss", "bob")]
    for caller in ({"actor": "user:nobody", "role": "admin"}, {"actor": "local:7", "role": ""}, {"role": "root"}):
        refused("YM403", db.api, "console_list", caller)
        refused("YM403", db.api, "console_end", caller, id=boss.session)


# ---- who reads what ----

@pytest.mark.parametrize("role", ["admin", "auditor", "group_admin", "cluster_admin", "user", "engineer", "dba", "operator"])
def test_a_role_reads_what_its_rights_list(db, role):
    db.user("other", "engineer")
    who = sign(db, "someone", role)
    rights = {p for [p] in db.superuser.rows("select permission from yanmen.role_permission where role = %s", role)}
    assert sorted(rights) == who.rows("me")[0]["permissions"]
    for collection, right in COLLECTIONS.items():
        if right is None or right in rights:
            assert isinstance(who.rows(collection), list)
        else:
            assert right in refused("YM403", who.read, collection)
    assert {v for [v] in db.superuser.rows("select viewname from pg_views where schemaname = 'console'")} == set(COLLECTIONS)


def test_what_is_in_another_group_does_not_exist(db):
    inventory(db)
    gina = Signed(db, "gina")
    assert gina.names("targets") == ["web01"] and gina.names("groups") == ["web"]
    assert gina.names("accounts", "target") == ["web01"]
    for collection in ("sessions", "recordings"):
        assert gina.names(collection, "id") == [sid(1)]
        assert gina.rows(collection, id=sid(2)) == []
    assert gina.names("files", "path") == ["/tmp/alice.txt"] and gina.rows("files", id=f"{sid(2)}:1") == []
    assert {r["target"] for r in gina.rows("audit")} == {"web01"}
    hidden = db.superuser.one("select id from yanmen.target where name = 'db01'")
    assert gina.read("targets", id=hidden) == {"rows": [], "total": 0, "more": False}
    assert gina.read("targets", q="db01")["total"] == 0
    boss = sign(db, "boss", "admin")
    assert boss.names("targets") == ["db01", "web01"] and boss.names("files", "path", sort="path") == ["/tmp/alice.txt", "/tmp/bob.txt"]
    assert {r["target"] for r in boss.rows("audit") if "target" in r} >= {"web01", "db01"}


def test_sessions_are_found_by_the_groups_of_their_target_and_by_what_deserves_a_look(db):
    inventory(db)
    boss = sign(db, "boss", "admin")
    seen = {r["user"]: (r["groups"], r["marks"]) for r in boss.rows("sessions")}
    assert seen["alice"][0] == ["web"] and seen["bob"] == (["data"], ["privileged"])
    assert boss.names("sessions", "user", groups="data") == ["bob"] and boss.names("sessions", "user", groups="none") == []
    db.api("session_lock", id=sid(1))
    db.superuser.rows("update yanmen.access_grant set features = features || '{agent}' where account <> 'root'")
    assert boss.rows("sessions", marks="locked")[0]["user"] == "alice"
    assert boss.names("sessions", "user", marks="lends") == ["alice"] and boss.names("sessions", "user", marks="privileged") == ["bob"]
    db.api("group_add", name="all", network_default="true")
    db.api("group_take", group="web", target="web01")
    assert boss.names("sessions", "user", groups="web") == []
    assert boss.names("sessions", "user", groups="all") == ["alice"], "in no ordinary group: the one of its network"


def test_a_page_knows_its_watermark_and_the_address_that_it_shows(db):
    db.ready()
    alice = Signed(db, "alice")
    [me] = alice.rows("me")
    assert (me["watermark"], me["address"]) == ("watch", PLACE)
    db.api("settings_set", key="console.watermark", value="all")
    assert alice.rows("me")[0]["watermark"] == "all"
    refused("YM400", db.api, "settings_set", key="console.watermark", value="some")


def test_a_cluster_admin_sees_his_clusters(db):
    inventory(db)
    db.api("cluster_add", name="far", network="10.9.0.0/16")
    db.target("far01", "10.9.0.1:22", "far")
    carl = sign(db, "carl", "cluster_admin")
    assert carl.rows("clusters") == [] and carl.rows("targets") == []
    db.api("cluster_admin", cluster="far", user="carl")
    assert carl.names("clusters") == ["far"] and carl.names("targets") == ["far01"]


def test_console_sessions_are_ones_own_or_all(db):
    alice, boss = sign(db, "alice", "engineer"), sign(db, "boss", "admin")
    assert alice.names("console_sessions", "user") == ["alice"]
    assert sorted((r["user"], r["current"]) for r in boss.rows("console_sessions")) == [("alice", False), ("boss", True)]


def test_no_collection_shows_a_secret(db):
    inventory(db)
    boss = sign(db, "boss", "admin")
    text = "".join(json.dumps(boss.read(c, limit=500)) for c in COLLECTIONS)
    assert "argon2id" not in text and "c0ffee" not in text and boss.token.hex() not in text and boss.hash.hex() not in text


# ---- reachable: what the SSH menu shows ----

def test_reachable_is_the_menu_with_the_last_visit(db):
    inventory(db)
    db.api("grant_add", user="alice", account="root", target="db01", until="2020-01-01T00:00:00Z")
    alice, bob = Signed(db, "alice"), Signed(db, "bob")
    [[user_id]] = db.broker.rows("select user_id from api.login_facts('alice')")
    menu = db.broker.rows("select target, account, cluster, address from api.menu(%s, '', 0, 50)", user_id)
    [row] = alice.rows("reachable")
    assert menu == [(row["target"], row["account"], row["cluster"], row["address"])] == [("web01", "cyadmin", "lab", "10.0.0.1:22")]
    assert row["recent"].startswith("2025-11-22T15:00:00") and row["groups"] == ["web"] and row["kind"] == "linux"
    assert bob.names("reachable", "target") == ["db01"]
    assert alice.rows("reachable", id=bob.rows("reachable")[0]["id"]) == []
    db.api("grant_remove", id=str(db.api("grant_list")[0]["id"]))
    assert alice.rows("reachable") == []


def test_reachable_begins_with_the_newest_visit(db):
    inventory(db)
    for n in (3, 4):
        db.target(f"new{n}", f"10.0.0.{n}:22")
        db.pin(f"new{n}")
        db.account(f"new{n}")
        db.api("grant_add", user="alice", account="cyadmin", target=f"new{n}")
    db.session(sid(9), target="new4", started_us=1763823600000000 + 10**9)
    assert Signed(db, "alice").names("reachable", "target") == ["new4", "web01", "new3"]


# ---- the query ----

@pytest.fixture
def many(db):
    for n in range(12):
        db.user(f"user{n:02}", "dba" if n % 3 else "engineer")
    db.api("user_disable", name="user05")
    return sign(db, "boss", "admin")


def test_a_page_is_sorted_cut_and_counted(many):
    first = many.read("users", limit=5)
    assert [r["name"] for r in first["rows"]] == ["boss", "user00", "user01", "user02", "user03"]
    assert (first["total"], first["more"]) == (13, False)
    last = many.read("users", limit=5, offset=10, sort="-name")
    assert [r["name"] for r in last["rows"]] == ["user01", "user00", "boss"] and last["total"] == 13
    assert many.read("users", limit=5, offset=50) == {"rows": [], "total": 13, "more": False}
    assert many.names("users", sort="role", limit=2) == ["boss", "user01"]  # the id decides what the column does not


def test_conditions_narrow_a_page(many):
    assert many.names("users", role="engineer") == ["user00", "user03", "user06", "user09"]
    assert many.names("users", state="disabled") == ["user05"]
    assert many.names("users", role=["admin", "engineer"], q="R0") == ["user00", "user03", "user06", "user09"]
    assert many.names("users", password=True, name="boss") == ["boss"]
    assert many.names("users", role="", name=None, limit="2") == ["boss", "user00"]
    assert many.read("users", q="no such thing")["total"] == 0
    assert many.read("users", q="100%")["total"] == 0 and many.read("users", q="user_0")["total"] == 0
    me = many.rows("me")[0]["id"]
    assert many.names("users", id=me) == ["boss"] and many.names("users", id__from=me) == ["boss"]
    assert many.names("users", created__to="2001-01-01T00:00:00Z") == []
    assert len(many.names("users", created__from="2001-01-01", created__to="2999-01-01")) == 13


def test_lists_are_matched_by_what_they_hold(db):
    inventory(db)
    boss = sign(db, "boss", "admin")
    assert boss.names("targets", groups="web") == ["web01"]
    assert boss.names("targets", groups=["web", "data"]) == ["db01", "web01"]
    assert boss.names("targets", groups="nothing") == []


@pytest.mark.parametrize("query", [
    {"nothing": "x"}, {"sort": "nothing"}, {"sort": "keys"}, {"limit": 0}, {"limit": 501}, {"limit": "x"}, {"offset": -1},
    {"offset": 1000001}, {"role__from": "a"}, {"created__from": "yesterday or so"}, {"id__from": "x"}, {"q": "x" * 401},
    {"name": {"a": 1}}, {"sort": "-name; drop table x"}, {"name\" or true --": "x"}, {"tableoid": "1"}, {"password": "perhaps"},
    {"id__to": "99999999999999999999999"}])
def test_a_query_that_makes_no_sense_is_refused(many, query):
    refused("YM400", many.read, "users", **query)


@pytest.mark.parametrize("value", ["' or true --", "\\' or true --", "{x", "%s", "\"", "x'; select 1; --", "$1"])
def test_a_value_is_a_value(many, value):
    assert many.rows("users", name=value) == [] and many.rows("users", name=[value, value]) == []
    assert many.rows("targets", groups=value) == [] and many.rows("users", q=value) == []
    assert many.rows("users", id=value) == []


@pytest.mark.parametrize("collection", ["pg_class", "users\"", "", "nothing", "read", "condition", "users; select 1"])
def test_what_is_no_collection_is_not_found(many, collection):
    refused("YM404", many.read, collection)


def test_a_query_is_an_object(many, db):
    for text in ("[]", "1", "null", '"x"'):
        refused("YM400", db.web.one, "select console.read(%s, %s, 'users', %s::jsonb)", many.hash, PLACE, text)
    refused("YM400", db.web.one, "select console.read(%s, %s, 'users', null)", many.hash, PLACE)


def test_who_somebody_is_cannot_be_said_from_outside(db):
    """The setting that the views look at is set from the token, whatever it was before."""
    alice = sign(db, "alice", "engineer")
    db.user("boss", "admin")
    web = db.connect("yanmen_web")
    web.rows("""select set_config('console.caller', '{"actor": "user:boss", "role": "admin"}', false)""")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        web.rows("select * from console.users")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        web.rows("select console.page('users', '{}')")
    refused("YM403", web.one, "select console.read(%s, %s, 'users', '{}')", alice.hash, PLACE)


# ---- many rows ----

def test_pages_of_a_million_sessions_are_found_by_an_index(db):
    """Not by time: by how many rows are looked at.  Rows as api.session_begin makes them, a hundred thousand are enough to tell."""
    db.ready()
    db.superuser.rows("""set session_replication_role = replica;
        insert into yanmen.session (id, worker, user_id, target_id, account_id, grant_id, user_name, target_name, cluster_name, account_name,
            protocol, address, rule, state, started_at)
        select gen_random_uuid(), 'w', u.id, t.id, a.id, g.id, 'alice', 'web' || n % 1000, 'lab', 'cyadmin', 'ssh', '192.0.2.1', 'grant 1',
            case when n % 10000 = 0 then 'online' else 'closed' end, now() - n * interval '1 minute'
        from generate_series(1, 100000) n, yanmen.users u, yanmen.target t, yanmen.account a, yanmen.access_grant g;
        analyze yanmen.session; reset session_replication_role""")
    boss = sign(db, "boss", "admin")
    plans = []
    for query in ({}, {"sort": "-started", "offset": 100}, {"target": "web7"}, {"state": "online"}, {"user": "alice"},
                  {"sort": "started"}):
        before = db.superuser.one("select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_xact_all_tables "
                                  "where relid = 'yanmen.session'::regclass")
        web = db.superuser  # the same plans; and its own counters, within its transaction
        web.pg.autocommit = False
        page = web.one("select console.read(%s, %s, 'sessions', %s::jsonb)", boss.hash, PLACE, json.dumps({"limit": 50, **query}))
        read = web.one("select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_xact_all_tables "
                       "where relid = 'yanmen.session'::regclass") - before
        web.pg.rollback()
        web.pg.autocommit = True
        assert page["rows"], query
        plans.append((query, read))
    assert all(read <= 30000 for _, read in plans), plans  # the page, its rows, and the count up to 10,001
    [whole] = [boss.read("sessions")]
    assert (whole["total"], whole["more"]) == (10000, True)


# ---- telling ----

def test_what_changes_is_told_by_its_collections_name(db):
    web = db.connect("yanmen_web")
    web.rows("listen yanmen_console")

    def heard():
        db.broker.one("select 1")
        while select.select([web.pg], [], [], 0.2)[0]:
            web.pg.poll()
        told = {n.payload for n in web.pg.notifies}
        web.pg.notifies.clear()
        return told

    db.ready()
    assert heard() == {"users", "clusters", "targets", "accounts", "grants"}
    db.session(sid(1))
    assert heard() == {"sessions", "recordings"}
    db.api("settings_set", key="banner.text", value="hello")
    assert heard() == {"settings"}
    db.api("group_add", name="web")
    db.api("group_put", group="web", target="web01")
    assert heard() == {"groups"}
    alice = Signed(db, "alice")
    assert heard() == {"console_sessions"}
    alice.lives()
    assert heard() == set()
    db.api("console_logout", alice.caller)
    assert heard() == {"console_sessions"}
