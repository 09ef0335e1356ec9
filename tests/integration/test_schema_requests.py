"""schema: access requests, who decides them, what is approved at once, and their clock."""

import datetime
import threading

import pytest
from harness.cluster import Refused, refused
from harness.signed import Signed, sid

pytestmark = pytest.mark.schema

NOW = datetime.datetime.now(datetime.timezone.utc)


def after(**how):
    return (NOW + datetime.timedelta(**how)).isoformat()


class World:
    """web01 and web02 may be asked for and are gina's; secret01 may not; far01 may, and is nobody's but the admins'."""

    def __init__(self, db):
        self.db = db
        self.alice, self.gina, self.boss, self.eve = (db.user(n, r) for n, r in (
            ("alice", "engineer"), ("gina", "group_admin"), ("boss", "admin"), ("eve", "auditor")))
        for n, (name, group) in enumerate((("web01", "web"), ("web02", "web"), ("far01", "far"), ("secret01", "secret"))):
            db.target(name, f"10.0.0.{n + 1}:22")
            db.pin(name, f"host key number {n:04}".encode())
            db.account(name)
            if group not in [g["name"] for g in db.api("group_list")]:
                db.api("group_add", name=group)
            db.api("group_put", group=group, target=name)
        for group in ("web", "far"):
            db.api("group_requestable", group=group, requestable="on")
        db.api("group_admin", group="web", user="gina")

    def ask(self, *targets, caller=None, **more):
        args = {"target": list(targets or ["web01"]), "account": "cyadmin", "reason": "ticket 4711", "until": after(days=3)} | more
        return self.db.api("request_add", caller or self.alice, **args)

    def approve(self, r, caller=None, **more):
        return self.db.api("request_approve", caller or self.gina, id=str(r["id"]), **more)

    def of(self, r):
        return self.db.api("request_show", self.boss, id=str(r["id"]))

    def tick(self, at=NOW):
        return self.db.broker.one("select api.requests_tick(%s)", at)

    def until(self):
        return [f["until_epoch"] for f in self.db.facts("alice", "web01")]

    def ago(self, r, **how):
        """As if it had been asked, approved and begun so long ago."""
        back = datetime.timedelta(**how)
        self.db.superuser.rows("update yanmen.request set starts_at = starts_at - %s, until = until - %s, asked_at = asked_at - %s, "
                               "decided_at = decided_at - %s where id = %s", back, back, back, back, r["id"])
        self.db.superuser.rows("update yanmen.access_grant set since = since - %s, until = until - %s where request_id = %s",
                               back, back, r["id"])


@pytest.fixture
def world(db):
    return World(db)


# ---- the way of a request ----

def test_what_is_approved_is_granted_until_its_end_and_ends_by_itself(world):
    db = world.db
    r = world.ask()
    assert (r["state"], r["user"], r["targets"], r["account"]) == ("asked", "alice", ["web01"], "cyadmin")
    assert db.facts("alice", "web01") == []
    done = world.approve(r, reason="fine")
    assert (done["state"], done["decided_by"], done["answer"]) == ("active", "user:gina", "fine")
    [fact] = db.facts("alice", "web01")
    assert abs(fact["until_epoch"] - (NOW + datetime.timedelta(days=3)).timestamp()) < 2
    assert fact["moves"] and fact["ends_epoch"] == fact["until_epoch"] and "sftp" in fact["features"] and "agent" not in fact["features"]
    world.ago(r, days=3, seconds=5)
    assert world.of(r)["state"] == "ended"
    assert world.tick() == 1 and world.tick() == 0
    assert [e["kind"] for e in db.events() if e["kind"].startswith("request.")] == ["request.asked", "request.approved", "request.ended"]
    asked, approved, ended = (e for e in db.events() if e["kind"].startswith("request."))
    assert (asked["actor"], asked["address"], asked["target"], asked["reason"]) == ("user:alice", "10.0.0.9", "web01", "ticket 4711")
    assert (approved["actor"], approved["user"]) == ("user:gina", "alice") and ended["why"] == "its term is over"
    refused("YM409", db.api, "request_extend", world.alice, id=str(r["id"]), until=after(days=9), reason="more")


