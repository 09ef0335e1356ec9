"""schema: SQL approval: its states over their whole grid, who asks, sees and decides, what is used once, what nobody knows."""

import datetime
import hashlib
import itertools
import json
import threading
import uuid

import pytest
from harness.cluster import Refused, refused
from harness.signed import Signed

pytestmark = pytest.mark.schema

NOW = datetime.datetime.now(datetime.timezone.utc)
STATES = ["asked", "approved", "refused", "withdrawn", "expired", "running", "done", "failed", "unknown"]
ENDS = {"asked": ["approved", "refused", "withdrawn", "expired"], "approved": ["running", "refused", "withdrawn", "expired"],
        "running": ["done", "failed", "unknown"]}
OF_A_STATEMENT = {"PENDING": ["RUNNING", "SKIPPED"], "RUNNING": ["OK", "FAILED", "SKIPPED", "UNKNOWN"]}


def after(**how):
    return (NOW + datetime.timedelta(**how)).isoformat()


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def findings(sql, verdict="approve"):
    """As policy/sql/check.c makes them, of statements without a semicolon inside."""
    parts = [s.strip() for s in sql.split(";") if s.strip()]
    return {"classes": ["DELETE"], "flags": [], "tables": ["shop.orders"], "fingerprint": "00" * 16, "verdict": verdict, "rule": None, "rule_name": "no deletes",
            "digest": digest("; ".join(parts)), "statements": [
                {"text": s, "digest": digest(s), "classes": [s.split()[0].upper()], "flags": [], "tables": ["shop.orders"], "tables_known": True,
                 "verdict": verdict, "rule": None, "rule_name": ""} for s in parts]}


class World:
    """orders is a database of the group shop, whose admins are gina and dora (a dba); alice may use it.  olga is a dba of another group."""

    def __init__(self, db):
        self.db = db
        self.alice, self.bob, self.gina, self.dora, self.olga, self.boss, self.eve = (db.user(n, r) for n, r in (
            ("alice", "engineer"), ("bob", "engineer"), ("gina", "group_admin"), ("dora", "dba"), ("olga", "dba"), ("boss", "admin"), ("eve", "auditor")))
        db.target("orders", "10.0.0.1:3306", kind="mysql")
        db.target("web01", "10.0.0.2:22")
        for target in ("orders", "web01"):
            db.pin(target, b"k" * 32)
            db.account(target)
            for user in ("alice", "dora"):
                db.api("grant_add", user=user, account="cyadmin", target=target)
        for group in ("shop", "other"):
            db.api("group_add", name=group)
        db.api("group_put", group="shop", target="orders")
        for group, user in (("shop", "gina"), ("shop", "dora"), ("other", "olga")):
            db.api("group_admin", group=group, user=user)
        db.api("sql_policy_set", target="orders", approval="on")

    def call(self, command, caller, args, *more):
        return self.db.broker.one(f"select api.{command}(%s::jsonb, %s::jsonb{', %s::bytea, %s::jsonb' if more else ''})",
                                  json.dumps(caller), json.dumps(args), *more)

    def ask(self, sql="DELETE FROM shop.orders WHERE id = 7", caller=None, verdict="approve", text=None, **more):
        args = {"target": "orders", "reason": "ticket 4711", "until": after(days=1)} | more
        return self.call("sql_request_add", caller or self.alice, args, text or sql.encode(), json.dumps(findings(sql, verdict)))

    def revise(self, r, sql, caller=None, **more):
        return self.call("sql_request_revise", caller or self.alice, {"id": str(r["id"])} | more, sql.encode(), json.dumps(findings(sql)))

    def do(self, verb, r, caller=None, **more):
        return self.db.api(f"sql_request_{verb}", caller or self.dora, id=str(r["id"]), **more)

    def approve(self, r, caller=None, **more):
        return self.do("approve", r, caller, **more)

    def of(self, r, caller=None):
        return self.do("show", r, caller or self.boss)

    def session(self, user="alice", target="orders", account="cyadmin"):
        sid = str(uuid.uuid4())
        self.db.superuser.rows("insert into yanmen.session (id, worker, user_id, target_id, grant_id, user_name, target_name, cluster_name, account_name, protocol, "
                               "address, rule, started_at) select %s, '1', u.id, t.id, g.id, u.name, t.name, 'lab', %s, 'mysql', '10.0.0.9', '', now() "
                               "from yanmen.users u, yanmen.target t, yanmen.access_grant g where u.name = %s and t.name = %s order by g.id limit 1", sid, account, user, target)
        return sid

    def end(self, session):
        self.db.superuser.rows("update yanmen.session set state = 'crashed', ended_at = now() where id = %s", session)

    def permit(self, sql="DELETE FROM shop.orders WHERE id = 7", session=None, connection=None, database="shop", **who):
        [(request, n, count, rows, stop, why)] = (connection or self.db.broker).rows(
            "select * from api.sql_permit(%s, decode(%s, 'hex'), %s)", session or self.session(**who), digest(sql), database)
        return {"request": request, "n": n, "count": count, "rows": rows, "stop": stop} if request else {"why": why}

    def told(self, session, r, n=1, how="OK", rows=1, code=0, words="", **more):
        body = {"session": session, "request": r["id"], "n": n, "state": how, "rows": rows, "us": 1500, "code": code, "sqlstate": "HY000", "words": words} | more
        self.db.broker.one("select api.spool_apply(gen_random_uuid(), 1700000000000000, 'sql.done', %s)", json.dumps(body))

    def states(self, r):
        return [s["state"] for s in self.of(r)["list"]]

    def ago(self, r, **how):
        """As if it had been asked for so long ago."""
        self.db.superuser.rows("set session_replication_role = replica; update yanmen.sql_request set starts_at = starts_at - %s, until = until - %s "
                               "where id = %s; reset session_replication_role", *[datetime.timedelta(**how)] * 2, r["id"])

    def tick(self):
        return self.db.broker.one("select api.requests_tick()")


