"""schema: secure mode, command rules, SQL rules: whose they are, their order, their history; what is tried."""

import json

import pytest
from harness.cluster import refused
from harness.signed import Signed, sid

pytestmark = pytest.mark.schema


class World:
    """lab is carl's, far is not."""

    def __init__(self, db):
        self.db = db
        self.boss, self.carl, self.eve, self.alice = (db.user(n, r) for n, r in (
            ("boss", "admin"), ("carl", "cluster_admin"), ("eve", "auditor"), ("alice", "engineer")))
        db.target("web01", "10.0.0.1:22", "lab")
        db.target("db01", "10.0.0.2:3306", "lab", kind="mysql")
        db.target("db02", "172.16.0.2:1433", "far", ("172.16.0.0/12",), kind="sqlserver")
        db.api("cluster_admin", cluster="lab", user="carl")

    def rule(self, program, caller=None, action="deny", **more):
        return self.db.api("command_rule_add", caller or self.boss, program=program, action=action, **more)

    def programs(self, caller=None, **more):
        return [r["program"] for r in self.db.api("command_rule_list", caller or self.boss, **more)]


@pytest.fixture
def world(db):
    return World(db)


def test_rules_of_all_clusters_come_first_and_each_scope_has_its_own_order(world):
    db = world.db
    own = [world.rule(p, world.carl, cluster="lab") for p in ("a", "b", "c")]
    world.rule("far1", cluster="far")
    world.rule("z")
    world.rule("y", place="1")
    assert world.programs() == ["y", "z", "a", "b", "c", "far1"]
    assert world.programs(world.carl) == ["y", "z", "a", "b", "c"] and world.programs(cluster="lab") == ["y", "z", "a", "b", "c"]
    moved = db.api("command_rule_move", world.carl, id=str(own[2]["id"]), to="1", version="1")
    assert moved["place"] == 1 and world.programs(cluster="lab") == ["y", "z", "c", "a", "b"]
    # who moves one changes no other rule: what somebody saw of it is still true
    assert [r["version"] for r in db.api("command_rule_list", world.boss)] == [1] * 6
    assert "place" in refused("YM400", db.api, "command_rule_move", world.boss, id=str(own[0]["id"]), to="0")
    db.api("command_rule_remove", world.carl, id=str(own[2]["id"]))
    assert world.programs(cluster="lab") == ["y", "z", "a", "b"]


def test_a_cluster_admin_has_his_clusters_rules_and_sees_those_above(world):
    db = world.db
    above, far, own = world.rule("x"), world.rule("f", cluster="far"), world.rule("o", world.carl, cluster="lab")
    refused("YM403", world.rule, "q", world.carl)
    refused("YM404", world.rule, "q", world.carl, cluster="far")  # as if it were not there
    assert "not of your clusters" in refused("YM403", db.api, "command_rule_set", world.carl, id=str(above["id"]), enabled="off")
    for verb in ("set", "move", "remove"):  # another's does not exist
        assert refused("YM404", db.api, f"command_rule_{verb}", world.carl, id=str(far["id"]), to="1") == \
            refused("YM404", db.api, f"command_rule_{verb}", world.carl, id="987654", to="1").replace("987654", str(far["id"]))
    assert db.api("command_rule_set", world.carl, id=str(own["id"]), enabled="off")["enabled"] == "off"
    for who in (world.eve, world.alice):
        refused("YM403", world.rule, "q", who)
        refused("YM403", db.api, "secure_mode_set", who, cluster="lab", secure="on")
    refused("YM403", db.api, "command_rule_list", world.alice)
    assert len(db.api("command_rule_list", world.eve)) == 3
    refused("YM404", db.api, "secure_mode_set", world.carl, cluster="far", secure="on")
    refused("YM404", db.api, "command_rule_list", world.carl, cluster="far")
    assert [c["cluster"] for c in db.api("secure_mode_list", world.carl)] == ["lab"]


def test_secure_mode_is_a_clusters_with_what_doors_do_that_cannot_enforce(world):
    db = world.db
    [lab] = db.api("secure_mode_list", world.carl)
    assert {k: lab[k] for k in ("secure", "doors", "unknown", "default", "enforced")} == {
        "secure": "off", "doors": "refuse", "unknown": "ask", "default": "allow", "enforced": False}
    lab = db.api("secure_mode_set", world.carl, cluster="lab", secure="on", doors="observer", unknown="deny", version=str(lab["version"]))
    assert (lab["secure"], lab["doors"], lab["unknown"], lab["default"]) == ("on", "observer", "deny", "allow")
    assert "carl" in refused("YM409", db.api, "secure_mode_set", world.boss, cluster="lab", secure="off", version=str(lab["version"] - 1))
    assert "refuse, observer, record" in refused("YM400", db.api, "secure_mode_set", world.boss, cluster="lab", doors="x")
    [change] = [h for h in db.api("history_list", world.carl, kind="cluster", name="lab") if h["event"] == "cluster.secure"]
    assert change["before"] == {"secure": False, "secure_doors": "refuse", "secure_unknown": "ask"}
    assert change["after"] == {"secure": True, "secure_doors": "observer", "secure_unknown": "deny"}
    carl = Signed(db, "carl")
    assert [(r["name"], r["secure"]) for r in carl.rows("secure_modes")] == [("lab", True)]
    assert carl.rows("clusters")[0]["secure"] is True


