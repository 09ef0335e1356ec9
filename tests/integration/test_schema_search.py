"""schema/0014_search.sql: what is found, by whom, in which order; before an event is chained, before it is copied and after."""

import json
import random
import uuid

import pytest
from harness.cluster import refused

pytestmark = pytest.mark.schema

AT = 1763823600123456  # 2025-11-22T15:00:00.123456Z
DAY = 86_400_000_000
SAID = ("uname -a", "rm -rf 100%_/tmp", "查看 日志", "C:\\Windows \"x\"", "cat /etc/passwd; ssh 10.0.0.5", "ping 10.0.0.50",
        "echo 数据库连接超时 >> /var/log/app.log", "tail -f /var/log/nginx/access.log", "SELECT * FROM users WHERE naïve=1",
        "rf -rm", "echo 😀笑脸 𠮷野家")


def spoken(db, texts, user="alice", target="web01", at=AT, session=None):
    for i, text in enumerate(texts):
        body = {"user": user, "target": target, "text": text, "request": "exec", "channel": 1, "session": session}
        db.spool(str(uuid.uuid4()), "channel.opened", body, at + i)


def chain(db):
    while db.sealer.rows("select added from audit.seal(1000)") != [(0,)]:
        pass


def copy(db, rows=500):
    chain(db)
    while db.broker.one("select api.search_take(%s)", rows):
        pass


def texts(db, text=None, caller=None, **args):
    """What was said, newest first."""
    args = {"since": "2025-11-20T00:00:00Z", "until": "2025-11-24T00:00:00Z"} | args | ({} if text is None else {"text": text})
    return [r["body"]["text"] if "body" in r else r["text"] for r in db.api("audit_search", caller, **args)]


def recording(db, session, lines, at=AT, **facts):
    """A session with a recording, of which the indexer has these lines: (microseconds since its start, text)."""
    db.session(session, started_us=at, **facts)
    db.spool(str(uuid.uuid4()), "recording.state", {"session": session, "state": "closed"}, at + 1)
    copy(db)
    assert db.broker.rows("select session::text, taken from api.search_next()") == [(session, 0)]
    put(db, session, 0, [[at + us, 1, text] for us, text in lines])
    db.broker.rows("select api.search_done(%s)", session)


def put(db, session, first, lines):
    return db.broker.one("select api.search_put(%s, %s, %s)", session, first, json.dumps(lines))


@pytest.fixture(params=["new", "chained", "copied"])
def said(db, request):
    """The same answers at each stage of an event's way."""
    db.ready()
    spoken(db, SAID)
    {"new": lambda _: None, "chained": chain, "copied": copy}[request.param](db)
    return db


# ---- words ----

@pytest.mark.parametrize("text, found", [
    ("uname", [0]), ("UNAME -A", [0]), ("unam", []), ("rm -rf", [1]), ("rm rf", [9, 1]), ('"rf -rm"', [9]), ("rm 日志", []),
    ("100%_", [1]), ("0_%", []), ("%", [1]), ("日志", [2]), ("日", [2]), ("志", [2]), ("查看日志", []), ("查看 日志", [2]),
    ("数据库", [6]), ("据库连接", [6]), ("库", [6]), ("连超", []), ("c:\\windows", [3]), ('"x"', [3]), ("/etc/passwd", [4]),
    ("passwd", [4]), ("/etc/shadow", []), ("10.0.0.5", [4]), ("10.0.0.50", [5]), ("10.0.0", [5, 4]), ("10.0", [5, 4]), ("0.0.5", []),
    ("/var/log", [7, 6]), ("log access.log", [7]), ("naïve", [8]), ("NAÏVE", [8]), ("select users", [8]), ("😀", [10]), ("笑", [10]),
    ("𠮷", [10]), ("𠮷野", [10]), ("channel.opened alice web01 uname", [0]), ("nothing of it", []), ('"unbalanced', []),
])
def test_words_phrases_and_characters_are_found(said, text, found):
    assert texts(said, text) == [SAID[i] for i in found]