@pytest.fixture
def world(db):
    return World(db)


# ---- the table of its states ----

@pytest.mark.parametrize("table, states, ends, column", [
    ("sql_request", STATES, ENDS, "id"), ("sql_statement", ["PENDING", "RUNNING", "OK", "FAILED", "SKIPPED", "UNKNOWN"], OF_A_STATEMENT, "request_id")])
def test_nothing_goes_from_one_state_to_another_but_as_the_table_says(world, table, states, ends, column):
    r = world.ask()
    for was, becomes in itertools.product(states, states):
        world.db.superuser.rows(f"set session_replication_role = replica; update yanmen.{table} set state = %s, "
                                f"{'session_id = null, started_at = null' if column == 'id' else 'rows = null'} where {column} = %s; "
                                "reset session_replication_role", was, r["id"])
        try:
            world.db.superuser.rows(f"update yanmen.{table} set state = %s where {column} = %s", becomes, r["id"])
            went = True
        except Refused as e:
            assert e.code == "YM409"
            went = False
        assert went == (was == becomes or becomes in ends.get(was, [])), (was, becomes)


@pytest.mark.parametrize("column, value", [
    ("text", "DELETE FROM shop.orders"), ("sha256", b"\0" * 32), ("digest", b"\0" * 32), ("database", "x"), ("account", "root"), ("mode", "job"),
    ("reason", "x"), ("findings", "{}"), ("stop_on_error", False), ("starts_at", NOW - datetime.timedelta(days=9))])
def test_what_is_asked_for_never_changes(world, column, value):
    r = world.ask()
    refused("YM409", world.db.superuser.rows, f"update yanmen.sql_request set {column} = %s where id = %s", value, r["id"])


def test_what_was_approved_gets_no_longer_and_no_wider(world):
    r = world.ask(rows="10")
    world.approve(r)
    for change in ("until = until + interval '1 day'", "row_limit = 1000", "row_limit = null"):
        refused("YM409", world.db.superuser.rows, f"update yanmen.sql_request set {change} where id = %s", r["id"])


