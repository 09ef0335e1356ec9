"""Messages about access requests: who is told, by which channel, and that each comes once; against a real mail server and https servers."""

import datetime
import itertools
import threading

import pytest
from conftest import work_dir
from harness import procs
from harness.browser import Browser
from harness.receivers import Hook, Mail, dingtalk_signed, signed
from harness.siem import Authority
from harness.wait import until

SETTINGS = {"notify.networks": "127.0.0.0/8,::1/128", "notify.pause": "1", "notify.timeout": "3", "notify.tries": "40", "console.url": "https://yanmen.example"}


def after(**how):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**how)).isoformat()


class Place:
    """The session's instance with settings of ours, an authority, and a target that may be asked for, with its admin and an asker."""

    def __init__(self, instance):
        self.instance, self.channels, self.servers = instance, [], []
        self.folder = work_dir()
        self.authority = Authority(self.folder, "ours")
        self.before = {key: instance.ok("settings", "get", key)["value"] for key in SETTINGS}
        for key, value in SETTINGS.items():
            instance.ok("settings", "set", key, value)
        self.group, self.target = instance.name("g"), instance.name("t")
        instance.ok("group", "add", self.group)
        instance.sql(f"""insert into yanmen.target (name, kind, host, port, cluster_id) select '{self.target}', 'linux', '127.0.0.1', 9,
            id from yanmen.cluster where name = 'samples'""")
        instance.ok("account", "set", self.target, "app", "--ca")
        instance.ok("group", "put", self.group, self.target)
        instance.ok("group", "requestable", self.group, "on")
        self.asker, self.admin = instance.user(), instance.user("group_admin")
        instance.ok("group", "admin", self.group, self.admin.name)
        instance.ok("user", "set", self.asker.name, "--mail", f"{self.asker.name}@example.com", "--lang", "zh")
        instance.ok("user", "set", self.admin.name, "--mail", f"{self.admin.name}@example.com", "--lang", "en")
        self.asking, self.deciding = Browser(instance).login(self.asker), Browser(instance).login(self.admin)

    def channel(self, kind, *options, secret, group=True):
        name = self.instance.name("c")
        self.instance.ok("channel", "add", name, "--kind", kind, "--secret-file", self.instance.file(secret), "--ca-file", self.authority.file,
                         *(("--group", self.group) if group else ()), *options)
        self.channels.append(name)
        return name

    def mail(self, events=(), group=True, **how):
        server = Mail(self.authority, **how).start()
        self.servers.append(server)
        name = self.channel("mail", "--address", f"localhost:{server.port}", "--from", "yanmen@example.com", "--login", "robot",
                            "--tls", how.get("tls", "starttls"), *itertools.chain.from_iterable(("--event", e) for e in events),
                            secret="p w\n", group=group)
        return name, server

    def hook(self, kind, answer=None, path="/hook?key=d0nt-tell-anybody", key=None, options=(), **how):
        server = Hook(self.authority, answer, **how)
        self.servers.append(server)
        return self.channel(kind, *options, secret=server.url(path) + "\n" + (key + "\n" if key else "")), server

    def ask(self, reason="ticket 4711"):
        return self.asking.ok(self.asking.command("request add", target=self.target, account="app", reason=reason, until=after(hours=8)))

    def notices(self, channel):
        return [n for n in self.instance.ok("notice", "list", "--limit", "1000") if n["channel"] == channel]

    def states(self, channel):
        return [n["state"] for n in self.notices(channel)]

    def done(self):
        for name in self.channels:
            self.instance.cli("channel", "remove", name)
        for server in self.servers:
            server.stop()
        for r in self.asking.rows("requests", state="asked"):
            self.asking.command("request withdraw", id=r["id"])
        for key, value in self.before.items():
            self.instance.ok("settings", "set", key, value)
        self.asking.close()
        self.deciding.close()


@pytest.fixture
def place(instance):
    p = Place(instance)
    yield p
    p.done()