def test_a_rule_has_versions_and_a_history(world):
    db = world.db
    r = world.rule("rm", args="-r /etc*", hours="mon-fri 09:00-18:00", reason_en="no", reason_zh="不行", name="system trees")
    assert r["name"] == "system trees" and r["enabled"] == "on" and r["enforced"] is False
    r2 = db.api("command_rule_set", world.boss, id=str(r["id"]), action="ask", args="", version="1")
    assert (r2["action"], r2["args"], r2["program"], r2["version"]) == ("ask", "", "rm", 2)
    assert "boss" in refused("YM409", db.api, "command_rule_set", world.boss, id=str(r["id"]), action="allow", version="1")
    [last, first] = db.api("history_list", world.eve, kind="command_rule", name=str(r["id"]))
    assert last["before"] == {"action": "deny", "args": "-r /etc*"} and last["after"] == {"action": "ask", "args": ""}
    assert first["event"] == "command_rule.added" and first["after"]["reason_zh"] == "不行"
    for wrong in ({"program": ""}, {"hours": "never"}, {"action": "burn"}, {"program": "a\nb"}, {"args": "x" * 256}, {"enabled": "maybe"}):
        refused("YM400", db.api, "command_rule_set", world.boss, id=str(r["id"]), **wrong)
    assert len(db.events("command_rule.changed")) == 1


def test_the_starter_set_comes_switched_off_and_once(world):
    db = world.db
    n = db.api("command_rule_import", world.carl, cluster="lab")["rules"]
    assert n >= 12 and db.api("command_rule_import", world.carl, cluster="lab")["rules"] == 0
    rules = db.api("command_rule_list", world.boss)
    assert {r["enabled"] for r in rules} == {"off"} and {r["cluster"] for r in rules} == {"lab"} and [r["place"] for r in rules] == list(range(1, n + 1))
    assert all(max(len(r["args"]), len(r["program"])) <= 255 for r in rules)
    assert all(r["reason_en"] and r["reason_zh"] for r in rules if r["action"] != "alert")
    assert all(" / " in r["name"] and not r["name"].isascii() and len(r["name"].encode()) <= 80 for r in rules)
    refused("YM403", db.api, "command_rule_import", world.carl)
    n = db.api("sql_rule_import", world.carl, target="db01")["rules"]
    assert n >= 8 and db.api("sql_rule_import", world.carl, target="db01")["rules"] == 0
    sql = db.api("sql_rule_list", world.boss)
    assert {r["enabled"] for r in sql} == {"off"} and all(" / " in r["name"] and not r["name"].isascii() for r in sql)


def test_what_is_tried_is_what_the_history_has(world):
    db = world.db
    db.pin("web01")
    db.account("web01")
    db.api("grant_add", user="alice", account="cyadmin", target="web01")
    db.session(sid(1))
    for n, text in enumerate(("rm -rf /etc", "ls", "uptime")):
        db.superuser.rows("select audit.add('user:alice', 'channel.opened', %s::jsonb)", json.dumps(
            {"user": "alice", "target": "web01", "session": sid(1), "channel": n, "request": "exec", "text": text}))
    db.superuser.rows("select audit.add('user:alice', 'channel.opened', %s::jsonb)", json.dumps(
        {"user": "alice", "target": "web01", "session": sid(1), "channel": 9, "request": "shell"}))
    db.sealer.rows("select audit.seal(1000)")
    db.broker.rows("select api.search_take(500)")
    db.superuser.rows("insert into search.recording (session_id) values (%s)", sid(1))
    db.broker.rows("select api.search_put(%s, 0, %s::jsonb)", sid(1), json.dumps(
        [[1763823600000000 + n, 0, t] for n, t in enumerate(("cyadmin@web01:~$ sudo reboot", "total 12", "root@web01:/# "))]))
    tried = db.api("command_rule_try", world.boss, program="rm", since="2020-01-01T00:00:00Z")
    assert sorted((x["text"], x["source"], x["account"]) for x in tried["lines"]) == [
        ("ls", "exec", "cyadmin"), ("rm -rf /etc", "exec", "cyadmin"), ("sudo reboot", "terminal", "cyadmin"), ("uptime", "exec", "cyadmin")]
    assert tried["rules"][0]["id"] == 0 and tried["shown"] is True
    assert db.api("command_rule_list", world.boss) == [] and len(db.events("command_rule.tried")) == 1
    # a cluster admin tries within his cluster, and reads no command there
    tried = db.api("command_rule_try", world.carl, program="rm", since="2020-01-01T00:00:00Z")
    assert len(tried["lines"]) == 4 and tried["shown"] is False
    far = world.rule("rm", cluster="far")
    assert db.api("command_rule_try", world.boss, id=str(far["id"]), since="2020-01-01T00:00:00Z")["lines"] == []
    refused("YM404", db.api, "command_rule_try", world.carl, id=str(far["id"]))