def test_a_text_that_was_changed_behind_its_back_is_of_no_use(world):
    r, approved = world.ask(), world.ask("DELETE FROM shop.orders WHERE id = 8")
    world.approve(approved)
    world.db.superuser.rows("set session_replication_role = replica; update yanmen.sql_request set text = 'DELETE FROM shop.orders'; "
                            "reset session_replication_role")
    for what in (lambda: world.approve(r), lambda: world.of(r), lambda: world.permit("DELETE FROM shop.orders WHERE id = 8")):
        assert "not the one that was asked for" in refused("YM409", what)


# ---- asking ----

@pytest.mark.parametrize("args, code, words", [
    ({"reason": " "}, "YM400", "reason is missing"), ({"until": ""}, "YM400", "until is missing"), ({"until": after(days=-1)}, "YM400", "passed"),
    ({"until": after(days=91)}, "YM400", "longest"), ({"mode": "magic"}, "YM400", "no mode"), ({"mode": "job"}, "YM400", "by your own client"),
    ({"target": "web01"}, "YM400", "no database"), ({"target": "nothing"}, "YM404", "no account"), ({"account": "root"}, "YM404", "no account"),
    ({"sql": " ;\n"}, "YM400", "no SQL"), ({"sql": "x" * 1048577}, "YM400", "1 MiB"), ({"text": b"\xff\xfe"}, "YM400", "UTF-8"), ({"rows": "many"}, "YM400", "rows"),
    ({"database": "a\nb"}, "YM400", "no name"), ({"verdict": "deny"}, "YM409", "no approval can let it pass")])
def test_what_makes_no_sense_is_refused_with_a_reason(world, args, code, words):
    assert words in refused(code, world.ask, **args)
    assert world.db.events("sql_request.asked") == []


def test_who_has_no_account_there_or_may_not_ask_does_not(world):
    refused("YM404", world.ask, caller=world.bob)
    refused("YM403", world.ask, caller=world.eve)
    assert "signs in" in refused("YM403", world.ask, caller={"actor": "local:0", "role": "admin", "address": "local"})
    world.db.superuser.rows("update yanmen.access_grant set until = now()")
    refused("YM404", world.ask)


def test_nobody_asks_for_more_than_twenty_at_once(world):
    for _ in range(20):
        r = world.ask()
    refused("YM409", world.ask)
    world.do("withdraw", r, world.alice)
    world.ask()


def test_what_nobody_can_read_may_be_asked_for_and_an_estimate_that_is_not_there_is_unknown(world):
    f = findings("GIBBERISH x") | {"classes": ["UNPARSED"]}
    r = world.call("sql_request_add", world.alice, {"target": "orders", "reason": "r", "until": after(days=1)}, b"GIBBERISH x", json.dumps(f))
    assert (r["state"], r["classes"], r["rows"]) == ("asked", ["UNPARSED"], None)
    assert world.of(r)["list"][0]["estimate"] == "unknown"
    assert world.approve(r)["state"] == "approved"


def test_facts_for_the_judge_name_the_rules_and_who_approves(world):
    world.db.api("sql_rule_add", world.boss, target="orders", class_="DELETE", action="approve")
    f = world.db.api("sql_request_check", world.alice, target="orders", database="shop")
    assert ([r["action"] for r in f["rules"]], f["dialect"], f["approvers"], f["account"]) == (["approve"], "mysql", ["boss", "dora", "gina"], "cyadmin")
    world.db.api("sql_policy_set", target="orders", approvers="other")
    f = world.db.api("sql_request_check", world.alice, target="orders")
    assert (f["approvers"], f["approvers_group"]) == (["olga"], "other")
    refused("YM404", world.db.api, "sql_request_check", world.bob, target="orders")


# ---- deciding ----

def test_nobody_decides_his_own_whatever_his_role(world):
    r = world.ask(caller=world.dora)
    for verb in ("approve", "refuse"):
        assert "nobody decides his own" in refused("YM403", world.do, verb, r, world.dora, reason="x")
    assert world.approve(r, world.gina)["state"] == "approved"