@pytest.mark.parametrize("text", ["'; drop table search.line; --", "\\", "\\\\'", "%%%", "_", "$1", "{}", "{\"a\":1}", "\u202e", "\ufeff",
                                  "\"", "\"\"", " ", "\t\n", "\x7f", "''", "\U0010ffff", "a" * 1000, "\" \" \"", "(?:", "[", "*", "\\y"])
def test_what_is_typed_is_data(said, text):
    assert set(texts(said, text)) <= set(SAID)


def test_random_text_is_found_by_its_own_words(db):
    """Whatever was said is found by each of its words, and by itself as a phrase."""
    r = random.Random(7)
    letters = "ab_9./-% \\'\"é中文漢カナ한😀\u3000,"
    lines = ["".join(r.choices(letters, k=r.randrange(1, 30))).replace("\"", "") for _ in range(150)]
    db.ready()
    spoken(db, lines)
    copy(db)
    for line in lines:
        if line.strip() and line.split():
            assert line in texts(db, f'"{line.strip()}"', limit="1000"), line
            for word in line.split():
                assert line in texts(db, word, limit="1000"), (line, word)


def test_filters(db):
    caller = db.ready()
    assert caller["actor"] == "user:alice"
    session = str(uuid.uuid4())
    db.session(session, started_us=AT - 5_000_000)
    spoken(db, SAID[:2], session=session)
    spoken(db, SAID[2:4], user="bob", target="web02", at=AT + 10)
    for step in (lambda _: None, chain, copy):
        step(db)
        assert texts(db, kind="command") == [SAID[3], SAID[2], SAID[1], SAID[0]]
        assert texts(db, user="bob") == [SAID[3], SAID[2]] == texts(db, target="web02")
        assert texts(db, "uname", user="bob") == texts(db, user="nobody") == texts(db, target="web9") == []
        assert texts(db, kind=["file", "command"], user="alice", target="web01", text="uname") == [SAID[0]]
        assert texts(db, kind="file") == [] and texts(db, kind="command", user="") == texts(db, kind="command")
        [e] = db.api("audit_search", since="2025-11-22T15:00:00.123457Z", text="rm", user="alice")
        assert (e["at"], e["session"], e["actor"], e["kind"], e["offset"]) == (
            "2025-11-22T15:00:00.123457Z", session, "user:alice", "channel.opened", 5)
        assert [r["kind"] for r in db.api("audit_search", kind="login")] == ["session.start"]
        assert {r["kind"] for r in db.api("audit_search", kind="admin", text="alice")} >= {"user.added", "grant.added"}
    for bad in ({"since": "yesterdayish"}, {"until": "1h"}, {"since": "2026-99-99"}, {"kind": "x"}, {"limit": "1001"}, {"limit": "-1"},
                {"before": "x"}, {"before": "1"}, {"before": "99999999999999999.1"}):
        refused("YM400", db.api, "audit_search", **bad)


def test_pages_follow_one_another(db):
    db.ready()
    lines = [f"word {i:04d}" for i in range(250)]
    r = random.Random(3)
    ats = r.sample(range(250), 200) + [17] * 50  # many at one time, and in another order than they come
    for line, at in zip(lines, ats):
        spoken(db, [line], at=AT + at)
    copy(db, 20)
    every = texts(db, "word", limit="1000")
    assert sorted(every) == lines
    before, pages = None, []
    while page := db.api("audit_search", text="word", limit="7", **({"before": before} if before else {})):
        pages += [e["body"]["text"] for e in page]
        before = page[-1]["next"]
        assert len(page) <= 7
    assert pages == every
    assert len(texts(db, "word")) == 100


