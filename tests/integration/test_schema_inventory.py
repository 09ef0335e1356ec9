"""schema: versions, history and new names of what stands in the inventory."""

import json

import pytest
from harness.cluster import LOCAL, refused
from harness.signed import Signed, inventory, sid, sign

pytestmark = pytest.mark.schema


def history(db, kind, name, caller=None):
    return db.api("history_list", caller, kind=kind, name=name)


# ---- new names ----

def test_a_renamed_target_keeps_its_credentials_grants_and_host_key(db):
    db.ready()
    db.session(sid(1))
    before = db.facts()
    db.api("target_rename", name="web01", to="www")
    assert db.facts("alice", "web01") == []
    [after] = db.facts("alice", "www")
    assert not after["suspended"] and after | {"target_name": "web01"} == before[0] | {"online": 1}
    assert [s["target"] for s in db.api("session_list")] == ["web01"]  # the name of its time
    db.session(sid(2), target="www")
    assert {s["target"] for s in db.api("session_list")} == {"web01", "www"}


def test_users_groups_and_clusters_are_renamed_with_all_that_is_theirs(db):
    inventory(db)
    boss = sign(db, "boss", "admin")
    db.api("user_rename", name="alice", to="alice.b")
    db.api("group_rename", name="web", to="www")
    db.api("cluster_rename", name="lab", to="lab2")
    assert boss.names("grants", "user", q="alice") == ["alice.b"]
    assert boss.names("targets", groups="www") == ["web01"] and boss.rows("targets", name="web01")[0]["cluster"] == "lab2"
    assert db.api("user_add", name="alice", role="user", pwhash="$argon2id$x")["name"] == "alice"  # the name is free
    assert db.facts("alice") == []


@pytest.mark.parametrize("kind, name", [("user", "alice"), ("group", "web"), ("cluster", "lab"), ("target", "web01")])
def test_a_name_is_of_one_and_makes_sense(db, kind, name):
    inventory(db)
    other = {"user": "bob", "group": "data", "cluster": "other", "target": "db01"}[kind]
    if kind == "cluster":
        db.api("cluster_add", name="other", network="10.9.0.0/16")
    rename = f"{kind}_rename"
    assert "already" in refused("YM409", db.api, rename, name=name, to=other)
    refused("YM400", db.api, rename, name=name, to="a b")
    refused("YM400", db.api, rename, name=name)
    refused("YM400", db.api, rename, name=name, to=name)
    refused("YM404", db.api, rename, name="nobody", to="x")
    refused("YM403", db.api, rename, {"actor": "user:alice", "role": "admin"}, name=name, to="x")


def test_the_samples_stay_the_samples(db):
    db.target("demo", "127.0.0.1:22", "samples", ("127.0.0.0/8",))
    db.target("web01")
    refused("YM400", db.api, "cluster_rename", name="samples", to="lab2")
    refused("YM400", db.api, "cluster_rename", name="lab", to="samples")


def test_old_events_stay_those_of_the_target_that_had_the_name(db):
    """gina's web01 becomes www, and db01, which is not hers, web01: of that one she finds nothing."""
    inventory(db)
    gina = Signed(db, "gina")
    first = len(gina.rows("audit", target="web01"))
    assert first > 0
    db.api("target_rename", name="web01", to="www")
    db.api("target_rename", name="db01", to="web01")
    db.api("target_set", name="web01", charset="gbk")
    assert len(gina.rows("audit", target="web01")) == first
    assert [r["kind"] for r in gina.rows("audit", target="www")] == ["target.renamed"]


# ---- versions ----

def test_who_saw_an_older_state_is_told_who_changed_it(db):
    inventory(db)
    boss, vice = sign(db, "boss", "admin"), sign(db, "vice", "admin")
    [seen] = boss.rows("targets", name="web01")
    db.api("target_set", vice.caller, name="web01", charset="gbk", version=str(seen["version"]))
    words = refused("YM409", db.api, "target_set", boss.caller, name="web01", legacy="on", version=str(seen["version"]))
    assert "user:vice" in words and "20" in words
    [now] = boss.rows("targets", name="web01")
    assert (now["charset"], now["legacy"], now["version"]) == ("gbk", False, seen["version"] + 1)
    db.api("target_set", boss.caller, name="web01", legacy="on", version=now["version"])
    db.api("target_set", boss.caller, name="web01", legacy="off")  # without a version: whatever it is
    refused("YM400", db.api, "target_set", boss.caller, name="web01", legacy="off", version="new")


