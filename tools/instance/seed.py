"""What a new instance starts with, entered through the CLI like anything else; and endpoints.json, which tells it."""

import json
import subprocess

import sample_database
from place import MYSQL, SAMPLE_MYSQL, SAMPLE_SSH, SSH, WEB, write_file
from samples import account_name, random_password
from words import Failure

USERS = ("admin", "engineer", "dba", "auditor", "operator")  # one per role, named like it
TARGET, CLUSTER = "demo", "samples"


def call(home, *args, conf=None):
    """Runs the CLI; returns its JSON, None when it printed none."""
    done = subprocess.run(home.cli(conf) + list(args) + ["--json"], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)
    if done.returncode:
        raise Failure("step_failed", step=" ".join(args[:2]), why=(done.stderr or done.stdout).strip()[-300:],
                      log=home.logs / "yanmend.log")
    return json.loads(done.stdout) if done.stdout.strip() else None


def is_healthy(home):
    try:
        return all(check["state"] != "fail" for check in call(home, "doctor"))
    except (Failure, ValueError, TypeError, KeyError, subprocess.TimeoutExpired):
        return False


def names(home, noun):
    return {row["name"]: row for row in call(home, noun, "list")}


def password_file(home, user):
    return home.secrets / f"{user}.password"


def users(home):
    there = names(home, "user")
    for user in USERS:
        if user in there:
            continue
        write_file(password_file(home, user), random_password())
        call(home, "user", "add", user, "--role", user, "--password-file", str(password_file(home, user)))


def samples(home, facts, account):
    """Cluster, target, account and the engineer's grant; what is there already stays."""
    address = f"127.0.0.1:{facts['base'] + SAMPLE_SSH}"
    there = names(home, "target").get(TARGET)
    if there is not None and there["address"] != address:  # the ports have moved since
        forget_samples(home, facts)
        there = None
    if CLUSTER not in names(home, "cluster"):
        call(home, "cluster", "add", CLUSTER, "--network", "127.0.0.0/8", "--network", "::1/128")
    if there is None:
        call(home, "target", "add", TARGET, "--kind", "linux", "--address", address, "--cluster", CLUSTER)
    secret = ["--password-file", account["password_file"]] if "password_file" in account else ["--key-file", account["key_file"]]
    call(home, "account", "set", TARGET, account["name"], *map(str, secret))
    if not any(g.get("user") == "engineer" and g.get("target") == TARGET for g in call(home, "grant", "list")):
        call(home, "grant", "add", "--user", "engineer", "--account", account["name"], "--target", TARGET)


def database_password(home):
    file = home.secrets / "sample-database-password"
    if not file.exists():
        write_file(file, random_password())
    return file


def database(home, facts):
    """The sample database as a target, for the engineer and the DBA."""
    name, account, address = sample_database.NAME, sample_database.ACCOUNT, f"127.0.0.1:{facts['base'] + SAMPLE_MYSQL}"
    if name not in names(home, "target"):
        call(home, "target", "add", name, "--kind", "mysql", "--address", address, "--cluster", CLUSTER, "--database", sample_database.SCHEMA)
    call(home, "account", "set", name, account, "--password-file", str(database_password(home)))
    granted = {g.get("user") for g in call(home, "grant", "list") if g.get("target") == name}
    for user in {"engineer", "dba"} - granted:
        call(home, "grant", "add", "--user", user, "--account", account, "--target", name)


def forget_samples(home, facts):
    """Removes the rows and leaves the sshd running: a configuration without the script that would end it."""
    conf = home.path / "without-samples.conf"
    home.write_conf(facts, conf, **{"paths.samples": ""})
    call(home, "samples", "remove", conf=conf)
    conf.unlink()


def write_endpoints(home, facts):
    write_public_key(home)
    host = "127.0.0.1" if facts["listen"] in ("0.0.0.0", "[::]") else facts["listen"]
    endpoints = {
        "web": f"https://{host}:{facts['base'] + WEB}",
        "ssh": {"host": host, "port": facts["base"] + SSH},
        **({"mysql": {"host": host, "port": facts["base"] + MYSQL}} if home.has_mysql() else {}),
        "cli": home.cli(),
        "users": {user: {"name": user, "password_file": str(password_file(home, user))} for user in USERS},
        "targets": {},
        "public_key": str(home.public_key),
    }
    if facts.get("samples"):
        endpoints["targets"]["linux"] = {"name": TARGET, "account": account_name()}
    if sample_database.wanted(home, facts):
        endpoints["targets"]["mysql"] = {"name": sample_database.NAME, "account": sample_database.ACCOUNT}
    write_file(home.endpoints, json.dumps(endpoints, indent=2) + "\n", 0o600)


def write_public_key(home):
    """The key file that verifies recordings and the audit log offline."""
    keys = call(home, "public", "keys")
    write_file(home.public_key, keys["sign"].strip() + "\n", 0o644)
