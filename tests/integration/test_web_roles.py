"""Role × operation: each command and collection of docs/openapi.yaml, asked by each role; and what belongs to another's group."""

import json
import re

import pytest
import yaml
from harness.browser import Browser
from harness.instance import ROOT

# The role has the right, and it would change the instance that others use: only who has not is asked.
DEAR = {"key_rotate", "samples_remove", "retention_run", "audit_reindex", "audit_verify", "console_logout", "backup_sign", "doctor"}
# Nothing is called x#.  What is taken apart before anybody looks at rights has to make sense.
SENSE = {"key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f x", "format": "text", "kind": "ca",
         "id": "0190a5b2-0000-7000-8000-000000000000", "hash": "ab" * 32, "files": "1", "bytes": "1", "generation": "1"}


def value(part, name, array):
    most = int(re.search(rf" {name}: .*?maxLength: (\d+)", part)[1])
    one = SENSE.get(name, "x#")
    one = one if len(one) <= most else "none" if name == "key" else "1"
    return [one] if array and name != "key" else one


def operations():
    """(path, permission, required arguments) of each command, by the file."""
    text = (ROOT / "docs/openapi.yaml").read_text()
    found = []
    for part in re.split(r"\n  (?=/)", text.split("\npaths:\n", 1)[1].split("\ncomponents:\n", 1)[0]):
        path = part.lstrip().split(":", 1)[0]
        permission = re.search(r"x-permission: (\S+)", part)
        required = re.search(r"required: \[(.*?)\]", part)
        if path.startswith("/api/v1/commands/") and permission:
            arrays = set(re.findall(r"(\w+): \{ type: array", part))
            names = required[1].split(", ") if required else []
            found.append((path.removeprefix("/api/v1"), re.search(r"operationId: (\w+)", part)[1], permission[1],
                          {n: value(part, n, n in arrays) for n in names}))
    return found


OPERATIONS = operations()
OPERATIONS_NEED = {name: args for _, name, _, args in OPERATIONS}


def rights(instance):
    table = {}
    for row in instance.sql("select role, permission from yanmen.role_permission"):
        role, permission = row.split("|")
        table.setdefault(role, set()).add(permission)
    return table


@pytest.fixture
def added(instance):
    """A role of one's own making."""
    rights = ("target.list", "session.list:own", "recording.list", "grant.manage", "document.manage")
    instance.ok("role", "add", "added_here", *[word for right in rights for word in ("--right", right)])
    yield
    instance.sql("update yanmen.users set role = 'user', state = 'disabled' where role = 'added_here'")
    instance.ok("role", "remove", "added_here")


@pytest.mark.parametrize("role", ["admin", "auditor", "group_admin", "cluster_admin", "operator", "engineer", "dba", "user", "added_here"])
def test_a_role_is_refused_what_it_has_no_right_to_and_nothing_else(instance, role, added):
    may = rights(instance)[role]
    b = Browser(instance).login(instance.user(role))
    wrong = []
    for path, name, permission, args in OPERATIONS:
        allowed = permission in may
        if allowed and name in DEAR:
            continue
        answer = b.post(path, args)
        refused = answer.status == 403 and permission in answer.json["detail"]
        if answer.status in (401, 405, 500, 503, 504) or refused == allowed:
            wrong.append((path, permission, allowed, answer.status, answer.body[:200]))
    assert len(OPERATIONS) > 60 and not wrong, "\n".join(map(str, wrong))
    for row in instance.sql("select name, needs from console.collection"):
        name, needs = row.split("|")
        answer = b.get(f"/{name}?limit=1")
        if (answer.status == 200) != (needs == "" or needs in may):
            wrong.append((name, needs, answer.status))
    assert not wrong, "\n".join(map(str, wrong))
    b.close()


def test_whose_passkey_is_missing_does_nothing_else_whatever_his_role(instance):
    user = instance.user("admin")
    instance.grant(user, instance.demo)
    instance.ok("user", "factor", user.name, "passkey")
    b = Browser(instance).login(user)
    other = instance.user()
    instance.grant(other, instance.demo)
    assert instance.ssh(other, "true").returncode == 0
    session = instance.session_of(other)["session"]
    answers = [(path, b.post(path, args)) for path, _, permission, args in OPERATIONS if permission != "console.end"]
    answers += [(name, b.get(f"/{name}?limit=1")) for name in instance.sql("select name from console.collection")
                if name not in ("me", "passkeys", "console_sessions")]
    answers += [("terminal", b.post("/terminals", {"target": instance.demo})), ("document", b.get(f"/documents/{session}/content"))]
    wrong = [(what, answer.status, answer.body[:200]) for what, answer in answers if answer.status != 403]
    assert len(answers) > 100 and not wrong, "\n".join(map(str, wrong))
    for what in ("watch", "replay"):
        first = b.socket(f"/sessions/{session}/{what}", "yanmen.frames.1").receive()
        assert "set up a passkey first" in json.loads(first)["end"]
    b.close()


