"""tools/run behind its shell front: reads the options, starts, shows, stops or deletes one instance."""

import argparse
import hashlib
import os
import shutil
import signal
import ssl
import sys

import sample_database
import samples
import supervise
from place import CHECKOUT, Home, choose_base, default_home, MYSQL, SAMPLE_SSH, SSH, WEB
from seed import USERS, TARGET, password_file
from words import Failure, complain, say, text


KEYS = ("passphrase-file", "escrow-key", "vault-key")  # what opens the key in a backup


def options():
    p = argparse.ArgumentParser(prog="tools/run", add_help=False)
    p.add_argument("--home", default=None)
    p.add_argument("--ports", type=int, default=None)
    p.add_argument("--listen", default=None)
    p.add_argument("--detach", action="store_true")
    p.add_argument("--no-samples", dest="samples", action="store_false", default=None)
    p.add_argument("--samples", dest="samples", action="store_true")
    p.add_argument("--no-sample-database", dest="database", action="store_false", default=None)
    p.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE")
    p.add_argument("--yes", action="store_true")
    p.add_argument("--restore", default=None, metavar="DIR")
    for key in KEYS:
        p.add_argument("--" + key, default=None, metavar="FILE")
    one = p.add_mutually_exclusive_group()
    for action in ("status", "stop", "reset", "samples-remove"):
        one.add_argument("--" + action, action="store_true")
    given = p.parse_args()
    if given.ports is not None and not 1 <= given.ports <= 65000:
        p.error("--ports is a number from 1 to 65000")
    if any("=" not in change or "." not in change.split("=")[0] for change in given.set):
        p.error("--set takes SECTION.KEY=VALUE")
    keys = {k: os.path.abspath(v) for k in KEYS if (v := getattr(given, k.replace("-", "_")))}
    if bool(given.restore) != (len(keys) == 1):
        p.error("--restore DIR takes one of " + ", ".join("--" + k for k in KEYS))
    given.restore = {"from": os.path.abspath(given.restore), **keys} if given.restore else None
    return given


def start(home, given):
    if given.restore and (home.facts() or {"restoring": True}).get("restoring") is None:
        raise Failure("restore_used", home=home.path)
    home.claim()
    programs = home.install(os.environ.get("YANMEN_PREFIX") or CHECKOUT / "build/install")
    if supervise.pid_of(home):
        if home.state().get("programs") == programs.name:
            say("runs_already", home=home.path)
            show_logins(home)
            return
        say("updated")
        supervise.stop(home)
    choose(home, given)
    if not given.detach:
        # From here on a Ctrl-C is the supervisor's to carry out; we only wait for it.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    pid = supervise.start(home, programs, given.detach)
    say("runs", home=home.path)
    show_logins(home)
    say("until_stop" if given.detach else "until_ctrl_c")
    if not given.detach:
        attend(pid)
        say("stopped")


def choose(home, given):
    """Ports, address and samples: as given, else as before, else the defaults."""
    facts = home.facts()
    listen = given.listen or facts.get("listen", "127.0.0.1")
    wanted = given.ports if given.ports is not None else None
    base, in_the_way = choose_base(wanted, facts.get("base"), listen)
    if in_the_way is not None:
        say("port_moved", taken=in_the_way, base=base)
    wish = given.samples if given.samples is not None else facts.get("samples", True)
    conf = facts.get("conf", {}) | dict(change.split("=", 1) for change in given.set)
    database = given.database if given.database is not None else facts.get("database", True)
    home.remember(base=base, listen=listen, samples=wish, database=database, conf=conf, **({"restoring": given.restore} if given.restore else {}))


def attend(pid):
    """In the foreground: until Ctrl-C, or until the supervisor ends."""
    waiting = {signal.SIGINT, signal.SIGTERM, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, waiting)
    while True:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
        got = signal.sigtimedwait(waiting, 0.5)
        if got is not None and got.si_signo != signal.SIGCHLD:
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)
            return


