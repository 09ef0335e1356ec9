"""Who gets in, under which name, and what the others are told."""

import subprocess

import pytest
from harness.instance import User
from harness.wait import until


def test_password_and_target_in_the_login_name(instance, engineer):
    done = instance.ssh(engineer, "id", "-un")
    assert (done.returncode, done.stdout.decode().strip()) == (0, instance.account.name), done.stderr


def test_sample_engineer_may_use_the_sample_target_at_once(instance):
    done = instance.ssh(instance.engineer, "echo", "at once")
    assert (done.returncode, done.stdout) == (0, b"at once\n"), done.stderr


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_public_key(instance, kind):
    user = User(instance.name("k"), key=instance.key_pair(kind))
    instance.ok("user", "add", user.name, "--role", "engineer", "--key", f"{user.key}.pub")
    instance.grant(user, instance.demo)
    assert instance.ssh(user, "echo", "by key").stdout == b"by key\n"


def test_a_key_of_someone_else_is_refused(instance, engineer):
    stranger = User(engineer.name, key=instance.key_pair())
    assert instance.ssh(stranger, "true").returncode == 255


@pytest.mark.parametrize("login", ["{u}#{t}", "{u}%{t}", "{u}@{t}", "{u}#{a}#{t}", "{u}%{a}%{t}", "{u}@{a}@{t}"])
def test_names(instance, engineer, login):
    login = login.format(u=engineer.name, a=instance.account.name, t=instance.demo)
    done = instance.ssh(engineer, "echo", "in", login=login)
    assert (done.returncode, done.stdout) == (0, b"in\n"), done.stderr


@pytest.mark.parametrize("login", ["{u}#", "#{t}", "{u}##{t}", "{u}#{a}#{t}#x", "{u}#no such", "{u}#\x1b[2J", "#", "{u}%{a}#{t}"])
def test_malformed_names_are_refused(instance, engineer, login):
    login = login.format(u=engineer.name, a=instance.account.name, t=instance.demo)
    done = instance.ssh(engineer, "echo", "in", login=login)
    assert done.returncode != 0 and done.stdout == b""


def test_wrong_logins_all_get_the_same_words(instance, engineer):
    wrong = instance.file("not the password")
    nobody = User("nobody-here", engineer.password_file)
    said = []
    for user, login in ((User(engineer.name, wrong), instance.login(engineer)),
                        (nobody, f"nobody-here#{instance.demo}"),
                        (User(engineer.name, wrong), f"{engineer.name}#no-such-target"),
                        (nobody, "nobody-here#no-such-target")):
        done = instance.ssh(user, "true", login=login)
        assert done.returncode == 255 and done.stdout == b""
        said.append(done.stderr.decode().replace(login, "LOGIN"))
    assert len(set(said)) == 1, said


def test_a_target_that_is_not_granted_is_told_like_one_that_does_not_exist(instance, engineer, sshd):
    other = instance.target(sshd.port)
    said = [instance.ssh(engineer, "true", login=f"{engineer.name}#{name}").stderr.decode().replace(name, "TARGET").strip()
            for name in (other, "no-such-target")]
    assert said[0] == said[1] and said[0] and "\n" not in said[0]


def test_an_account_that_is_not_granted_is_refused(instance, engineer):
    done = instance.ssh(engineer, "true", login=f"{engineer.name}#root#{instance.demo}")
    assert done.returncode not in (0, None) and len(done.stderr.decode().strip().splitlines()) == 1


def test_a_disabled_user_gets_no_further_and_his_session_ends(instance, engineer):
    online = instance.ssh_start(engineer, "echo in; sleep 100")
    assert online.stdout.readline() == b"in\n"
    instance.ok("user", "disable", engineer.name)
    assert online.wait(5) != 0
    assert instance.ssh(engineer, "true").returncode == 255
    assert instance.session_of(engineer, "closed")["reason"]


def test_banner_is_shown_before_the_login(instance, engineer):
    instance.ok("settings", "set", "banner.text", "Authorised use only.")
    instance.ok("settings", "set", "banner.text.zh", "仅限授权使用。")
    try:
        argv = instance.ssh_argv(engineer, "true", options=("BatchMode=yes",))
        argv = [a.replace("LogLevel=ERROR", "LogLevel=INFO") for a in argv]

        def shown():
            done = subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL, timeout=30,
                                  env=instance.ssh_env(User("x")))
            return "Authorised use only." in done.stderr.decode() and "仅限授权使用。" in done.stderr.decode()
        until(shown, 20, "the banner")
    finally:
        instance.ok("settings", "set", "banner.text", "")
        instance.ok("settings", "set", "banner.text.zh", "")


def test_every_login_and_refusal_is_in_the_audit(instance, engineer):
    instance.ssh(engineer, "true")
    instance.ssh(User(engineer.name, instance.file("wrong")), "true")
    kinds = until(lambda: {"login.ok", "login.refused", "session.start", "session.ended"} <=
                  {row["kind"] for row in instance.audit(user=engineer.name)}, 15, "the audit rows")
    assert kinds
