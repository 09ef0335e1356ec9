"""Behind tools/test: builds, runs the suites, adds up.  Every step has a deadline; nothing is left running."""

import argparse
import collections
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLAIN, ASAN = ROOT / "build", ROOT / "build-asan"
SUITES = ("check", "unit", "sandbox", "fuzz", "console", "integration", "sanitized")
CPUS = str(max(2, min(4, os.cpu_count() or 2)))


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Count(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def run(argv, seconds, **kw):
    """Runs one command in a session of its own and ends all of it at the deadline.  Returns (exit code, output);
    124 is the deadline."""
    kw.setdefault("stdout", subprocess.PIPE)
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, text=True, errors="replace",
                          start_new_session=True, **kw) as process:
        try:
            out, _ = process.communicate(timeout=seconds)
            return process.returncode, out or ""
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, _ = process.communicate()
            return 124, (out or "") + f"\nended after {seconds} s"
        except BaseException:  # we are ended ourselves
            os.killpg(process.pid, signal.SIGKILL)
            raise


def one(name, code, output):
    """One command as one test."""
    if code == 0:
        return Count(passed=1)
    print(f"--- {name}: exit {code}\n{output[-6000:]}", flush=True)
    return Count(failed=1)


# ---- suites ----
def check(options):
    del options
    ours = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    files = [ROOT / name for name in run(ours, 60)[1].split("\0") if (ROOT / name).is_file()]
    shell = [str(f) for f in files if f.read_bytes()[:10].startswith((b"#!/bin/sh", b"#!/bin/bash"))]
    python = [str(f) for f in files if f.suffix == ".py"]
    total = one("shellcheck", *run(["shellcheck", *shell], 120))
    total += one("pyflakes", *run([sys.executable, "-m", "pyflakes", *python], 120))
    if (ROOT / "tools/check.py").exists():
        total += one("tools/check.py", *run([sys.executable, "-B", "tools/check.py", "build"], 120))
    return total


def console(options):
    """The front end: types, style, texts in both languages, and its unit tests one by one."""
    del options
    total = Count()
    for step in ("types", "lint", "texts"):
        total += one(f"npm run {step}", *run(["npm", "--prefix", "console", "run", "-s", step], 300))
    with tempfile.TemporaryDirectory() as work:
        report = Path(work) / "vitest.json"
        code, out = run(["npm", "--prefix", "console", "run", "-s", "unit", "--", "--reporter=json", f"--outputFile={report}"], 300)
        if not report.exists():
            return total + one("npm run unit", code or 1, out)
        said = json.loads(report.read_text(encoding="utf-8"))
        if said["numFailedTests"]:
            print(out[-6000:], flush=True)
        return total + Count(said["numPassedTests"], said["numFailedTests"], said["numPendingTests"])


def meson_tests(build, selection, seconds):
    """Runs meson tests; counts cmocka's cases where a program has them, else the program."""
    log = build / "meson-logs/testlog.json"
    log.unlink(missing_ok=True)
    environment = os.environ | {"ASAN_OPTIONS": "abort_on_error=1:detect_stack_use_after_return=1",
                                "UBSAN_OPTIONS": "print_stacktrace=1"}
    code, out = run(["meson", "test", "-C", str(build), "--no-rebuild", "--num-processes", CPUS, "--timeout-multiplier", "4", *selection], seconds,
                    env=environment)
    if not log.exists():
        return Count() if code == 0 else one("meson test", code, out)
    total = Count()
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        total += meson_test(json.loads(line))
    if code and not total.failed:
        total += one("meson test", code, out)
    return total


def meson_test(row):
    said = row.get("stdout", "") + row.get("stderr", "")
    cases = [sum(map(int, re.findall(p, said))) for p in
             (r"\[==========\] Running (\d+) test", r"\[  PASSED  \] (\d+) test", r"\[  SKIPPED \] (\d+) test")]
    ok = row["result"] in ("OK", "SKIP", "EXPECTEDFAIL")
    for reason in re.findall(r"^skipped: .*", said, re.M):
        print(f"{row['name']}: {reason}", flush=True)
    if not ok:
        print(f"--- {row['name']}: {row['result']}\n{said[-6000:]}", flush=True)
    if not cases[0]:
        return Count(int(ok and row["result"] != "SKIP"), int(not ok), int(row["result"] == "SKIP"))
    failed = cases[0] - cases[1] - cases[2]
    if ok or failed:
        return Count(cases[1], failed, cases[2])
    return Count(max(cases[1] - 1, 0), 1, cases[2])  # all cases passed, and then it crashed


def unit(options):
    del options
    return meson_tests(ASAN, ["--suite", "unit"], 900)


def sandbox(options):
    """What a sanitizer would stand in the way of, in the plain build: everything that is not a unit test."""
    del options
    return meson_tests(PLAIN, ["--no-suite", "unit"], 900)