def show_logins(home):
    facts = home.facts()
    port = facts["base"] + SSH
    host = "127.0.0.1" if facts["listen"] in ("0.0.0.0", "[::]") else facts["listen"]
    cli = str(home.bin / "yanmen") + f" --config {home.conf}"
    print(f"\n  https://{host}:{facts['base'] + WEB}\n      {text('fingerprint')} {fingerprint(home.web_certificate)}")
    print(f"  ssh  {host} {port}\n")
    say("logins")
    for user in USERS:
        file = password_file(home, user)
        if file.exists():
            print(f"  {user:<10} {user:<10} {file.read_text()}")
    examples = []
    if facts.get("samples"):
        examples += [(f"ssh -p {port} engineer#{TARGET}@{host}", "log_in"), (f"ssh -p {port} engineer@{host}", "choose")]
    if sample_database.wanted(home, facts):
        examples += [(f"mariadb -h {host} -P {facts['base'] + MYSQL} -u engineer#{sample_database.NAME} -p --ssl", "query")]
    examples += [(f"{cli} session list", "see"), (f"{cli} session watch ID   ·   session kill ID --reason R", "watch"),
                 (f"{cli} audit verify", "prove")]
    print()
    say("try")
    for command, about in examples:
        print(f"  {command}\n      {text(about)}")
    print(flush=True)


def fingerprint(certificate):
    """As browsers show it."""
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(first_certificate(certificate.read_text()))).hexdigest().upper()
    return ":".join(digest[i:i + 2] for i in range(0, len(digest), 2))


def first_certificate(pem):
    end = "-----END CERTIFICATE-----"
    return pem[:pem.index(end) + len(end)]


def status(home):
    pid = supervise.pid_of(home)
    if home.facts() is None or pid is None:
        say("not_running", home=home.path)
        return 1
    say("runs", home=home.path)
    facts = home.facts()
    print(f"  https://{facts['listen']}:{facts['base'] + WEB}")
    print(f"  ssh {facts['listen']}:{facts['base'] + SSH}")
    if home.has_mysql():
        print(f"  mysql {facts['listen']}:{facts['base'] + MYSQL}")
    if facts.get("samples"):
        print(f"  sample target 127.0.0.1:{facts['base'] + SAMPLE_SSH}")
    print(f"  supervisor   pid {pid}")
    down = False
    for name, facts in home.state().get("services", {}).items():
        down |= facts["pid"] is None
        print(f"  {name:<12} pid {facts['pid'] or '-'}   restarts {facts['restarts']}" +
              (f"   last end: {facts['ended']}" if facts["ended"] else ""))
    return 1 if down else 0


def reset(home, sure):
    if home.facts() is None:
        raise Failure("bad_home", home=home.path)
    if not sure:
        try:
            answer = input(text("ask_reset", home=home.path))
        except EOFError:
            answer = ""
        if answer.strip() != "yes":
            say("kept")
            return 1
    supervise.stop(home)
    samples.drop_os_user(home)
    for folder in (home.outside, home.run_dir, home.path):
        shutil.rmtree(folder, ignore_errors=folder != home.path)
    say("removed", home=home.path)
    return 0


def remove_samples(home):
    if home.facts() is None:
        raise Failure("bad_home", home=home.path)
    home.remember(samples=False)
    pid = supervise.pid_of(home)
    if pid:
        os.kill(pid, signal.SIGHUP)
        supervise.await_samples_gone(home)
    samples.drop_os_user(home)
    say("samples_removed")


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as any program whose output someone cuts off
    given = options()
    home = Home(given.home or default_home())
    try:
        if given.status:
            return status(home)
        if given.stop:
            say("stopped") if supervise.stop(home) else say("not_running", home=home.path)
        elif given.reset:
            return reset(home, given.yes)
        elif given.samples_remove:
            remove_samples(home)
        else:
            start(home, given)
    except (Failure, OSError) as failure:
        complain(failure)
        return 1
    return 0


sys.exit(main())