def test_a_dba_of_another_group_neither_sees_nor_decides(world):
    r = world.ask()
    for verb in ("show", "approve", "refuse", "withdraw"):
        assert refused("YM404", world.do, verb, r, world.olga, reason="x") == refused("YM404", world.do, verb, {"id": 99999}, world.olga, reason="x").replace(
            "99999", str(r["id"]))
    assert world.db.api("sql_request_list", world.olga) == [] and Signed(world.db, "olga").rows("sql_requests") == []
    assert [x["id"] for x in world.db.api("sql_request_list", world.dora)] == [r["id"]]
    assert [(x["id"], x["decidable"], x["mine"]) for x in Signed(world.db, "dora").rows("sql_requests")] == [(r["id"], True, False)]
    assert [(x["id"], x["decidable"], x["mine"]) for x in Signed(world.db, "alice").rows("sql_requests")] == [(r["id"], False, True)]
    assert [(x["id"], x["decidable"]) for x in Signed(world.db, "eve").rows("sql_requests")] == [(r["id"], False)]
    refused("YM404", world.do, "show", r, world.bob)


def test_where_a_target_names_its_approvers_nobody_else_approves(world):
    world.db.api("sql_policy_set", target="orders", approvers="other")
    r = world.ask()
    refused("YM404", world.approve, r, world.dora)
    refused("YM403", world.approve, r, world.boss)  # sees it, and is none of them
    assert world.approve(r, world.olga)["decided_by"] == "user:olga"


def test_an_approver_gives_less_and_never_more_and_says_which_text_he_read(world):
    r = world.ask(rows="100")
    refused("YM400", world.approve, r, until=after(days=2))
    refused("YM400", world.approve, r, until=after(days=-2))
    refused("YM400", world.approve, r, rows="101")
    assert "not the text" in refused("YM409", world.approve, r, sha256="0" * 64)
    done = world.approve(r, rows="5", until=after(hours=1), sha256=r["sha256"], reason="fine")
    assert (done["state"], done["rows"], done["answer"]) == ("approved", 5, "fine") and done["until"] < r["until"]
    assert "already, by dora" in refused("YM409", world.approve, r, world.gina)


def test_a_refusal_has_a_reason_and_takes_an_approval_back_that_was_not_used(world):
    r = world.ask()
    refused("YM400", world.do, "refuse", r, reason=" ")
    world.approve(r)
    assert world.do("refuse", r, world.gina, reason="not today")["state"] == "refused"
    assert "is refused" in world.permit()["why"]
    refused("YM409", world.do, "refuse", r, reason="x")


def test_who_asked_takes_it_back_and_nobody_else(world):
    r = world.ask()
    refused("YM403", world.do, "withdraw", r, world.gina)
    assert world.do("withdraw", r, world.alice)["state"] == "withdrawn"
    refused("YM409", world.do, "withdraw", r, world.alice)
    refused("YM409", world.approve, r)


def test_it_expires_by_the_clock_whether_the_timer_came_or_not(world):
    asked, approved = world.ask(), world.ask("DELETE FROM shop.orders WHERE id = 9")
    world.approve(approved)
    for r in (asked, approved):
        world.ago(r, days=1, seconds=1)
        assert world.of(r)["state"] == "expired"
    refused("YM409", world.approve, asked)
    assert "is expired" in world.permit("DELETE FROM shop.orders WHERE id = 9")["why"]
    assert world.tick() == 2 and world.tick() == 0
    assert [e["why"] for e in world.db.events("sql_request.expired")] == ["nobody decided before its end", "it was not used before its end"]


def test_who_is_disabled_asks_for_nothing_any_more(world):
    r = world.ask()
    world.approve(r)
    world.db.api("user_disable", world.boss, name="alice")
    assert "why" in world.permit()
    world.tick()
    assert (world.of(r)["state"], world.of(r)["say"]) == ("withdrawn", "who asked was disabled")