@pytest.fixture(scope="module")
def two_groups(instance):
    """A group admin of one group, and what lies in another one: a target, an account, a grant, a session, its recording and audit rows."""
    gina = instance.user("group_admin")
    ours, theirs = instance.name("g"), instance.name("g")
    for group in (ours, theirs):
        instance.ok("group", "add", group)
    instance.ok("group", "admin", ours, gina.name)
    user = instance.user()
    [demo] = [t for t in instance.ok("target", "list") if t["name"] == instance.demo]
    target = instance.target(int(demo["address"].rpartition(":")[2]))
    instance.ok("group", "put", theirs, target)
    grant = instance.grant(user, target)
    assert instance.ssh(user, "true", login=instance.login(user, target)).returncode == 0
    session = instance.session_of(user)["session"]
    return {"gina": gina, "ours": ours, "theirs": theirs, "target": target, "grant": grant["id"], "session": session, "user": user}


def test_what_is_another_groups_does_not_exist(instance, two_groups):
    w = two_groups
    b = Browser(instance).login(w["gina"])
    admin = Browser(instance).login(instance.user("admin"))
    hidden = {"targets": {"q": w["target"]}, "accounts": {"target": w["target"]}, "groups": {"q": w["theirs"]},
              "sessions": {"target": w["target"]}, "recordings": {"target": w["target"]},
              "audit": {"target": w["target"]}}
    for collection, query in hidden.items():
        rows = admin.rows(collection, **query)
        assert rows, collection
        answer = b.get(f"/{collection}?" + "&".join(f"{k}={v}" for k, v in query.items()))
        assert answer.json["rows"] == [] and answer.json["total"] == 0, collection
        nowhere = b.get(f"/{collection}/{'0190a5b2-0000-7000-8000-000000000000' if len(str(rows[0]['id'])) == 36 else 999999}")
        for row in rows:
            answer = b.get(f"/{collection}/{row['id']}")
            assert (answer.status, answer.body) == (404, nowhere.body), collection  # not even another word
    for collection in ("users", "grants", "settings", "roles"):
        assert b.get(f"/{collection}").status == 403
    assert not [r for r in b.ok(b.command("session list")) if r["target"] == w["target"]]
    assert not [r for r in b.ok(b.command("target list")) if r["name"] == w["target"]]
    for one in (b, admin):
        one.close()


# What a command calls things, and what of the other group is called so.
NAMED = {"target": "target", "group": "theirs", "id": "session", "session": "session", "file": "file", "recording": "session", "cluster": "cluster"}
NAME_OF = {"target": "target", "group": "theirs", "account": "target", "session": "session", "recording": "session", "cluster": "cluster"}
NOBODYS = {"target": "nobodys", "theirs": "nobodys-group", "session": "0190a5b2-0000-7000-8000-00000000ffff",
           "file": "0190a5b2-0000-7000-8000-00000000ffff:1", "cluster": "nobodys-cluster"}
OTHER = {"session", "recording"}  # nouns whose id is a session's


def naming(name, args):
    """Which arguments of a command name an object that may be another group's."""
    noun = name.split("_")[0]
    found = {}
    for key in args:
        what = NAME_OF.get(noun) if key == "name" else "file" if (noun, key) == ("file", "id") else NAMED.get(key)
        if what and (key != "id" or noun in OTHER or what == "file"):
            found[key] = what
    return found


@pytest.mark.parametrize("role", ["group_admin", "cluster_admin"])
def test_what_is_another_groups_cannot_be_told_from_what_is_not_there(instance, two_groups, role):
    w = dict(two_groups, file=f"{two_groups['session']}:1")
    [row] = [t for t in instance.ok("target", "list") if t["name"] == w["target"]]
    w["cluster"] = row["cluster"]
    who = w["gina"] if role == "group_admin" else instance.user(role)
    may, wrong, asked = rights(instance)[role], [], 0
    b = Browser(instance).login(who)
    document = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())["paths"]
    for path, name, permission, args in OPERATIONS:
        taken = document["/api/v1" + path]["post"]["requestBody"]["content"]["application/json"]["schema"].get("properties", {})
        args = {key: args.get(key, ["x"] if "items" in taken[key] else "x") for key in taken if key in args or key in NAMED}
        theirs = naming(name, args)
        if permission not in may or name in DEAR or not theirs:
            continue
        for key, what in theirs.items():
            others = {k: [w["ours"]] if k == "group" and isinstance(args[k], list) else w["ours"] if k == "group" else args[k]
                      for k in args if k not in NAMED or k in (*[n for n in args if n in dict(OPERATIONS_NEED[name])], key)}
            answers = [b.post(path, {**others, key: [value] if isinstance(args[key], list) else value})
                       for value in (w[what], NOBODYS[what])]
            said = [a.body.decode().replace(str(value), "#") for a, value in zip(answers, (w[what], NOBODYS[what]), strict=True)]
            asked += 1
            if answers[0].status != answers[1].status or said[0] != said[1]:
                wrong.append((name, key, said))
    b.close()
    assert asked >= 5 and not wrong, "\n".join(map(str, wrong))
