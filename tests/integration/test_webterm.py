"""A browser's terminal: yanmen-term between the frames of the console and an SSH worker of the gateway."""


import pytest
from harness import procs, wire
from harness.build import plain_build
from harness.wait import until
from harness.webterm import UNREAD, WebTerm, folder, wait_gone

unsanitized = plain_build("a sanitizer has memory of its own")


@pytest.fixture
def term(instance, engineer):
    with WebTerm(instance, engineer) as t:
        t.shell()
        yield t


# ---- a terminal ----


def test_a_shell_with_its_states_its_size_and_its_exit_code(instance, engineer):
    with WebTerm(instance, engineer, size=(100, 30)) as t:
        t.shell()
        assert t.states[0]["state"] == "connecting" and t.states[-1] == {
            "state": "online", "target": instance.demo, "account": instance.account.name, "paste": "allow", "paste_max": 0, "copy": True, "layer": "L0"}
        assert b"100 30 xterm-256color C.UTF-8" in t.run('echo $(tput cols) $(tput lines) $TERM $LANG')
        t.size(120, 40)
        until(lambda: b"120 40" in t.run("echo $(tput cols) $(tput lines)"), 20, "the new size")
        t.type("exit 7\r")
        end = t.ended()
        assert (end["exit"], end["say"]) == (7, "")
        t.wait(lambda: t.closed, what="the end of the process")
    row = instance.session_of(engineer, "closed")
    assert (row["target"], row["account"], row["layer"]) == (instance.demo, instance.account.name, "L0")
    until(lambda: b"xterm-256color" in instance.export(row["id"], "jsonl"), 20, "its recording")
    instance.ok("recording", "verify", row["id"])


def test_the_words_of_the_worker_come_in_the_persons_language(instance, engineer):
    with WebTerm(instance, engineer, lang="zh") as t:
        t.shell()
        assert b"C.UTF-8 []" in t.run("echo $LANG [$YANMEN_LANG]")
        session = t.session()
        instance.ok("session", "lock", session)
        t.expect("管理员已锁定输入")
        t.type("echo ty''ped\r")
        instance.ok("session", "unlock", session)
        t.expect("输入已解锁")
        assert b"typed" not in t.run("echo af''ter")  # a lock forgets what is typed
        instance.ok("session", "kill", session, "--reason", "维护窗口结束")
        assert t.ended()["say"] == "维护窗口结束"
        assert "会话已结束：维护窗口结束".encode() in t.output


def test_a_kill_gives_its_reason(instance, engineer, term):
    instance.ok("session", "kill", term.session(), "--reason", "change window is over")
    assert term.ended()["say"] == "change window is over" and "exit" not in term.ended()


def test_a_target_that_is_not_granted_is_refused_with_the_reason(instance):
    user = instance.user()
    instance.grant(user, instance.demo, "--from", "192.0.2.0/24")
    with WebTerm(instance, user) as t:
        end = t.ended()
        assert end["exit"] == 254 and "not valid from this address" in end["say"]


def test_another_host_key_than_the_gateways_ends_it_before_anything_is_said(instance, engineer):
    other = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)
    with WebTerm(instance, engineer, host_key=other) as t:
        assert t.ended()["say"] == "internal error"
        assert "host key is not the gateway" in t.log.read_text()
    assert not instance.sessions(engineer)


def test_the_person_leaves_and_the_session_ends_as_a_logout(instance, engineer, term):
    session = term.session()
    term.send("END")
    assert term.ended()["say"] == ""
    row = until(lambda: next((r for r in instance.sessions(engineer, "closed") if r["id"] == session), None), 20, "its end")
    assert row["reason"] == "logout"


def test_when_nobody_holds_the_other_end_the_session_ends(instance, engineer):
    t = WebTerm(instance, engineer)
    t.shell()
    t.desk.shutdown(2)
    assert t.close() == 0
    wait_gone(instance, engineer)


def test_the_parent_ends_it_with_a_reason(instance, engineer, term):
    wire.send(term.parent, "control", op=1, reason="the gateway is shutting down")
    assert term.ended()["say"] == "the gateway is shutting down"
    wait_gone(instance, engineer)


def test_a_target_in_another_character_set_is_read_and_typed_in_utf_8(instance, engineer):
    with WebTerm(instance, engineer, charset=1) as t:
        t.shell()
        assert "中文".encode() in t.run(r"printf '\xd6\xd0\xce\xc4\n'")
        t.type("head -c 2 | od -An -tx1\r")
        t.expect("tx1")
        t.type("中\r")
        t.expect("d6 d0")


