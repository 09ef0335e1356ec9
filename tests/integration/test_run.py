"""tools/run itself: what it leaves, how it is called again, what it refuses."""

import os
import pwd
import socket
import stat
import subprocess

import pytest
from harness import procs
from harness.instance import ROOT
from harness.wait import until

pytestmark = pytest.mark.outage

SECRET = ("endpoints.json", "instance.json", "secrets", "logs")


def test_endpoints_tell_all_that_scripts_need(instance):
    facts = instance.endpoints
    assert facts["ssh"] == {"host": "127.0.0.1", "port": instance.base + 1}
    assert set(facts["users"]) == {"admin", "engineer", "dba", "auditor", "operator"}
    for user in facts["users"].values():
        assert user["name"] and open(user["password_file"], encoding="utf-8").read()
    assert facts["targets"]["linux"]["account"]
    assert open(facts["public_key"], encoding="ascii").read().startswith("yanmen-evidence-1 ")
    assert subprocess.run([*facts["cli"], "user", "list"], capture_output=True, timeout=20).returncode == 0


def test_secrets_are_for_the_owner_alone(instance):
    for name in SECRET:
        mode = (instance.home / name).stat().st_mode
        assert not mode & (stat.S_IRWXG | stat.S_IRWXO), name
    for file in (instance.home / "secrets").iterdir():
        assert file.suffix == ".pub" or not file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO), file
    assert (instance.home / "vault.key").stat().st_mode & 0o777 == 0o600


def test_a_second_run_says_that_it_runs(instance):
    before = instance.state()
    done = instance.run("--detach")
    assert "runs" in done.stdout and instance.state()["pid"] == before["pid"]
    assert {n: s["pid"] for n, s in instance.state()["services"].items()} == {n: s["pid"] for n, s in before["services"].items()}


def test_status_names_every_part(instance):
    done = instance.run("--status")
    assert all(word in done.stdout for word in ("postgres", "yanmend", "sample-sshd", str(instance.port)))


def test_the_sample_database_is_behind_the_door(with_database):
    """What the README says to whoever tries it."""
    facts = with_database.endpoints
    assert facts["targets"]["mysql"] == {"name": "shop", "account": "app"}
    password = open(facts["users"]["engineer"]["password_file"], encoding="utf-8").read().strip()
    done = subprocess.run(["mariadb", "--no-defaults", "-h", facts["mysql"]["host"], "-P", str(facts["mysql"]["port"]), "-u", "engineer#shop",
                           f"-p{password}", "--ssl", "-N", "-e", "select count(*) from customer"], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("3\n", 0), done.stderr
    with_database.run("--stop")
    with_database.start()  # what is there stays
    looked = with_database.ok("target", "test", "shop")
    assert looked["reachable"] and looked["pinned"] and not looked["changed"] and "MariaDB" in looked["banner"]


def test_it_speaks_chinese_where_the_person_does(instance):
    done = subprocess.run(["tools/run", "--home", instance.home, "--status"], capture_output=True, text=True, timeout=30,
                          env=os.environ | {"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, cwd=ROOT)
    assert "雁门" in done.stdout


def test_taken_ports_are_told_in_one_line(instance, tmp_path):
    done = subprocess.run(["tools/run", "--home", tmp_path / "other", "--ports", str(instance.base), "--detach"],
                          capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode == 1 and len(done.stderr.strip().splitlines()) == 1
    assert f" {instance.base} " in done.stderr


def test_a_folder_that_is_no_instance_is_never_deleted(tmp_path):
    (tmp_path / "precious").write_text("keep me")
    done = subprocess.run(["tools/run", "--home", tmp_path, "--reset", "--yes"], capture_output=True, text=True, timeout=30,
                          cwd=ROOT)
    assert done.returncode == 1 and (tmp_path / "precious").exists()
    done = subprocess.run(["tools/run", "--home", tmp_path, "--detach"], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode == 1 and list(tmp_path.iterdir()) == [tmp_path / "precious"]


def test_each_part_has_its_own_os_user(instance):
    if os.geteuid() != 0:
        assert {pwd.getpwuid(os.stat(f"/proc/{instance.pids(r)[0]}").st_uid).pw_uid for r in ("broker", "vault")} == {os.geteuid()}
        return

    def owner(pid):
        row = next(r for r in open(f"/proc/{pid}/status", encoding="utf-8") if r.startswith("Uid:"))
        uids = set(map(int, row.split()[1:]))
        assert len(uids) == 1
        return pwd.getpwuid(uids.pop()).pw_name
    assert owner(instance.service_pid("postgres")) == "yanmen-pg"
    for role, user in (("broker", "broker"), ("vault", "vault"), ("recorder", "recorder"), ("ssh", "worker"), ("pwhash", "pwhash")):
        assert owner(instance.pids(role)[0]) == f"yanmen-{user}"


def test_the_database_answers_its_own_users_only(instance):
    folder = next(line.split("host=")[1].split()[0] for line in (instance.home / "yanmen.conf").read_text().splitlines() if "host=" in line)
    for role in ("yanmen_broker", "yanmen_sealer", "yanmen-pg"):
        done = subprocess.run(["psql", "-X", "-h", folder, "-U", role, "-d", "yanmen", "-c", "select 1"], capture_output=True,
                              text=True, timeout=20)
        assert (done.returncode == 0) == (os.geteuid() != 0), role  # without root all is one user
    postmaster = instance.service_pid("postgres")
    assert not procs.listening() & set().union(*(procs.sockets(p) for p in [postmaster, *procs.children(postmaster)]))


def test_stop_and_start_keeps_what_was(own_instance):
    instance = own_instance
    user = instance.user()
    instance.grant(user, instance.demo)
    instance.ssh(user, "true")
    session = instance.session_of(user)["id"]
    instance.run("--stop")
    assert instance.run("--status", check=False).returncode == 1
    with socket.socket() as s:
        assert s.connect_ex(("127.0.0.1", instance.port)) != 0
    instance.start()
    assert session in [s["id"] for s in instance.sessions(user)]
    assert instance.ssh(user, "echo again").stdout == b"again\n"


def test_samples_remove_takes_everything_of_them(own_instance):
    instance = own_instance
    port = instance.base + 20
    instance.ok("samples", "remove")
    until(lambda: "sample-sshd" not in instance.state()["services"], 10, "the end of the sample sshd")
    with socket.socket() as s:
        assert s.connect_ex(("127.0.0.1", port)) != 0
    instance.read_endpoints()
    assert instance.endpoints["targets"] == {}
    assert [t for t in instance.ok("target", "list") if t["cluster"] == "samples"] == []
    assert not any("sample" in c["say"].lower() and c["state"] == "warn" for c in instance.ok("doctor"))
    instance.ok("samples", "remove")  # again: nothing is left to do


def test_a_newer_schema_is_refused(own_instance):
    instance = own_instance
    folder = instance.home / "bin" / "schema"
    last = sorted(folder.glob("0*.sql"))[-1]
    kept = last.read_bytes()
    last.unlink()
    try:
        result = instance.cli("migrate")
        assert result.code == 1 and result.stderr.strip()
    finally:
        last.write_bytes(kept)
    assert instance.cli("migrate").code == 0