def test_a_request_for_later_opens_nothing_before(world):
    r = world.ask(starts=after(hours=2))
    assert world.approve(r)["state"] == "approved"
    assert world.db.facts("alice", "web01") == [] and Signed(world.db, "alice").rows("reachable") == []
    world.ago(r, hours=2, seconds=1)
    assert world.of(r)["state"] == "active" and len(world.db.facts("alice", "web01")) == 1


def test_an_approver_may_give_less_time_and_never_more(world):
    r = world.ask()
    refused("YM400", world.approve, r, until=after(days=4))
    assert world.approve(r, until=after(hours=1))["until"] < world.ask()["until"]
    [event] = world.db.events("request.approved")
    assert event["asked_until"] > event["until"]
    assert world.until()[0] < (NOW + datetime.timedelta(hours=1, seconds=2)).timestamp()


def test_a_refusal_has_a_reason_and_grants_nothing(world):
    r = world.ask()
    refused("YM400", world.db.api, "request_refuse", world.gina, id=str(r["id"]), reason=" \n")
    done = world.db.api("request_refuse", world.gina, id=str(r["id"]), reason="use web02")
    assert (done["state"], done["answer"]) == ("refused", "use web02")
    assert world.db.facts("alice", "web01") == []


def test_software_is_asked_for_in_words(world):
    refused("YM400", world.ask, kind="software")
    r = world.ask(kind="software", detail="PostgreSQL 15 client", account=None)
    assert world.approve(r)["state"] == "approved" and world.db.facts("alice", "web01") == []
    r = world.ask(kind="software", detail="nginx 1.22")
    assert world.approve(r)["state"] == "active" and len(world.db.facts("alice", "web01")) == 1


@pytest.mark.parametrize("args, code", [
    ({"target": []}, "YM400"), ({"target": [f"t{n}" for n in range(33)]}, "YM400"), ({"reason": "  "}, "YM400"),
    ({"reason": "x" * 2001}, "YM400"), ({"detail": "x" * 4001}, "YM400"), ({"kind": "nonsense"}, "YM400"), ({"account": ""}, "YM400"),
    ({"until": ""}, "YM400"), ({"until": "infinity"}, "YM400"), ({"until": "soon"}, "YM400"), ({"until": after(days=-1)}, "YM400"),
    ({"until": after(days=91)}, "YM400"), ({"starts": after(days=4)}, "YM400"), ({"account": "root"}, "YM404"),
    ({"target": ["secret01"]}, "YM404"), ({"target": ["web01", "secret01"]}, "YM404"), ({"target": ["nothing"]}, "YM404")])
def test_what_makes_no_sense_or_is_not_to_be_asked_for_is_refused(world, args, code):
    said = refused(code, world.ask, **args)
    assert "secret01" not in said or said == "no target named secret01 can be asked for"
    assert world.db.events("request.asked") == []


def test_nobody_asks_for_more_than_twenty_at_once(world):
    for _ in range(20):
        r = world.ask()
    refused("YM409", world.ask)
    world.db.api("request_withdraw", world.alice, id=str(r["id"]))
    world.ask()


def test_who_may_not_ask_does_not(world):
    refused("YM403", world.ask, caller=world.eve)
    assert "grant add" in refused("YM403", world.ask, caller={"actor": "local:0", "role": "admin", "address": "local"})


# ---- who decides ----

def test_nobody_decides_his_own_request_whatever_his_role(world):
    for caller in (world.boss, world.gina):
        r = world.ask(caller=caller)
        for command in ("request_approve", "request_refuse"):
            assert "his own" in refused("YM403", world.db.api, command, caller, id=str(r["id"]), reason="x")
    assert world.db.events("request.approved") == []
    assert world.approve(world.ask(caller=world.gina), world.boss)["state"] == "active"


def test_only_who_administers_all_its_targets_decides(world):
    both = world.ask("web01", "far01")
    for command in ("request_approve", "request_refuse", "request_show"):
        refused("YM404", world.db.api, command, world.gina, id=str(both["id"]), reason="x")
    for caller in (world.alice, world.eve):
        with pytest.raises(Refused) as e:
            world.approve(world.ask(), caller)
        assert e.value.code == "YM403"
    bob = world.db.user("bob")
    refused("YM404", world.db.api, "request_show", bob, id=str(both["id"]))
    refused("YM404", world.db.api, "request_withdraw", bob, id=str(both["id"]))
    assert [r["id"] for r in world.db.api("request_list", bob)] == []
    assert both["id"] not in [r["id"] for r in world.db.api("request_list", world.gina)]
    assert both["id"] in [r["id"] for r in world.db.api("request_list", world.eve)]
    assert world.approve(both, world.boss)["state"] == "active"
    assert len(world.db.facts("alice", "web01")) == len(world.db.facts("alice", "far01")) == 1