CHANGES = [("users", {"name": "alice"}, "user_disable", {"name": "alice"}), ("users", {"name": "bob"}, "user_enable", {"name": "bob"}),
           ("users", {"name": "alice"}, "user_set", {"name": "alice", "role": "dba"}),
           ("users", {"name": "alice"}, "user_factor", {"name": "alice", "policy": "off"}),
           ("users", {"name": "alice"}, "user_rename", {"name": "alice", "to": "al"}),
           ("users", {"name": "alice"}, "user_remove", {"name": "alice"}),
           ("groups", {"name": "web"}, "group_retention", {"group": "web", "days": "9"}),
           ("groups", {"name": "web"}, "group_rename", {"name": "web", "to": "w"}),
           ("groups", {"name": "web"}, "group_remove", {"name": "web"}),
           ("clusters", {"name": "lab"}, "cluster_set", {"name": "lab", "network": ["10.0.0.0/8", "10.0.0.0/9"]}),
           ("clusters", {"name": "lab"}, "cluster_rename", {"name": "lab", "to": "l"}),
           ("clusters", {"name": "empty"}, "cluster_remove", {"name": "empty"}),
           ("targets", {"name": "web01"}, "target_rename", {"name": "web01", "to": "w"}),
           ("targets", {"name": "web01"}, "target_remove", {"name": "web01"}),
           ("accounts", {"target": "web01"}, "account_remove", {"target": "web01", "account": "cyadmin"}),
           ("grants", {"user": "alice"}, "grant_remove", {}),
           ("settings", {"name": "banner.text"}, "settings_set", {"key": "banner.text", "value": "x"})]


@pytest.mark.parametrize("collection, which, command, args", CHANGES, ids=[c[2] for c in CHANGES])
def test_each_change_takes_the_version_that_was_seen(db, collection, which, command, args):
    inventory(db)
    db.api("cluster_add", name="empty", network="10.9.0.0/16")
    db.api("user_disable", name="bob")
    boss = sign(db, "boss", "admin")
    [row] = boss.rows(collection, **which)
    args = args | ({"id": str(row["id"])} if command == "grant_remove" else {})
    refused("YM409", db.api, command, boss.caller, **args, version=str(row["version"] + 1))
    assert boss.rows(collection, **which) == [row]
    db.api(command, boss.caller, **args, version=str(row["version"]))
    assert boss.rows(collection, id=row["id"]) != [row]


def test_a_credential_is_set_by_who_saw_the_newest(db):
    db.ready()
    boss = sign(db, "boss", "admin")
    [row] = boss.rows("accounts")
    bound = db.broker.one("select api.binding('web01', 'cyadmin')")
    args = {"target": "web01", "account": "cyadmin", "kind": "key", "sealed": "beef", "bound": bound}
    refused("YM409", db.api, "account_set", **args, version=str(row["version"] + 1))
    db.api("account_set", **args, version=str(row["version"]))
    assert boss.rows("accounts")[0]["version"] == row["version"] + 1


def test_sealing_anew_is_no_change(db):
    db.ready()
    boss = sign(db, "boss", "admin")
    [row] = boss.rows("accounts")
    assert db.broker.one("select api.sealed_renew('account', %s, '\\xc0ffee', '\\xbeef')", row["id"])
    assert boss.rows("accounts") == [row] and len(history(db, "account", "web01/cyadmin")) == 1


# ---- history ----

def test_history_tells_who_changed_what_from_what_to_what(db):
    inventory(db)
    vice = sign(db, "vice", "admin")
    db.api("target_set", vice.caller, name="web01", address="10.0.0.77:22", charset="gbk")
    db.api("target_rename", vice.caller, name="web01", to="www")
    renamed, changed, *_, added = history(db, "target", "www")
    assert (renamed["actor"], renamed["before"], renamed["after"]) == ("user:vice", {"name": "web01"}, {"name": "www"})
    assert (changed["event"], changed["before"], changed["after"]) == (
        "target.changed", {"host": "10.0.0.1", "charset": "utf-8"}, {"host": "10.0.0.77", "charset": "gbk"})
    assert added["event"] == "target.added" and added["before"] == {} and added["after"]["cluster"] == "lab"
    assert {"group": "web"} in [h["after"] for h in history(db, "target", "www")]