# ---- re-attaching ----


def test_a_reload_draws_the_screen_with_its_modes_and_goes_on(term):
    term.run("printf '\\033[2J\\033[3;5H\\033[1;31mdrawn\\033[m\\033[?1h\\033[?2004h\\033[?1002h\\033[?1006h'")
    term.hello(90, 20)
    term.wait(lambda: len(term.screens) > 1, what="a screen")
    columns, rows, drawn = term.screens[-1]
    assert (columns, rows) == (90, 20) and term.states[-1]["state"] == "online"
    assert b"drawn" in drawn and b"\x1b[0;1;31m" in drawn
    for mode in (b"?1h", b"?2004h", b"?1002h", b"?1006h", b"?1000l"):
        assert b"\x1b[" + mode in drawn, mode
    until(lambda: b"90 20" in term.run("echo $(tput cols) $(tput lines)"), 20, "the new size")


def test_the_alternate_screen_comes_back_as_such(term):
    term.type("printf '\\033[?1049h\\033[Hbe''hind'; sleep 0.1; read x\r")
    term.expect("behind")
    term.hello()
    term.wait(lambda: len(term.screens) > 1, what="a screen")
    drawn = term.screens[-1][2]
    assert b"\x1b[?1049h" in drawn and drawn.index(b"\x1b[?1049h") < drawn.rindex(b"behind")


def test_output_goes_on_while_the_browser_is_away(term, instance):
    done = folder(instance) / "done"
    term.away()
    term.keep = False
    term.type(f"head -c 8000000 /dev/zero | tr '\\0' x; echo; echo mar''ked; : > {done}\r")
    until(done.exists, 60, "the end of the output without anybody there")
    before, term.keep = term.received, True
    term.hello()
    term.wait(lambda: len(term.screens) > 1 and b"marked" in term.screens[-1][2] + term.output, what="the screen")
    assert term.received - before < 4_000_000  # what was still on its way


def test_a_browser_that_says_nothing_for_long_does_not_hold_the_program_up(term, instance):
    done = folder(instance) / "done"
    term.acks = False  # and more than all buffers on the way can hold
    term.type(f"head -c 12000000 /dev/zero | tr '\\0' x; echo; echo mar''ked; : > {done}\r")
    until(done.exists, 60, "the end of the output that nobody acknowledged")
    assert term.received < UNREAD + 100_000
    before, term.acks = len(term.screens), True
    term.ack(100)  # it was there after all
    term.wait(lambda: len(term.screens) > before and b"marked" in term.screens[-1][2] + term.output, what="the screen")
    term.goes_on()


def test_a_server_that_vanished_without_a_word_is_followed_by_another_one(term, instance):
    """What the old one left in the socket comes first, then state and screen."""
    done = folder(instance) / "done"
    with term.lock:
        term.reads = False
    term.type(f"head -c 12000000 /dev/zero | tr '\\0' x; echo; echo mar''ked; : > {done}\r")
    until(done.exists, 60, "the end of the output that nobody reads")
    term.hello(100, 30)
    states = len(term.states)
    with term.lock:
        term.reads = True
        term.lock.notify_all()
    term.wait(lambda: len(term.states) > states and term.screens[-1][:2] == (100, 30) and
              b"marked" in term.screens[-1][2] + term.output, what="state and screen")
    term.goes_on()


def test_who_comes_back_after_the_end_is_told_why(instance, engineer, term):
    term.away()
    instance.ok("session", "kill", term.session(), "--reason", "over and out")
    wait_gone(instance, engineer)
    states = len(term.states)
    term.hello()
    term.wait(lambda: len(term.states) > states and len(term.screens) > 1, what="state and screen")
    assert (term.states[-1]["state"], term.states[-1]["say"]) == ("ended", "over and out")


# ---- flow ----


def test_no_more_than_the_limit_is_unread_and_nothing_is_lost(term):
    term.acks = False
    term.type("seq 1 300000; echo; echo e''nd\r")
    term.wait(lambda: term.received >= UNREAD - 40_000, what="as much as may be unread")
    first = term.received
    assert first < UNREAD + 33_000
    term.ack(64 << 10)
    term.wait(lambda: term.received > first, what="more")
    term.acks = True
    term.ack(term.received - (64 << 10))
    text = term.expect("end\r\n", 60).replace(b"\r", b"").split(b"\n")
    numbers = [int(x) for x in text if x.isdigit()]
    assert numbers == list(range(1, 300001))