def test_a_cluster_admin_decides_for_his_clusters(world):
    carl = world.db.user("carl", "cluster_admin")
    r = world.ask()
    refused("YM404", world.approve, r, carl)
    world.db.api("cluster_admin", cluster="lab", user="carl")
    assert world.approve(r, carl)["decided_by"] == "user:carl"


def test_of_two_who_decide_at_once_the_second_is_told(world):
    r = world.ask()
    first = world.db.connect("yanmen_broker")
    first.pg.autocommit = False
    first.api("request_approve", world.gina, id=str(r["id"]))
    said = []
    second = threading.Thread(target=lambda: said.append(refused("YM409", world.approve, r, world.boss)))
    second.start()
    first.pg.commit()
    second.join(30)
    assert said == [f"request {r['id']} was approved already, by gina"]
    refused("YM409", world.db.api, "request_refuse", world.boss, id=str(r["id"]), reason="late")
    assert len(world.db.facts("alice", "web01")) == 1 and len(world.db.events("request.approved")) == 1


def test_what_changed_meanwhile_is_not_granted(world):
    gone, lost, disabled = world.ask("web02"), world.ask("web01"), world.ask("far01")
    world.db.api("target_remove", name="web02")
    assert "web02" in refused("YM409", world.approve, gone, world.boss)
    world.db.api("account_remove", target="web01", account="cyadmin")
    assert "web01" in refused("YM409", world.approve, lost)
    world.db.api("user_disable", name="alice")
    assert "disabled" in refused("YM409", world.approve, disabled, world.boss)
    assert world.of(disabled)["state"] == "asked"
    assert world.tick() == 3
    assert (world.of(disabled)["state"], world.of(disabled)["decided_by"]) == ("withdrawn", "system")
    assert world.db.superuser.one("select count(*) from yanmen.access_grant") == 0


def test_what_nobody_decided_in_time_is_refused(world):
    r = world.ask()
    world.ago(r, days=4)
    refused("YM409", world.approve, r)
    assert world.tick() == 1 and world.of(r)["answer"] == "nobody decided before its end"


# ---- withdrawing and extending ----

def test_an_asker_takes_back_and_gives_up_and_an_approver_takes_away_with_a_reason(world):
    db = world.db
    r = world.ask()
    refused("YM409", db.api, "request_withdraw", world.gina, id=str(r["id"]), reason="x")
    assert db.api("request_withdraw", world.alice, id=str(r["id"]))["state"] == "withdrawn"
    refused("YM409", db.api, "request_withdraw", world.alice, id=str(r["id"]))
    r = world.ask()
    world.approve(r)
    assert db.api("request_withdraw", world.alice, id=str(r["id"]))["state"] == "ended" and db.facts("alice", "web01") == []
    r = world.ask()
    world.approve(r)
    refused("YM400", db.api, "request_withdraw", world.gina, id=str(r["id"]))
    assert db.api("request_withdraw", world.gina, id=str(r["id"]), reason="incident")["state"] == "ended"
    assert [(e["actor"], e["why"]) for e in db.events("request.ended")] == [("user:alice", ""), ("user:gina", "incident")]


def test_a_grant_that_an_admin_removes_ends_its_request(world):
    r = world.ask()
    world.approve(r)
    world.db.api("grant_remove", id=str(world.db.api("grant_list")[0]["id"]))
    assert world.of(r)["state"] == "ended" and world.tick() == 1
    assert world.db.events("request.ended")[0]["why"] == "its grants were removed"


