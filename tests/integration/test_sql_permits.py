"""What was approved runs once: through the real gateway, with a worker whose clients speak in lines."""

import datetime
import os
import threading

import pytest
from harness import procs, sqldoor
from harness.browser import Browser
from harness.sqldoor import Ports, in_session
from harness.wait import until

OK, FAILED = 1, 2  # enum wire_ran
SQL = "DELETE FROM shop.orders WHERE id = 7"


@pytest.fixture(scope="module")
def own_instance_options():
    with sqldoor.options() as options:
        yield options


@pytest.fixture(scope="module")
def database(own_instance):
    with sqldoor.silent(own_instance) as server:
        yield server


class World:
    def __init__(self, instance):
        self.instance = instance
        self.alice, self.dora = instance.user(), instance.user("dba")
        instance.grant(self.alice, "db", account="app")
        instance.ok("group", "add", (group := instance.name("g")))
        instance.ok("group", "put", group, "db")
        instance.ok("group", "admin", group, self.dora.name)
        instance.ok("sql-policy", "set", "db", "--approval", "on")
        self.asker, self.decider = Browser(instance).login(self.alice), Browser(instance).login(self.dora)

    def ask(self, sql=SQL, **more):
        end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).isoformat()
        return self.asker.ok(self.asker.command("sql-request add", target="db", sql=sql, reason="ticket 4711", until=end, **more))["id"]

    def approve(self, r, **more):
        self.decider.ok(self.decider.command("sql-request approve", id=r, **more))
        return r

    def show(self, r):
        return self.asker.ok(self.asker.command("sql-request show", id=r))

    def ends(self, r, state):
        until(lambda: self.show(r)["state"] == state, 30, f"request {r} is {state}")
        return self.show(r)

    def session(self):
        return in_session(self.instance, self.alice)


@pytest.fixture
def world(own_instance, database):
    w = World(own_instance)
    yield w
    w.asker.close()
    w.decider.close()


def test_an_approved_statement_is_permitted_once_and_its_outcome_is_kept(world):
    with world.session() as c:
        assert c.ask("permit", "shop", SQL) == ["error", "no request with this text"]
        r = world.ask(rows="1", database="shop")
        assert c.ask("permit", "shop", SQL) == ["error", f"request {r} waits for its approval"]
        world.approve(r)
        assert c.ask("permit", "other", SQL) == ["error", f"request {r} is for the database shop"]
        assert c.ask("permit", "shop", SQL) == ["permit", str(r), "1", "1", "1", "1"]
        assert world.show(r)["state"] == "running" and c.ask("permit", "shop", SQL)[0] == "error"
        assert c.ask("ran", r, 1, OK, 2, "") == ["told"]
        shown = world.ends(r, "done")
        assert (shown["list"][0]["rows"], shown["list"][0]["us"], shown["list"][0]["over"]) == (2, 1500, True)
        assert [s["step"] for s in shown["steps"]] == ["asked", "approved", "running", "over", "done"]
        assert c.ask("permit", "shop", SQL) == ["error", f"request {r} is done"]
    kinds = [e["kind"] for e in world.instance.audit(user=world.alice.name)]
    assert {"sql_request.running", "sql.done", "sql_request.over", "sql_request.done"} <= set(kinds)


def test_an_error_is_an_outcome(world):
    r = world.approve(world.ask())
    with world.session() as c:
        assert c.ask("permit", "", SQL)[0] == "permit"
        c.ask("ran", r, 1, FAILED, -1, "no such table")
        shown = world.ends(r, "failed")
    assert (shown["say"], shown["list"][0]["code"], shown["list"][0]["sqlstate"]) == ("no such table", 1064, "42000")


def test_of_two_sessions_at_once_one_may(world):
    with world.session() as one, world.session() as two:
        for turn in range(5):
            sql = f"DELETE FROM shop.orders WHERE id = {turn}"
            r = world.approve(world.ask(sql))
            answers = []
            threads = [threading.Thread(target=lambda c=c, sql=sql: answers.append(c.ask("permit", "shop", sql)[0])) for c in (one, two)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            assert sorted(answers) == ["error", "permit"], (r, answers)


def test_a_client_that_leaves_before_the_answer_leaves_unknown(world):
    r = world.approve(world.ask())
    with world.session() as c:
        assert c.ask("permit", "shop", SQL)[0] == "permit"
    assert "never sent again" in world.ends(r, "unknown")["say"]
    with world.session() as c:
        assert c.ask("permit", "shop", SQL) == ["error", f"request {r} is unknown"]


def test_a_worker_that_dies_before_the_answer_leaves_unknown(world):
    r = world.approve(world.ask())
    with world.session() as c:
        assert c.ask("permit", "shop", SQL)[0] == "permit"
        procs.kill_hard(procs.server_side(os.getpid(), world.instance.pids("mysql"), Ports.shared))
        world.ends(r, "unknown")


def test_what_was_taken_back_is_of_no_use(world):
    r = world.approve(world.ask())
    world.decider.ok(world.decider.command("sql-request refuse", id=r, reason="not now"))
    with world.session() as c:
        assert c.ask("permit", "shop", SQL) == ["error", f"request {r} is refused"]


def test_it_goes_on_over_a_restart_of_the_broker(world):
    r = world.approve(world.ask())
    with world.session() as c:
        assert c.ask("permit", "shop", SQL)[0] == "permit"
        procs.kill_hard(world.instance.pids("broker")[0])
        until(lambda: world.instance.cli("doctor").code == 0, 60, "the broker is back")
        assert c.ask("ran", r, 1, OK, 1, "") == ["told"]
        world.ends(r, "done")
