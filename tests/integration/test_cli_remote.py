"""The CLI over HTTPS with an API token: the same commands, the same answers, the same exit codes."""

import json

import pytest
from harness.token import Token, fingerprint

SCOPES = ("read", "user.manage", "group.manage", "group.put", "target.manage", "target.test", "account.set", "grant.manage", "settings.set",
          "doctor.run", "recording.verify", "session.control")


@pytest.fixture(scope="module")
def remote(instance):
    return Token(instance, instance.user("admin"), *SCOPES)


@pytest.mark.parametrize("line", [
    "target list", "group list", "cluster list", "user list", "grant list", "session list", "settings get console.idle",
    "settings get no.such", "target test {demo}", "target test nowhere", "group add {group}", "group put {group} {demo}", "group take {group} {demo}",
    "grant add --user nobody --account x --target {demo}", "session kill 0190a5b2 --reason gone", "audit search --kind nonsense",
    "recording verify zzzz", "group retention {group} never", "group retention {group} 7", "public keys", "settings set login.backoff nonsense"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_same_both_ways(instance, remote, line, lang):
    names = {"demo": instance.demo}
    if "{group}" in line and not line.startswith("group add"):
        names["group"] = instance.name("g")
        instance.ok("group", "add", names["group"])
    env = {"LC_ALL": "zh_CN.UTF-8" if lang == "zh" else "C.UTF-8"}
    answers = []
    for options in (instance.endpoints["cli"][1:], None):
        if line.startswith("group add"):
            names["group"] = instance.name("g")
        done = remote.cli(*line.format(**names).split(), options=options, env=env)
        if line.startswith("group add"):
            assert done.json.pop("id") > 0
        text = json.dumps(done.json, ensure_ascii=False, sort_keys=True).replace(names.get("group", "\0"), "GROUP")
        answers.append((done.code, text, done.stderr.replace(names.get("group", "\0"), "GROUP")))
    assert answers[0] == answers[1]


def test_lists_answer_the_very_same_bytes(instance, remote):
    local = remote.cli("target", "list", options=instance.endpoints["cli"][1:], json_too=False)
    assert remote.cli("target", "list", json_too=False) == local and instance.demo in local.json


def test_a_secret_goes_with_it(instance, remote):
    name = instance.name("u")
    password = instance.file("correct horse battery")
    assert remote.cli("user", "add", name, "--role", "engineer", "--password-file", password).code == 0
    target = instance.name("t")
    assert remote.cli("target", "add", target, "--kind", "linux", "--address", "127.0.0.1:9", "--cluster", "samples").code == 0
    assert remote.cli("account", "set", target, "root", "--ca").code == 0  # --ca behind the command is the command's own
    [row] = [t for t in instance.ok("target", "list") if t["name"] == target]
    assert [a["name"] for a in row["accounts"]] == ["root"]


def test_who_it_is_the_audit_log_knows(instance, remote):
    name = instance.name("g")
    assert remote.cli("group", "add", name).code == 0
    [event] = [e for e in instance.audit(text=name) if e["kind"] == "group.added"]
    assert event["actor"] == f"user:{remote.user.name}" and event["body"]["token"] == remote.id


def test_the_certificate_is_verified_always(instance, remote):
    url, token = instance.endpoints["web"], remote.file
    good = fingerprint(instance)
    base = ["--url", url, "--token-file", token]
    assert remote.cli("group", "list", options=[*base, "--fingerprint", good]).code == 0
    assert remote.cli("group", "list", options=[*base, "--fingerprint", ":".join(good[i:i + 2] for i in range(0, 64, 2)).upper()]).code == 0
    bad = ("0" if good[0] != "0" else "1") + good[1:]
    for options in (base, [*base, "--fingerprint", bad], [*base, "--ca", "/etc/ssl/certs/ca-certificates.crt"]):
        done = remote.cli("group", "list", options=options, json_too=False)
        assert done.code == 1 and ("certificate" in done.stderr or "cannot" in done.stderr), done.stderr
    for options in ([*base, "--fingerprint", "1234"], ["--url", "http://127.0.0.1:1", "--token-file", token],
                    ["--url", url + "/path", "--token-file", token], ["--url", "https://a@b", "--token-file", token], ["--url", url],
                    [*base, "--ca", "x", "--fingerprint", good]):
        assert remote.cli("group", "list", options=options, env={"HOME": "/nonexistent"}).code == 2, options
    assert remote.cli("group", "list", options=["--url", "https://127.0.0.1:1", "--token-file", token]).code == 1


def test_the_file_says_where_and_must_be_private(instance, remote, tmp_path):
    conf = tmp_path / ".config/yanmen/remote"
    conf.parent.mkdir(parents=True)
    conf.write_text(f"# where\nurl = {instance.endpoints['web']}\ntoken-file = {remote.file}\nfingerprint = {fingerprint(instance)}\n")
    conf.chmod(0o600)
    env = {"HOME": str(tmp_path)}
    assert remote.cli("group", "list", options=[], env=env).code == 0
    assert remote.cli("group", "list", options=["--url", "https://127.0.0.1:1"], env=env).code == 2  # its token is not for there
    assert remote.cli("group", "list", options=[], env=env | {"YANMEN_URL": instance.endpoints["web"]}).code == 0
    assert remote.cli("group", "list", options=instance.endpoints["cli"][1:], env=env).code == 0  # a configuration that is named is meant
    conf.chmod(0o640)
    done = remote.cli("group", "list", options=[], env=env, json_too=False)
    assert done.code == 4 and "chmod 600" in done.stderr
    conf.chmod(0o600)
    loose = instance.file(remote.text, mode=0o644)
    for text in (f"url = x\ntoken-file = {loose}\n", "nonsense\n", "url = https://a\nurl = https://b\n"):
        conf.write_text(text)
        assert remote.cli("group", "list", options=[], env=env).code in (1, 2)
    base = ["--url", instance.endpoints["web"], "--fingerprint", fingerprint(instance)]
    assert remote.cli("group", "list", options=[*base, "--token-file", loose]).code == 4
    assert remote.cli("group", "list", options=[*base, "--token-file", instance.file("no token\n")]).code == 1


def test_what_works_on_the_gateway_alone_says_so(remote):
    for line in ("migrate", "session watch 0190a5b2", "replay 0190a5b2"):
        done = remote.cli(*line.split(), json_too=False)
        assert done.code == 2 and "gateway itself" in done.stderr
    assert remote.cli("token", "list").code == 4
    assert remote.cli("--help", json_too=False).code == 0


def test_a_file_comes_whole_or_not_at_all(instance, remote):
    out, local = instance.scratch / instance.name("a"), instance.scratch / instance.name("a")
    done = remote.cli("audit", "export", "--output", out)
    assert done.code == 0 and done.json == {"output": str(out)}, done.stderr
    instance.ok("audit", "export", "--output", local)
    assert oct(out.stat().st_mode & 0o777) == "0o600"
    lines = out.read_bytes().splitlines()
    assert len(lines) > 10 and local.read_bytes().splitlines()[:len(lines) // 2] == lines[:len(lines) // 2]
    assert remote.cli("audit", "export", "--output", out).code == 1  # it exists
    missing = instance.scratch / instance.name("a")
    done = remote.cli("file", "export", "0190a5b2-0000-7000-8000-000000000000:1", "--output", missing)
    assert done.code == 3 and not missing.exists()
    assert remote.cli("factor", "codes", remote.user.name, "--output", missing).code == 4 and not missing.exists()


def test_a_dead_token_is_not_allowed(instance):
    token = Token(instance, instance.user("admin"), "read")
    assert token.cli("group", "list").code == 0
    instance.ok("token", "revoke", token.id)
    done = token.cli("group", "list")
    assert done.code == 4 and "token" in done.json["error"]