def test_ctrl_c_in_a_flood_that_a_slow_browser_shows_is_answered_by_a_screen(term):
    term.acks = False
    term.type("yes\r")
    term.wait(lambda: term.received >= UNREAD, what="a flood that has come to its limit")
    term.type(b"\x03")
    term.wait(lambda: len(term.screens) > 1, 20, "a screen, though nothing was acknowledged")
    term.acks = True
    term.ack(UNREAD)
    term.wait(lambda: b"ready> " in term.screens[-1][2] + term.output[-100:], 20, "the prompt")
    term.goes_on()


@unsanitized
@pytest.mark.alone
def test_memory_is_flat_through_a_flood_at_a_slow_browser(term):
    idle = procs.private_kib(term.pid)
    assert idle <= 2048, idle
    term.keep = term.acks = False
    term.type("yes 0123456789012345678901234567890123456789\r")
    term.wait(lambda: term.received >= UNREAD - 40_000, what="a flood")
    worst = shown = 0
    for _ in range(40):
        before = term.received
        term.ack(before - shown)
        shown = before
        term.wait(lambda: term.received > before, what="more of it")
        worst = max(worst, procs.private_kib(term.pid))
    assert worst < idle + 6 * 1024, (idle, worst)
    term.acks = True
    term.type(b"\x03")
    term.keep = True
    term.ack(UNREAD)
    term.type("\r")
    term.wait(lambda: b"ready> " in term.output or any(b"ready> " in s[2] for s in term.screens[1:]), 60, "the prompt")


def test_a_paste_into_a_program_that_does_not_read_is_bounded_and_said(term):
    term.type("stty -echo -icanon; sleep 1000\r")
    term.expect("sleep 1000")
    sent = 0
    while not term.notices:
        term.type(b"x" * 32000)
        sent += 32000
        assert sent < 64 << 20
    assert term.notices[0]["kind"] == "input" and sent > 4 << 20
    assert procs.private_kib(term.pid) < 40 * 1024
    term.hello()  # it still answers
    term.wait(lambda: len(term.screens) > 1, what="a screen")


def test_what_was_taken_of_a_paste_is_told(term):
    term.run("stty -echo")
    term.type("cat > /dev/null\r")
    lines = b"y" * 99 + b"\r"
    term.type(lines * 3000)
    term.wait(lambda: term.taken >= 250_000, what="the bytes taken")
    term.type(b"\x04")
    term.expect("ready> ")


# ---- hostile and odd ----


@pytest.mark.parametrize("frame", [b"", b"\x01", b"\x01\0\0\0", b"\x04\0", b"\x05abc", b"\x82x", b"\xff", b"\x09x"])
def test_a_frame_that_is_none_ends_the_terminal(instance, engineer, frame):
    with WebTerm(instance, engineer) as t:
        t.shell()
        wire.send(t.desk, "term", frame=frame)
        t.wait(lambda: t.closed, what="its end")
    wait_gone(instance, engineer)


@pytest.mark.parametrize("command", ["sz /etc/hostname", "rz"])
def test_zmodem_is_noticed_cancelled_and_leaves_no_rubbish(term, command):
    term.type(command + "\r")
    term.wait(lambda: term.notices, what="the notice")
    assert term.notices[0]["kind"] == "zmodem"
    term.expect("ready> ", 60)
    seen = term.run("echo fi''ne")
    assert b"fine" in seen and b"\x18" not in seen and b"B0" not in seen


def test_the_terminals_process_killed_ends_the_session_and_nothing_else(instance, engineer):
    with WebTerm(instance, engineer) as other:
        other.shell()
        t = WebTerm(instance, engineer)
        t.shell()
        procs.kill_hard(t.pid)
        until(lambda: len(instance.sessions(engineer, "online")) == 1, 20, "the end of its session")
        assert t.close() != 0
        other.goes_on()


def test_a_worker_that_is_gone_while_output_waits_costs_no_cpu_and_is_told_at_the_end(term):
    term.acks = False
    term.type("yes\r")
    term.wait(lambda: term.received >= UNREAD, what="a flood that has come to its limit")
    term.jump.kill()
    term.jump.wait()
    before = procs.cpu_ms(term.pid)
    assert term.ended()["say"]  # after ten seconds without an ack
    assert procs.cpu_ms(term.pid) - before < 3000


def test_the_worker_killed_says_that_the_connection_broke(instance, engineer, term):
    """The SSH connection ends without a word."""
    term.jump.kill()
    assert "connection inside the gateway broke" in term.ended()["say"]