def test_an_extension_is_decided_anew_and_moves_the_end_of_what_runs(world):
    db = world.db
    r = world.ask()
    args = {"id": str(r["id"]), "until": after(days=6), "reason": "not done"}
    refused("YM409", db.api, "request_extend", world.alice, **args)  # nothing to extend yet
    world.approve(r)
    db.session(sid(1))
    end = lambda: db.broker.rows("select until_epoch from api.sessions_ends()")[0][0]
    before = end()
    refused("YM403", db.api, "request_extend", world.boss, **args)
    refused("YM404", db.api, "request_extend", db.user("bob"), **args)
    refused("YM400", db.api, "request_extend", world.alice, **(args | {"until": after(days=1)}))
    x = db.api("request_extend", world.alice, **args)
    assert (x["state"], x["extends"], x["targets"]) == ("asked", r["id"], ["web01"])
    refused("YM409", db.api, "request_extend", world.alice, **args)  # one at a time
    assert end() == before
    assert world.approve(x)["state"] == "approved"
    assert end() - before > 2 * 86400 and world.of(r)["until"] == x["until"]
    assert len(db.facts("alice", "web01")) == 1
    world.ago(r, days=7)
    assert world.of(r)["state"] == "ended" and world.of(x)["state"] == "approved"
    late = db.api("request_list", world.alice, state="asked")
    assert late == []


def test_an_extension_of_what_ended_meanwhile_is_not_given(world):
    r = world.ask()
    world.approve(r)
    x = world.db.api("request_extend", world.alice, id=str(r["id"]), until=after(days=6), reason="more")
    world.ago(r, days=3, seconds=9)
    refused("YM409", world.approve, x)
    assert world.db.facts("alice", "web01")[0]["until_epoch"] < NOW.timestamp()


# ---- the clock ----

def test_the_end_is_told_before_once_for_each_time(world):
    r = world.ask()
    world.approve(r)
    end = NOW + datetime.timedelta(days=3)
    hour, day = datetime.timedelta(hours=1), datetime.timedelta(days=1)
    assert world.tick(NOW) == 0 and world.tick(end - day - hour) == 0
    assert world.tick(end - day + hour) == 1 and world.tick(end - 2 * hour) == 0
    assert world.tick(end - hour / 2) == 1 and world.tick(end - hour / 3) == 0
    assert [e["left"] for e in world.db.events("request.ending")] == [86400, 3600]
    assert world.tick(end + hour) == 1


def test_a_short_term_is_reminded_of_by_its_last_hour_alone(world):
    r = world.ask(until=after(hours=8))
    world.approve(r)
    assert world.tick(NOW + datetime.timedelta(hours=1)) == 0 and world.tick(NOW + datetime.timedelta(hours=7, minutes=30)) == 1
    world.db.api("settings_set", key="request.notice", value="")
    r = world.ask(until=after(hours=8))
    world.approve(r)
    assert world.tick(NOW + datetime.timedelta(hours=7, minutes=59)) == 0


def test_sessions_end_with_the_term_or_go_on_as_the_policy_says(world):
    db = world.db
    r = world.ask()
    world.approve(r)
    db.session(sid(1))
    assert db.broker.rows("select until_epoch from api.sessions_ends()")[0][0] == world.until()[0] > 0
    db.api("settings_set", key="request.end_sessions", value="off")
    assert db.broker.rows("select withdrawn, until_epoch from api.sessions_ends()") == [("", 0)]
    [fact] = db.facts("alice", "web01")
    assert fact["until_epoch"] > 0 and fact["ends_epoch"] == 0, "no new session begins after it"
    world.ago(r, days=4)
    world.tick()
    assert db.broker.rows("select withdrawn, until_epoch from api.sessions_ends()") == [("", 0)]
    db.api("grant_add", user="alice", account="cyadmin", target="web02", until=after(days=1))
    assert db.facts("alice", "web02")[0]["ends_epoch"] > 0, "other grants are not meant"


# ---- what is approved at once ----

def test_a_policy_approves_at_once_what_fits_it_and_nothing_else(world):
    db = world.db
    db.api("preapproval_add", name="night", role="engineer", group="web", longest="28800")
    fits = {"until": after(hours=8)}
    r = world.ask("web01", "web02", **fits)
    assert (r["state"], r["decided_by"], r["preapproval"]) == ("active", "system", "night")
    [event] = db.events("request.approved")
    assert (event["actor"], event["preapproval"], event["user"]) == ("system", "night", "alice")
    assert world.ask(until=after(hours=9))["state"] == "asked"
    assert world.ask("web01", "far01", **fits)["state"] == "asked"
    assert world.ask(kind="software", detail="vim", **fits)["state"] == "asked"
    assert world.ask(caller=world.boss, **fits)["state"] == "asked"
    x = db.api("request_extend", world.alice, id=str(r["id"]), until=after(hours=12), reason="more")
    assert x["state"] == "asked", "with its extension it is longer than the policy's longest"
    short = world.ask(until=after(hours=1))
    assert db.api("request_extend", world.alice, id=str(short["id"]), until=after(hours=3), reason="more")["decided_by"] == "system"
    db.api("preapproval_remove", name="night")
    assert world.ask(**fits)["state"] == "asked" and world.of(r)["state"] == "active"