def test_what_is_asked_anew_is_another_request_that_shows_the_one_before(world):
    r = world.ask(rows="3", database="shop")
    n = world.revise(r, "DELETE FROM shop.orders WHERE id = 8")
    assert (n["revises"], n["state"], n["rows"], n["database"], n["reason"]) == (r["id"], "asked", 3, "shop", "ticket 4711")
    assert (world.of(r)["state"], world.of(r)["revised_by"], world.of(n)["before"]) == ("withdrawn", n["id"], "DELETE FROM shop.orders WHERE id = 7")
    refused("YM409", world.revise, r, "DELETE FROM shop.orders WHERE id = 9")
    refused("YM403", world.revise, n, "SELECT 1", world.boss)
    world.do("refuse", n, reason="which one?")
    assert world.revise(n, "DELETE FROM shop.orders WHERE id = 9", reason="the right one")["reason"] == "the right one"


# ---- used once ----

def test_what_was_approved_runs_once_and_by_whom_it_was_approved_for(world):
    r = world.ask()
    assert "waits for its approval" in world.permit()["why"]
    world.approve(r)
    assert world.permit("DELETE FROM shop.orders")["why"] == "no request with this text"
    for who in ({"user": "dora"}, {"target": "web01"}):
        assert world.permit(**who)["why"] == "no request with this text"
    assert "for the account cyadmin" in world.permit(account="root")["why"]
    over = world.session()
    world.end(over)
    for session in (over, str(uuid.uuid4())):  # of what is over, or nobody's
        assert world.permit(session=session)["why"] == "no request with this text"
    session = world.session()
    assert world.permit(session=session) == {"request": r["id"], "n": 1, "count": 1, "rows": None, "stop": True}
    assert (world.of(r)["state"], world.of(r)["session"], world.states(r)) == ("running", session, ["RUNNING"])
    for again in (session, None):
        assert "is running" in world.permit(session=again)["why"]
    refused("YM409", world.do, "withdraw", r, world.alice)
    refused("YM409", world.do, "refuse", r, reason="too late")
    world.told(world.session(), r)
    for nonsense in ({"how": "PENDING"}, {"how": None}, {"n": 2}, {"n": "x"}, {"n": 99999999999}, {"request": "1; drop"}, {"request": None}):
        world.told(session, r, **nonsense)
    assert world.states(r) == ["RUNNING"]
    world.told(session, r, rows=4, code=99999999999, sqlstate="HY000000", us="soon", words="w" * 900)
    world.told(session, r, rows=9, how="FAILED")
    assert (world.of(r)["state"], world.of(r)["list"][0]["rows"]) == ("done", 4)
    assert "is done" in world.permit(session=session)["why"]
    assert [s["step"] for s in world.of(r)["steps"]] == ["asked", "approved", "running", "done"]
    kinds = [e["kind"] for e in world.db.events() if e["kind"].startswith("sql_request.")]
    assert kinds == [f"sql_request.{k}" for k in ("asked", "approved", "running", "done")]


def test_it_is_bound_to_its_database_and_its_hours(world):
    r = world.ask(database="shop", starts=after(hours=1))
    world.approve(r)
    assert "for the database shop" in world.permit(database="other")["why"]
    assert "begins at" in world.permit()["why"]
    world.ago(r, hours=1, seconds=1)
    assert world.permit()["request"] == r["id"]


def test_of_two_workers_at_once_one_gets_it(world):
    for turn in range(8):
        sql = f"DELETE FROM shop.orders WHERE id = {turn}"
        world.approve(world.ask(sql))
        connections = [world.db.connect("yanmen_broker") for _ in range(2)]
        answers, gate = [], threading.Barrier(2)

        def take(connection):
            gate.wait()
            answers.append(world.permit(sql, connection=connection))
        threads = [threading.Thread(target=take, args=(c,)) for c in connections]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert sorted("why" in a for a in answers) == [False, True], answers


def test_statements_go_one_by_one_in_their_order_or_all_at_once(world):
    sql = "DELETE FROM a; DELETE FROM b; DELETE FROM c"
    r = world.ask(sql)
    world.approve(r)
    session = world.session()
    assert "cannot be used" in world.permit("DELETE FROM b", session)["why"]
    for n, one in enumerate(sql.split("; "), 1):
        answer = world.permit(one, session)
        assert (answer["request"], answer["n"], answer["count"]) == (r["id"], n, 1)
        assert "why" in world.permit(one)  # in another session
        world.told(session, r, n)
    assert (world.of(r)["state"], world.states(r)) == ("done", ["OK"] * 3)
    r = world.ask(sql)
    world.approve(r)
    assert world.permit(sql, session)["count"] == 3 and world.states(r) == ["RUNNING"] * 3