def test_full_chunks_and_late_events_keep_the_order(db):
    """Each chunk is said to be full, and events come days late: newest first all the same."""
    db.ready()
    r = random.Random(5)
    said = []
    for i in range(12):
        at = AT - r.randrange(3) * DAY + r.randrange(1000) * 1_000_000
        spoken(db, [f"late {i}"], at=at)
        said.append((at, f"late {i}"))
        copy(db)
        db.owner.rows("update search.chunk set lines = 32768")
    want = [t for _, t in sorted(said, reverse=True)]
    window = {"since": "2025-11-18T00:00:00Z"}
    assert texts(db, "late", **window) == want and db.owner.one("select count(*) from search.chunk") > 12
    for n in (1, 2, 5, 11):
        assert texts(db, "late", limit=str(n), **window) == want[:n]


def test_no_text_makes_a_search_fail(db):
    db.ready()
    spoken(db, SAID)
    copy(db)
    r = random.Random(11)
    signs = "\\\"'%_$()[]{}*+?|^.,;:!/ \t\n\x01\x7f\x85aA0é中文😀\u200f\u2028\ufffd\U0010ffff"
    for _ in range(300):
        text = "".join(r.choices(signs, k=r.randrange(0, 60)))
        assert set(texts(db, text)) <= set(SAID), text
        assert all(text.strip() in said or text.strip().lower() in said.lower() for said in texts(db, f'"{text}"') if '"' not in text)


# ---- terminal text ----

def test_lines_of_a_terminal_are_found_with_where_to_replay(db):
    db.ready()
    session = str(uuid.uuid4())
    recording(db, session, [(2_500_000, "root:x:0:0:root:/root:/bin/bash"), (61_000_000, "错误:数据库连接超时")])
    [row] = db.api("audit_search", text="数据库 超时")
    assert (row["kind"], row["session"], row["offset"], row["text"], row["channel"], row["user"], row["target"]) == (
        "output", session, 61, "错误:数据库连接超时", 1, "alice", "web01")
    assert texts(db, "/bin/bash", kind="output", user="alice", target="web01") == ["root:x:0:0:root:/root:/bin/bash"]
    assert texts(db, "/bin/bash", kind="command") == [] == texts(db, "/bin/bash", user="bob")
    [e] = db.events("recording.indexed")
    assert e["session"] == session and e["actor"] == "system"


def test_lines_come_once_whatever_is_told_twice(db):
    db.ready()
    session = str(uuid.uuid4())
    recording(db, session, [(0, "line one"), (1, "line two")])
    assert put(db, session, 0, [[AT, 1, "line one"]]) == 2 and put(db, session, 3, [[AT, 1, "x"]]) == 2
    assert put(db, session, 2, [[AT, 1, "line three"]]) == 3
    assert texts(db, "line") == ["line two", "line three", "line one"]
    assert put(db, str(uuid.uuid4()), 0, [[AT, 1, "nobody's"]]) == -1
    assert db.broker.rows("select * from api.search_next()") == []


def test_a_recording_that_cannot_be_read_is_given_up_after_some_tries(db):
    db.ready()
    session = str(uuid.uuid4())
    db.session(session)
    db.spool(str(uuid.uuid4()), "recording.state", {"session": session, "state": "crashed"})
    copy(db)
    tries = 0
    for _ in range(20):
        tries += len(db.broker.rows("select * from api.search_next()"))
        assert db.broker.rows("select * from api.search_next()") == []  # not at once again
        db.owner.rows("update search.recording set again_at = now()")
    assert tries == 8 and db.owner.one("select state from search.recording") == "failed"
    assert next(c for c in db.api("doctor") if c["name"] == "search")["state"] == "warn"
    db.api("audit_reindex", recording=session)
    assert next(c for c in db.api("doctor") if c["name"] == "search")["state"] == "ok"
    assert len(db.events("recording.indexed")) == 1


def test_terminal_text_stays_out_when_that_is_set(db):
    db.ready()
    db.api("settings_set", key="search.terminal", value="off")
    session = str(uuid.uuid4())
    db.session(session)
    db.spool(str(uuid.uuid4()), "recording.state", {"session": session, "state": "closed"})
    copy(db)
    assert db.broker.rows("select * from api.search_next()") == []
    db.api("settings_set", key="search.terminal", value="on")
    assert len(db.broker.rows("select * from api.search_next()")) == 1