def test_mail_tells_who_decides_and_who_asked_each_in_his_language(place):
    name, server = place.mail()
    r = place.ask("eine Lücke\r\nBcc: all@example.com")
    admin, asker = f"{place.admin.name}@example.com", f"{place.asker.name}@example.com"
    [to_admin] = until(lambda: server.to(admin), 30, "the approver's mail")
    assert place.asker.name in to_admin["Subject"] and "asks for access" in to_admin["Subject"]
    assert "Bcc" not in to_admin and "eine Lücke" in to_admin.get_content() and "https://yanmen.example/approve" in to_admin.get_content()
    assert server.logins[-1] == ("PLAIN", "robot", True)  # inside TLS
    place.deciding.ok(place.deciding.command("request refuse", id=r["id"], reason="no change window"))
    [to_asker] = until(lambda: server.to(asker), 30, "the asker's mail")
    assert "被拒绝" in to_asker["Subject"] and "no change window" in to_asker.get_content()
    ids = {m["Message-ID"] for _, _, m in server.came}
    assert len(ids) == 2 and all(i.endswith("@example.com>") for i in ids)
    until(lambda: place.states(name) == ["sent", "sent"], 30, "the outbox knows")
    [row] = place.deciding.rows("requests", id=str(r["id"]))
    assert [(t["kind"], t["who"], t["via"], t["state"]) for t in row["told"]] == [
        ("request.asked", place.admin.name, "mail", "sent"), ("request.refused", place.asker.name, "mail", "sent")]


def test_webhooks_and_robots_are_signed_and_their_urls_stay_secret(place):
    _, web = place.hook("webhook", key="K3y")
    ding_name, ding = place.hook("dingtalk", path="/robot/send?access_token=t0ps3cr3ttoken", key="SECabc", options=("--lang", "zh"))
    _, wecom = place.hook("wecom")
    r = place.ask()
    for server in (web, ding, wecom):
        until(lambda: server.came, 30, "the message")
    assert signed(web.came[0], "K3y") and not signed(web.came[0], "other")
    body = web.bodies()[0]
    assert (body["event"], body["request"], body["user"], body["targets"]) == ("request.asked", str(r["id"]), place.asker.name, place.target)
    assert web.came[0]["headers"]["Idempotency-Key"] == body["id"]
    assert dingtalk_signed(ding.came[0], "SECabc") and "申请访问" in ding.bodies()[0]["text"]["content"]
    assert wecom.bodies()[0]["msgtype"] == "text" and wecom.came[0]["path"] == "/hook?key=d0nt-tell-anybody"
    ding.answer = lambda request: (200, {}, b'{"errcode":310000,"errmsg":"sign not match t0ps3cr3ttoken"}')
    told = place.instance.ok("channel", "test", ding_name)
    assert told["state"] == "dead" and "310000" in told["said"]
    shown = str(place.instance.ok("channel", "list")) + str(place.instance.ok("notice", "list")) + place.instance.log_tail(2000) + str(told)
    assert "t0ps3cr3ttoken" not in shown and "d0nt-tell" not in shown and "K3y" not in shown
    assert f"https://localhost:{ding.port}" in shown


def test_who_lies_or_stalls_holds_nobody_up_and_is_told_in_words(place):
    gate = threading.Event()

    def stall(request):
        gate.wait(20)
        return 200, {}, b"{}"

    stalled, _ = place.hook("webhook", stall)
    big, _ = place.hook("webhook", lambda request: (200, {}, b"x" * 10_000_000))
    away, target = place.hook("webhook", lambda request: (302, {"Location": f"https://localhost:{place.servers[0].port}/"}, b""))
    wrong, _ = place.hook("webhook", name="other.example")
    good_name, good = place.hook("webhook")
    place.ask()
    until(lambda: good.came, 20, "the good one, at once")
    for name, word in ((stalled, "timed out"), (big, "too long"), (away, "302"), (wrong, "certificate")):
        said = until(lambda: [n["said"] for n in place.notices(name) if word in n["said"].lower()], 30, f"{name}: {word}")
        assert said and place.states(name)[0] in ("failed", "sending"), name
    assert place.states(good_name) == ["sent"] and len(good.came) == 1
    gate.set()
    place.instance.ok("settings", "set", "notify.networks", "")
    told = place.instance.ok("channel", "test", good_name)
    assert told["state"] == "dead" and "notify.networks" in told["said"]
    place.instance.ok("settings", "set", "notify.networks", SETTINGS["notify.networks"])
    [row] = place.notices(wrong)
    assert place.instance.ok("notice", "drop", row["id"])["state"] == "dead"
    assert place.instance.ok("notice", "retry", row["id"])["state"] == "queued"


def test_a_mail_server_without_tls_gets_no_password_and_a_refusal_is_final(place):
    name, server = place.mail()
    server.stop()
    plain = Mail(place.authority, port=server.port, tls="none").start()
    place.servers.append(plain)
    told = place.instance.cli("channel", "test", name, "--to", "x@example.com")
    assert told.json["state"] == "dead" and plain.came == [] and plain.logins == []
    plain.stop()
    server.start()
    server.answer = lambda address: "550 5.1.1 no such person"
    told = place.instance.ok("channel", "test", name, "--to", "x@example.com")
    assert told["state"] == "dead" and "550" in told["said"]
    server.answer = lambda address: "451 4.7.1 come back later"
    place.ask()
    until(lambda: "451" in place.notices(name)[0]["said"], 30, "the words")
    server.answer = lambda address: "250 OK"
    until(lambda: "sent" in place.states(name), 60, "it came later")
    assert len(server.to(f"{place.admin.name}@example.com")) == 1