def test_history_has_members_keys_grants_and_settings(db):
    inventory(db)
    db.api("group_take", group="web", target="web01")
    assert history(db, "group", "web")[0]["before"] == {"target": "web01"}
    assert {"admin": "gina"} in [h["after"] for h in history(db, "group", "web")]
    assert {"admin_of": {"group": "web"}} in [h["after"] for h in history(db, "user", "gina")]
    grant = next(g for g in db.api("grant_list") if g["user"] == "alice")
    db.api("grant_remove", id=str(grant["id"]))
    removed, added = history(db, "grant", str(grant["id"]))
    assert removed["after"] == {"removed": True} and (added["after"]["user"], added["after"]["target"]) == ("alice", "web01")
    db.api("settings_set", key="banner.text", value="hello")
    assert [(h["before"], h["after"]) for h in history(db, "setting", "banner.text")] == [({"value": ""}, {"value": "hello"})]
    db.api("user_set", name="alice", role="dba", lang="zh")
    assert history(db, "user", "alice")[0]["before"] == {"role": "engineer", "lang": ""}


def test_history_holds_no_secret(db):
    db.ready()
    bound = db.broker.one("select api.binding('web01', 'cyadmin')")
    db.api("account_set", target="web01", account="cyadmin", kind="password", sealed="beef01", bound=bound)
    changed, added = history(db, "account", "web01/cyadmin")
    assert changed["after"] == {"credential": "new"} and added["after"]["auth"] == "password"
    text = json.dumps(db.events())
    assert "argon2id" not in text and "beef01" not in text and "c0ffee" not in text


def test_the_console_shows_the_history_of_what_one_may_see(db):
    inventory(db)
    gina, boss, alice = Signed(db, "gina"), sign(db, "boss", "admin"), Signed(db, "alice")
    objects = {r["name"]: str(r["id"]) for r in boss.rows("targets")}
    db.api("target_set", name="web01", charset="gbk")
    db.api("target_set", name="db01", charset="gbk")
    [row, *_] = gina.rows("history", kind="target", object=objects["web01"], sort="-id")
    assert (row["event"], row["actor"], row["before"], row["after"]) == (
        "target.changed", LOCAL["actor"], {"charset": "utf-8"}, {"charset": "gbk"})
    assert gina.rows("history", kind="target", object=objects["db01"]) == []
    assert gina.rows("history", kind="user") == [] and alice.rows("history") == []
    assert boss.rows("history", kind="user") != []
    refused("YM404", db.api, "history_list", gina.caller, kind="target", name="db01")
    refused("YM403", db.api, "history_list", alice.caller, kind="target", name="web01")
    refused("YM400", db.api, "history_list", kind="nothing", name="web01")
    refused("YM404", db.api, "history_list", kind="account", name="web01/nobody")


def test_changes_are_chained_with_their_audit_row_and_not_searched(db):
    db.ready()
    db.api("target_set", name="web01", charset="gbk")
    [event] = db.events("target.changed")
    assert event["changes"] == [{"kind": "target", "object": str(event["changes"][0]["object"]), "name": "web01",
                                 "before": {"charset": "utf-8"}, "after": {"charset": "gbk"}}]
    assert db.superuser.one("select search from audit.event where kind = 'target.changed'").count("gbk") == 1


def test_a_command_that_changes_thousands_tells_the_first_and_stays_quick(db):
    """Not by time: the broker's statements end after 8 s, which reading the list again for each row would take."""
    db.target()
    db.api("group_add", name="big")
    db.superuser.rows("""set session_replication_role = replica;
        insert into yanmen.target (name, kind, host, port, cluster_id)
            select 'many' || n, 'linux', '10.0.0.1', 22, c.id from generate_series(1, 10000) n, yanmen.cluster c;
        insert into yanmen.group_member select g.id, t.id from yanmen.resource_group g, yanmen.target t;
        reset session_replication_role""")
    db.broker.rows("set statement_timeout = '8s'")
    try:
        db.api("group_remove", name="big")
    finally:
        db.broker.rows("reset statement_timeout")
    [event] = db.events("group.removed")
    assert len(event["changes"]) == 500