def test_reindexing_makes_it_all_again(db):
    db.ready()
    session, other = str(uuid.uuid4()), str(uuid.uuid4())
    recording(db, session, [(0, "first text")])
    recording(db, other, [(0, "other text")], at=AT + DAY)
    spoken(db, ["said text"])
    copy(db)
    assert db.api("audit_reindex", recording=session[:13])["recordings"] == 1
    assert texts(db, "text") == ["other text", "said text"]
    assert db.broker.rows("select session::text, taken from api.search_next()") == [(session, 0)]
    assert put(db, session, 0, [[AT, 1, "first text"]]) == 1
    assert texts(db, "text") == ["other text", "said text", "first text"]
    assert db.api("audit_reindex", all="1")["recordings"] == 2
    assert texts(db, "text") == ["said text"]  # from the log, meanwhile
    copy(db)
    assert texts(db, "text") == ["said text"] and len(db.events("audit.reindexed")) == 2
    refused("YM400", db.api, "audit_reindex")
    refused("YM400", db.api, "audit_reindex", all="1", recording=session)
    refused("YM404", db.api, "audit_reindex", recording=str(uuid.uuid4()))
    refused("YM403", db.api, "audit_reindex", db.user("ada", "auditor"), all="1")


def test_what_retention_removes_is_not_found(db):
    db.ready()
    session = str(uuid.uuid4())
    recording(db, session, [(0, "old text")])
    db.owner.rows("select search.forget(%s)", session)
    assert texts(db, "old text") == [] and db.broker.rows("select * from api.search_next()") == []


# ---- who may ----

def test_a_group_admin_finds_what_happened_on_his_targets(db):
    db.ready()
    db.target("web02")
    db.pin("web02")
    db.account("web02")
    db.api("grant_add", user="alice", account="cyadmin", target="web02")
    for group, admin, target in (("g1", "gina", "web01"), ("g2", "gus", "web02")):
        db.user(admin, "group_admin")
        db.api("group_add", name=group)
        db.api("group_put", group=group, target=target)
        db.api("group_admin", group=group, user=admin)
    gina, gus = ({"actor": f"user:{n}", "role": "group_admin", "address": "local"} for n in ("gina", "gus"))
    mine, other = str(uuid.uuid4()), str(uuid.uuid4())
    recording(db, mine, [(0, "shown one")])
    recording(db, other, [(0, "shown two")], target="web02")
    spoken(db, ["shown by command one"], session=mine)
    spoken(db, ["shown by command two"], target="web02", session=other)
    spoken(db, ["shown to nobody's target"], target="elsewhere")
    for step in (lambda _: None, chain, copy):
        step(db)
        assert sorted(texts(db, "shown", gina)) == ["shown by command one", "shown one"]
        assert sorted(texts(db, "shown", gus)) == ["shown by command two", "shown two"]
        assert texts(db, "shown", gina, target="web02") == []
        assert len(texts(db, "shown")) == 5
    assert {r["target"] for r in db.api("audit_search", gina)} == {"web01"}
    db.api("group_take", group="g1", target="web01")
    assert texts(db, "shown", gina) == []
    refused("YM403", db.api, "audit_export", gina)
    refused("YM403", db.api, "audit_search", db.user("eve", "engineer"))


def test_searching_is_audited_and_does_not_find_itself(db):
    db.ready()
    db.api("audit_search", text="secret plan", user="alice")
    db.api("audit_search", text="secret plan")
    assert db.api("audit_search", text="secret") == [] and db.api("audit_search", user="nobody") == []
    first, *_ = db.events("audit.searched")
    assert first["search"] == {"text": "secret plan", "user": "alice"} and first["actor"] == "local:0"
    assert len(db.api("audit_search", text="audit.searched")) == 4