def fuzz(options):
    seconds = 120 if options.long else 6
    targets = sorted(p for p in (ASAN / "tests/fuzz").glob("fuzz_*") if p.is_file() and os.access(p, os.X_OK))

    def fuzz_one(target):
        seeds = ROOT / "tests/fuzz/corpus" / target.name.removeprefix("fuzz_")
        with tempfile.TemporaryDirectory(prefix="yanmen-fuzz-") as found:
            code, out = run([str(target), f"-max_total_time={seconds}", "-rss_limit_mb=1024", "-timeout=10", "-print_final_stats=0",
                             "-verbosity=0", f"-artifact_prefix={found}/", found, *([str(seeds)] if seeds.is_dir() else [])],
                            seconds + 60)
            crash = next((p for p in Path(found).glob("*-*") if code), None)
            if crash is not None:
                out += f"\ninput ({crash.name}): {crash.read_bytes()[:2000].hex()}"
        return one(target.name, code, out)

    with concurrent.futures.ThreadPoolExecutor(int(CPUS)) as pool:
        return sum(pool.map(fuzz_one, targets), Count())


def pytest(options, prefix, marks, seconds, workers=1):
    """Integration tests; each worker has an instance of its own below a folder that is emptied here."""
    with tempfile.TemporaryDirectory(prefix="yanmen-test-") as work:
        os.chmod(work, 0o711)
        report = Path(work) / "report.xml"
        argv = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml", str(report), "-m", marks,
                "-o", "junit_logging=no", "tests/integration"]
        argv += ["-n", str(workers), "--dist", "loadfile"] if workers > 1 else []
        argv += ["-k", options.expression] if options.expression else []
        environment = os.environ | {"YANMEN_PREFIX": str(prefix / "install"), "YANMEN_TEST_DIR": work}
        if options.long:
            environment["YANMEN_LONG"] = "1"
        try:
            code, _ = run(argv, seconds, env=environment, stdout=None)
        finally:
            leave_nothing(Path(work), environment)
        if not report.exists():
            return Count(failed=1)
        total, tree = Count(), xml.etree.ElementTree.parse(report)
        for reason, n in collections.Counter(s.get("message") for s in tree.iter("skipped")).items():
            print(f"skipped {n}: {reason}", flush=True)
        slowest = collections.Counter()
        for case in tree.iter("testcase"):
            slowest[case.get("classname").rpartition(".")[2]] += float(case.get("time"))
        print("longest:", ", ".join(f"{name} {seconds:.0f} s" for name, seconds in slowest.most_common(6)), flush=True)
        for suite in tree.iter("testsuite"):
            bad, skipped = int(suite.get("failures")) + int(suite.get("errors")), int(suite.get("skipped"))
            total += Count(max(int(suite.get("tests")) - bad - skipped, 0), bad, skipped)
        if code not in (0, 1, 5) and not total.failed:
            total += Count(failed=1)
        return total


def leave_nothing(work, environment):
    """Ends and removes the instances of a run that was cut short."""
    for facts in work.glob("*/instance.json"):
        run(["tools/run", "--home", str(facts.parent), "--reset", "--yes"], 90, env=environment)


def integration(options):
    total = pytest(options, PLAIN, "not alone", 2400, workers=int(CPUS) * 2)
    return total + pytest(options, PLAIN, "alone", 1800)


def sanitized(options):
    """The integration tests once more; what a sanitizer stands in the way of (sandbox, memory limits) skips itself.
    What mostly waits or measures is left to --long."""
    if not options.long:
        return pytest(options, ASAN, "not alone and not schema and not browser and not outage", 2400, workers=int(CPUS) * 2)
    total = pytest(options, ASAN, "not alone and not schema and not browser", 3600, workers=int(CPUS) * 2)
    return total + pytest(options, ASAN, "alone and not schema and not browser", 3600)


def main():
    p = argparse.ArgumentParser(prog="tools/test")
    p.add_argument("--long", action="store_true")
    p.add_argument("-k", dest="expression")
    p.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(SUITES))
    options = p.parse_args()
    unknown = set(options.suites) - set(SUITES)
    if unknown:
        p.error(f"no such suite: {', '.join(sorted(unknown))}")
    wanted = options.suites or (("integration",) if options.expression else SUITES)
    total = Count()
    for build, needed_by in (("plain", {"sandbox", "integration"}), ("asan", {"unit", "fuzz", "sanitized"})):
        if needed_by & set(wanted):
            began = time.monotonic()
            if subprocess.run([ROOT / "tools/setup/build", build], stdin=subprocess.DEVNULL, check=False).returncode:
                total += Count(failed=1)
                print(total)
                return 1
            print(f"build {build}: {time.monotonic() - began:.0f} s", flush=True)
    if {"integration", "sanitized", "console"} & set(wanted):
        began = time.monotonic()
        if subprocess.run([ROOT / "tools/setup/console"], stdin=subprocess.DEVNULL, check=False).returncode:
            total += Count(failed=1)
            print(total)
            return 1
        print(f"build console: {time.monotonic() - began:.0f} s", flush=True)
        for step in ("plugins", "mysql"):
            subprocess.run([ROOT / "tools/setup" / step], stdin=subprocess.DEVNULL, check=True)
    for suite in (s for s in SUITES if s in wanted):
        began = time.monotonic()
        count = globals()[suite](options)
        print(f"{suite}: {count}  ({time.monotonic() - began:.0f} s)", flush=True)
        total += count
    print(total, flush=True)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