def test_sql_rules_are_of_everything_a_cluster_a_group_or_a_target(world):
    db = world.db
    db.api("group_add", name="dbs")
    db.api("group_put", group="dbs", target="db01")

    def add(caller=None, **args):
        return db.api("sql_rule_add", caller or world.boss, **({"action": "deny", "class": ["delete", "update"], "flag": "NO_WHERE"} | args))

    of_target, of_group, of_cluster, of_all = add(target="db01"), add(group="dbs"), add(world.carl, cluster="lab"), add()
    far = add(target="db02")
    order = [r["id"] for r in db.api("sql_rule_list", world.boss)]
    assert order == [of_all["id"], of_cluster["id"], of_group["id"], of_target["id"], far["id"]]
    assert of_all["classes"] == ["DELETE", "UPDATE"] and of_all["flags"] == ["NO_WHERE"] and of_all["name"] == "DELETE UPDATE NO_WHERE"
    assert {r["id"] for r in db.api("sql_rule_list", world.carl)} == {of_all["id"], of_cluster["id"], of_target["id"]}
    asked = db.api("sql_rule_check", world.boss, **{"target": "db01", "class": "delete", "user": "alice"})
    assert [r["id"] for r in asked["rules"]] == order[:4] and asked["dialect"] == "mysql" and asked["role"] == "engineer" and asked["class"] == ["DELETE"]
    refused("YM404", db.api, "sql_rule_check", world.carl, target="db02")
    for caller in (world.carl, world.eve):
        refused("YM403", add, caller)
    for args in ({"group": "dbs"}, {"target": "db02"}, {"group": "nobodys"}):
        refused("YM404", add, world.carl, **args)
        refused("YM404", db.api, "sql_rule_import", world.carl, **args)
    for wrong in ({"class": "EXPLODE"}, {"flag": "X"}, {"cluster": "lab", "group": "dbs"}, {"from": "here"}, {"rows": "-1"}, {"action": "ask"}, {"dialect": "pg"}):
        refused("YM400", add, **wrong)
    r = db.api("sql_rule_set", world.boss, **{"id": str(of_all["id"]), "class": [""], "without": "temp", "from": "10.0.0.0/8", "version": "1"})
    assert (r["classes"], r["flags"], r["without"], r["from"], r["version"]) == ([], ["NO_WHERE"], ["TEMP"], ["10.0.0.0/8"], 2)
    assert db.api("history_list", world.eve, kind="sql_rule", name=str(of_all["id"]))[0]["after"]["without"] == ["TEMP"]


def test_a_databases_default_and_its_approvers(world):
    db = world.db
    db.api("group_add", name="dbs")
    p = db.api("sql_policy_set", world.carl, target="db01", default="approve", approval="on", approvers="dbs")
    assert (p["default"], p["approval"], p["approvers"], p["enforced"]) == ("approve", "on", "dbs", False)
    [change, *_] = db.api("history_list", world.carl, kind="target", name="db01")
    assert change["event"] == "target.sql_policy" and change["after"] == {"sql_default": "approve", "sql_approval": True, "sql_approvers": "dbs"}
    assert db.api("sql_policy_set", world.carl, target="db01", approvers="none")["approvers"] is None
    assert "no database" in refused("YM400", db.api, "sql_policy_set", world.boss, target="web01", default="deny")
    refused("YM404", db.api, "sql_policy_set", world.carl, target="db02", default="deny")
    assert [r["target"] for r in db.api("sql_policy_list", world.carl)] == ["db01"]


def test_the_console_reads_what_is_ones_own(world):
    db = world.db
    world.rule("x"), world.rule("f", cluster="far"), world.rule("o", cluster="lab")
    db.api("sql_rule_add", world.boss, **{"action": "deny", "class": "DROP", "target": "db02"})
    carl, boss = Signed(db, "carl"), Signed(db, "boss")
    assert [(r["program"], r["mine"]) for r in carl.rows("command_rules", sort="rank")] == [("x", None), ("o", True)]
    assert [r["program"] for r in boss.rows("command_rules", sort="rank")] == ["x", "o", "f"]
    assert carl.rows("sql_rules") == [] and [r["target"] for r in boss.rows("sql_rules")] == ["db02"]
    assert carl.names("sql_policies") == ["db01"] and sorted(boss.names("sql_policies")) == ["db01", "db02"]
    line = json.dumps({"steps": [["command-rule add", {"program": "dd", "action": "deny"}], ["sql-rule add", {"action": "deny", "class": ["DROP"]}]]})
    assert db.api("import_run", world.boss, line=[line]) == [{"state": "done", "say": ""}]
    assert [a["state"] for a in db.api("import_run", world.carl, line=[line])] == ["wrong"]