def test_after_an_error_the_rest_is_skipped_unless_it_was_asked_otherwise(world):
    sql, session = "DELETE FROM a; DELETE FROM b", world.session()
    for stop, then in (("on", (["FAILED", "SKIPPED"], "failed")), ("off", (["FAILED", "OK"], "failed"))):
        r = world.ask(sql, stop_on_error=stop)
        world.approve(r)
        world.permit("DELETE FROM a", session)
        world.told(session, r, 1, "FAILED", -1, 1146, "no such table")
        if stop == "off":
            world.permit("DELETE FROM b", session)
            world.told(session, r, 2)
        assert (world.states(r), world.of(r)["state"], world.of(r)["say"]) == (*then, "no such table")
        assert world.of(r)["list"][0]["code"] == 1146 and world.of(r)["list"][0]["rows"] is None


def test_a_session_that_ends_before_the_answer_leaves_unknown_and_it_is_never_used_again(world):
    sql, session = "DELETE FROM a; DELETE FROM b", world.session()
    r = world.ask(sql)
    world.approve(r)
    world.permit("DELETE FROM a", session)
    assert world.of(r)["state"] == "running"
    world.end(session)
    assert (world.of(r)["state"], world.states(r)) == ("unknown", ["UNKNOWN", "SKIPPED"])
    world.told(session, r)
    assert world.states(r) == ["UNKNOWN", "SKIPPED"] and "is unknown" in world.permit("DELETE FROM a")["why"]
    [event] = world.db.events("sql_request.unknown")
    assert event["outcome"] == [{"n": 1, "state": "UNKNOWN"}, {"n": 2, "state": "SKIPPED"}]


def test_more_rows_than_approved_are_told_to_the_audit(world):
    r, session = world.ask(rows="2"), world.session()
    world.approve(r)
    assert world.permit(session=session)["rows"] == 2
    world.told(session, r, rows=3)
    assert world.of(r)["list"][0]["over"] is True
    [event] = world.db.events("sql_request.over")
    assert (event["rows"], event["approved"]) == (3, 2)


# ---- who is told ----

def test_who_approves_is_told_then_who_asked_and_the_keepers_where_nobody_can(world):
    db = world.db
    for name in ("alice", "dora", "gina", "boss", "olga"):
        db.api("user_set", name=name, mail=f"{name}@example.com")
    db.superuser.rows("insert into notify.channel (name, kind, address, sender, bound, events, created_by) "
                      "values ('mail', 'mail', 'mail:25', 'y@example.com', '', notify.events(), 'x')")

    def told(kind):
        return sorted(n for [n] in db.superuser.rows("select u.name from notify.message m join yanmen.users u on u.id = m.user_id where m.kind = %s", kind))
    r = world.ask()
    assert told("sql.asked") == ["boss", "dora", "gina"]
    world.do("refuse", r, reason="no")
    assert told("sql.refused") == ["alice"]
    db.api("group_add", name="empty")
    db.api("sql_policy_set", target="orders", approvers="empty")
    world.ask()
    assert told("sql.nobody") == ["alice", "boss"]
    db.superuser.rows("delete from notify.message; delete from notify.channel")


def test_risk_is_for_who_decides(world):
    r = world.ask()
    assert world.of(r, world.dora)["risk"] == {"role": "engineer", "online": 0, "refused": 0, "failed": 0, "done": 0}
    assert world.of(r, world.alice)["risk"] is None and world.of(r, world.eve)["risk"] is None


def test_the_form_offers_databases_that_he_may_use(world):
    assert [(t["name"], t["account"], t["kind"], t["approval"]) for t in Signed(world.db, "alice").rows("sql_targets")] == [("orders", "cyadmin", "mysql", True)]
    assert Signed(world.db, "bob").rows("sql_targets") == []