# ---- what could not be changed before ----

def test_a_cluster_keeps_its_targets_inside(db):
    db.target()
    assert "web01" in refused("YM409", db.api, "cluster_set", name="lab", network="192.168.0.0/16")
    assert db.api("cluster_set", name="lab", network=["10.0.0.0/24", "192.168.0.0/16"])["networks"] == ["10.0.0.0/24", "192.168.0.0/16"]


def test_a_user_gets_another_role_but_not_by_himself(db):
    boss = sign(db, "boss", "admin")
    db.user("alice")
    assert db.api("user_set", boss.caller, name="alice", role="auditor", lang="en")["role"] == "auditor"
    assert db.api("user_set", boss.caller, name="alice", lang="none")["lang"] == ""
    refused("YM403", db.api, "user_set", boss.caller, name="boss", role="user")
    refused("YM400", db.api, "user_set", boss.caller, name="alice")
    refused("YM400", db.api, "user_set", boss.caller, name="alice", role="king")
    refused("YM400", db.api, "user_set", boss.caller, name="alice", lang="fr")


# ---- many lines at once ----

def line(*steps):
    return json.dumps({"steps": [[command, args] for command, args in steps]})


def test_each_line_is_done_whole_or_not_at_all(db):
    boss = sign(db, "boss", "admin")
    lines = [line(("user add", {"name": "u1", "role": "dba"})), line(("user add", {"name": "u2", "role": "king"})),
             line(("group add", {"name": "g1"}), ("group retention", {"group": "g1", "days": "many"})),
             line(("group add", {"name": "g2"}), ("group retention", {"group": "g2", "days": "9"})), "{x", line()]
    said = db.api("import_run", boss.caller, line=lines)
    assert [s["state"] for s in said] == ["done", "wrong", "wrong", "done", "wrong", "done"]
    assert said[1]["say"].startswith("no role king") and said[2]["say"].startswith("days is a number")
    assert boss.names("users") == ["boss", "u1"] and boss.names("groups") == ["g2"]
    assert [e["kind"] for e in db.events() if e["kind"].startswith(("user.", "group.")) and e["actor"] == "user:boss"] == [
        "user.added", "group.added", "group.retention"]
    assert history(db, "group", "g2")[0]["after"] == {"retention_days": 9}


def test_a_check_tells_the_same_and_leaves_nothing(db):
    boss = sign(db, "boss", "admin")
    lines = [line(("user add", {"name": "u1", "role": "dba"})), line(("user add", {"name": "u2", "role": "king"}))]
    before = db.superuser.one("select count(*) from audit.event")
    assert [s["state"] for s in db.api("import_run", boss.caller, line=lines, check="on")] == ["done", "wrong"]
    assert boss.names("users") == ["boss"] and db.superuser.one("select count(*) from audit.event") == before
    assert db.superuser.one("select count(*) from yanmen.change where kind = 'user' and object <> %s", str(boss.rows("users")[0]["id"])) == 0


def test_an_import_does_what_its_caller_may_and_nothing_else(db):
    inventory(db)
    auditor = sign(db, "otto", "auditor")
    wrong = [line(("user add", {"name": "u1", "role": "admin"})), line(("settings set", {"key": "banner.text", "value": "x"})),
             line(("need", {})), line(("user add", ["u1"])), '{"steps": [[]]}']
    assert {s["state"] for s in db.api("import_run", auditor.caller, line=wrong)} == {"wrong"}
    said = db.api("import_run", line=[line(("user add", {"name": "u1", "role": "user", "pwhash": "$argon2id$mine", "key": "ssh-ed25519 x",
                                                          "key_blob": "AAAA"}))])
    assert said == [{"state": "done", "say": ""}]
    [user] = [u for u in db.api("user_list") if u["name"] == "u1"]
    assert not user["password"] and user["keys"] == []
    seen = next(t for t in db.api("target_list") if t["name"] == "web01")["version"]
    db.api("target_set", name="web01", charset="gbk")
    [late] = db.api("import_run", line=[line(("target set", {"name": "web01", "legacy": "on", "version": seen}))])
    assert late["state"] == "wrong" and "changed by" in late["say"]
    refused("YM400", db.api, "import_run")
    refused("YM400", db.api, "import_run", line=[line()] * 101)