def test_each_message_comes_once_when_the_server_was_down_and_the_sender_was_killed(place):
    gate = threading.Event()

    def slow(request):
        gate.wait(20)
        return 200, {}, b"{}"

    name, server = place.hook("webhook", slow)
    port = server.port
    requests = [place.ask(f"number {i}")["id"] for i in range(3)]
    until(lambda: server.came, 30, "the first is on its way")
    [pid] = place.instance.pids("notify")
    procs.kill_hard(pid)
    until(lambda: place.instance.pids("notify") not in ([], [pid]), 30, "another one")
    gate.set()
    until(lambda: place.states(name) == ["sent"] * 3, 60, "all of them")
    ids = {}
    for request in server.came:
        ids.setdefault(request["headers"]["X-Yanmen-Id"], set()).add(request["body"])
    assert len(ids) == 3 and all(len(bodies) == 1 for bodies in ids.values())  # a repeat is the same, under the same id
    assert port and {b["request"] for b in server.bodies()} == {str(i) for i in requests}


def test_mail_comes_once_over_each_kind_of_line_also_when_the_server_was_away(place):
    at_once_name, at_once = place.mail(tls="tls", without=("PLAIN",))
    wrong_name, wrong = place.mail(name="other.example")
    told = place.instance.ok("channel", "test", at_once_name, "--to", "x@example.com")
    assert told["state"] == "sent" and at_once.logins == [("LOGIN", "robot", True)]
    told = place.instance.ok("channel", "test", wrong_name, "--to", "x@example.com")
    assert told["state"] == "dead" and "certificate" in told["said"] and wrong.logins == []
    place.instance.ok("channel", "remove", wrong_name)
    # Away, then there; the sender dies while the server holds back its answer.
    at_once.stop()
    r = place.ask()
    until(lambda: place.states(at_once_name).count("failed") == 1, 30, "it was tried")
    at_once.goes_on.clear()
    at_once.start()
    admin = f"{place.admin.name}@example.com"
    until(lambda: at_once.to(admin), 30, "the mail, which is not answered")
    [pid] = place.instance.pids("notify")
    procs.kill_hard(pid)
    until(lambda: place.instance.pids("notify") not in ([], [pid]), 30, "another sender")
    at_once.goes_on.set()
    until(lambda: sorted(place.states(at_once_name)) == ["sent", "sent"], 60, "it was sent")
    assert {m["Message-ID"] for m in at_once.to(admin)} == {at_once.to(admin)[0]["Message-ID"]} and 1 <= len(at_once.to(admin)) <= 2
    [row] = place.deciding.rows("requests", id=str(r["id"]))
    assert [t["state"] for t in row["told"]] == ["sent"]


def test_the_whole_life_of_an_access_is_told(place, sshd):
    instance = place.instance
    target = instance.target(sshd.port)
    instance.ok("group", "put", place.group, target)
    name, server = place.mail()

    def told(kind):
        rows = until(lambda: [n for n in place.notices(name) if n["kind"] == kind and n["state"] == "sent"], 30, kind)
        return [server.to(f"{n['user']}@example.com")[-1].get_content() for n in rows if n["user"] == place.asker.name]

    def ask(command, **more):
        return place.asking.ok(place.asking.command(command, reason="ticket 4711", **more))

    r = ask("request add", target=target, account=instance.account.name, until=after(hours=8))
    place.deciding.ok(place.deciding.command("request approve", id=r["id"]))
    assert target in told("request.approved")[0]
    online = instance.ssh_start(place.asker, "echo in; sleep 100", login=instance.login(place.asker, target))
    assert online.stdout.readline() == b"in\n", online.stderr.read()
    place.deciding.ok(place.deciding.command("session kill", id=instance.session_of(place.asker, "online")["id"], reason="change window is over"))
    online.wait(30)
    assert "change window is over" in told("session.ended")[0]
    # The clock of the database, an hour before the end (requests_tick: `at` is for tests).
    instance.sql("select api.requests_tick(now() + interval '7 hours 30 minutes')")
    assert target in told("request.ending")[0]
    x = ask("request extend", id=r["id"], until=after(hours=12))
    place.deciding.ok(place.deciding.command("request refuse", id=x["id"], reason="not tonight"))
    assert "not tonight" in told("request.refused")[0]
    place.deciding.ok(place.deciding.command("request withdraw", id=r["id"], reason="moved elsewhere"))
    assert "moved elsewhere" in told("request.ended")[0]
    # Nobody may decide: who asked hears it, and who looks after the gateway.
    keeper = instance.user("system_admin")
    instance.ok("user", "set", keeper.name, "--mail", f"{keeper.name}@example.com", "--lang", "en")
    deciders = instance.sql("select name from yanmen.users where state = 'active' and role in "
                            "('admin', 'security_admin', 'group_admin', 'cluster_admin')")
    names = ", ".join(f"'{name}'" for name in deciders)
    instance.sql(f"update yanmen.users set state = 'disabled' where name in ({names})")
    try:
        ask("request add", target=target, account=instance.account.name, until=after(hours=8))
    finally:
        instance.sql(f"update yanmen.users set state = 'active' where name in ({names})")
    [to_keeper] = until(lambda: server.to(f"{keeper.name}@example.com"), 30, "nobody may decide")
    assert "nobody may approve" in to_keeper["Subject"] and told("request.nobody")