def test_a_policy_may_be_for_one_user_and_one_account(world):
    world.db.account("web01", "root")
    world.db.api("preapproval_add", name="alice", user="alice", group="web", account="cyadmin", longest="3600")
    hour = {"until": after(minutes=59)}
    assert world.ask(**hour)["state"] == "active" and world.ask(account="root", **hour)["state"] == "asked"
    assert world.ask(caller=world.db.user("bob"), **hour)["state"] == "asked"


def test_policies_are_written_by_admins_and_not_for_themselves(world):
    good = {"name": "p", "role": "engineer", "group": "web", "longest": "3600"}
    for caller in (world.alice, world.gina, world.eve):
        refused("YM403", world.db.api, "preapproval_add", caller, **good)
        refused("YM403", world.db.api, "preapproval_remove", caller, name="p")
    refused("YM403", world.db.api, "preapproval_add", world.boss, **(good | {"user": "boss", "role": ""}))
    for change in ({"name": "a b"}, {"kind": "x"}, {"role": ""}, {"user": "alice"}, {"role": "x"}, {"longest": "59"}, {"longest": "x"}):
        refused("YM400", world.db.api, "preapproval_add", **(good | change))
    refused("YM404", world.db.api, "preapproval_add", **(good | {"group": "x"}))
    assert world.db.api("preapproval_add", world.boss, **good)["longest"] == 3600
    refused("YM409", world.db.api, "preapproval_add", **good)
    assert [p["name"] for p in world.db.api("preapproval_list", world.eve)] == ["p"]
    refused("YM404", world.db.api, "preapproval_remove", name="q")


# ---- what the console reads ----

def test_who_asks_sees_what_may_be_asked_for_and_no_address(world):
    alice = Signed(world.db, "alice")
    rows = alice.rows("requestable")
    assert [(r["name"], r["account"], r["granted"], r["groups"]) for r in rows] == [
        ("far01", "cyadmin", False, ["far"]), ("web01", "cyadmin", False, ["web"]), ("web02", "cyadmin", False, ["web"])]
    assert "10.0.0" not in str(rows) and alice.read("requestable", q="secret01")["total"] == 0
    world.approve(world.ask())
    assert alice.names("requestable", granted=True) == ["web01"]
    world.db.api("group_requestable", group="web", requestable="off")
    assert alice.names("requestable") == ["far01"]
    refused("YM404", world.ask)


def test_each_sees_his_own_requests_and_those_he_decides(world):
    first, both = world.ask(), world.ask("web01", "far01")
    world.db.user("bob")
    alice, bob, gina, boss, eve = (Signed(world.db, n) for n in ("alice", "bob", "gina", "boss", "eve"))
    assert bob.rows("requests") == [] and bob.rows("requests", id=first["id"]) == []
    assert [(r["id"], r["mine"], r["decidable"], r["risk"]) for r in alice.rows("requests")] == [
        (both["id"], True, False, None), (first["id"], True, False, None)]
    [row] = gina.rows("requests")
    assert (row["id"], row["decidable"], row["endable"]) == (first["id"], True, False)
    assert (row["risk"]["role"], row["risk"]["grants"], row["risk"]["here"], row["risk"]["refused"]) == ("engineer", 0, [], 0)
    assert len(boss.rows("requests", decidable=True)) == 2 and len(eve.rows("requests", decidable=True)) == 0
    assert len(eve.rows("requests")) == 2
    world.approve(first)
    [row] = gina.rows("requests")
    assert (row["state"], row["decidable"], row["endable"]) == ("active", False, True)
    [row] = boss.rows("requests", state="asked")
    assert row["risk"]["here"] == ["cyadmin@web01"] and row["risk"]["grants"] == 1
    assert boss.rows("requests", targets="far01")[0]["id"] == both["id"]