def test_a_full_outbox_holds_up_nobody_and_what_was_given_up_is_an_alert(place):
    instance, keeper = place.instance, place.instance.user("admin")
    mail = f"{keeper.name}@example.com"
    instance.ok("user", "set", keeper.name, "--mail", mail)
    name, server = place.mail(events=("alert",), group=False)
    full, gone = place.hook("webhook")
    gone.stop()
    instance.sql(f"""insert into notify.message (event, kind, channel_id, facts, created_at)
        select 'full/' || n, 'request.asked', c.id, '{{"number": "1"}}', now() - interval '1 hour'
        from notify.channel c, generate_series(1, 10000) n where c.name = '{full}'""")
    _, good = place.hook("webhook")
    until(lambda: [n for n in instance.ok("notice", "list", "--state", "failed") if n["channel"] == full], 30, "they are tried")
    place.ask()
    until(lambda: good.came, 30, "another channel's message")
    [row] = [c for c in instance.ok("doctor") if c["name"] == "messages"]
    assert row["state"] == "warn" and "notice list" in row["say"]
    browser = Browser(instance).login(keeper)
    page = browser.ok(browser.get("/notices?channel=" + full + "&limit=50"))
    browser.close()
    assert len(page["rows"]) == 50
    # Each has its number of tries, then it is given up; that is told once an hour, not ten thousand times.
    instance.ok("settings", "set", "notify.tries", "1")
    until(lambda: len([n for n in instance.ok("notice", "list", "--state", "dead") if n["channel"] == full]) >= 8, 60, "some were given up")
    [alert] = until(lambda: server.to(mail), 30, "the alert")
    assert "notice.dead" in alert["Subject"]
    instance.ok("channel", "remove", full)
    until(lambda: not instance.sql("select id from notify.message where event like 'full/%' and state <> 'dead' limit 1"), 30, "all are given up")
    instance.sql("delete from notify.message where event like 'full/%'")
    assert len(server.to(mail)) == 1


def test_channels_are_kept_right(place):
    instance = place.instance
    for options, word in (("mail --address nowhere --from a@b.c", "host:port"), ("carrier --address x:1", "no kind"),
                          ("mail --address h:25 --from a", "from is the mail"), ("webhook", "give a file with the URL"),
                          ("mail --address h:25 --from a@b.c --event no.such", "no event")):
        told = instance.cli("channel", "add", instance.name("c"), "--kind", *options.split())
        assert told.code == 2 and word in told.stderr, (options, told.stderr)
    told = instance.cli("channel", "add", instance.name("c"), "--kind", "webhook", "--secret-file", instance.file("http://plain.example/x\n"))
    assert told.code != 0 and "https" in told.stderr
    name, server = place.mail()
    listed = next(c for c in instance.ok("channel", "list") if c["name"] == name)
    assert listed["secret"] and "p w" not in str(listed)
    # Its password is for that server: another one gets none.
    assert "give it again" in instance.cli("channel", "set", name, "--address", "other.example:587").stderr
    assert instance.ok("channel", "set", name, "--state", "off")["state"] == "off"
    assert instance.cli("user", "set", place.asker.name, "--mail", "no address").code != 0
    assert instance.cli("channel", "remove", "no-such").code == 3
    assert [c["name"] for c in instance.ok("doctor") if c["name"] == "messages"] == ["messages"]
    instance.ok("channel", "set", name, "--state", "on")
    assert instance.ok("channel", "test", name, "--to", "y@example.com")["state"] == "sent" and server.to("y@example.com")
    me = place.asking.ok(place.asking.command("me mail", mail="new@example.com"))
    assert me["mail"] == "new@example.com" and place.asking.ok(place.asking.get("/me"))["mail"] == "new@example.com"
