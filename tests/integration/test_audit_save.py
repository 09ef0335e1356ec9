"""audit save: what a search finds as a file, by the CLI and over HTTPS; and the chain's verification."""

import csv
import io
import json

import pytest
from harness.altered import altered
from harness.browser import Browser
from harness.wait import until


@pytest.fixture(scope="module")
def boss(instance):
    b = Browser(instance).login(instance.user("admin"))
    yield b
    b.close()


def saved(browser, form, **args):
    answer = browser.command("audit save", format=form, **args)
    assert answer.status == 200, answer.body[:300]
    return answer


def table(data):
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data[3:].decode(), newline="")))


@pytest.fixture(scope="module")
def formulas(boss, instance):
    """A setting's texts that a spreadsheet would reckon with, in the audit."""
    before = instance.ok("settings", "get", "banner.text")["value"]
    mark = instance.name("f").replace("-", "")
    for sign in "=+-@":
        boss.ok(boss.command("settings set", key="banner.text", value=f"{sign}cmd('{mark}')\"x"))
    boss.ok(boss.command("settings set", key="banner.text", value=before))
    yield mark


def test_a_spreadsheet_finds_no_formula_and_json_the_words_themselves(boss, instance, formulas):
    rows = table(saved(boss, "csv", text=formulas, kind=["admin"]).body)
    assert len(rows) >= 4 and list(rows[0]) == ["time", "kind", "user", "target", "session", "offset", "text", "actor", "id"]
    assert all(not value or value[0] not in "=+-@\t\r\n" for row in rows for value in row.values())
    lines = [json.loads(line) for line in saved(boss, "jsonl", text=formulas, kind=["admin"]).body.splitlines()]
    assert len(lines) >= len(rows) and {line["body"].get("value") for line in lines} >= {f"=cmd('{formulas}')\"x"}
    assert saved(boss, "csv", text=formulas).headers["Content-Type"].startswith("text/csv")
    assert instance.sql("select search.csv(E'=1+1'), search.csv(E'  @x'), search.csv(E'\\t=1'), search.csv('＝1'), search.csv('a\"b'), search.csv(null)") == [
        '"\'=1+1"|"\'  @x"|"\'\t=1"|"\'＝1"|"a""b"|""']


def test_it_has_all_pages_in_order_and_each_row_once(boss, instance, tmp_path):
    user = instance.user("engineer").name
    instance.sql(f"select audit.add('system', 'login.refused', jsonb_build_object('user', '{user}', 'n', n)) from generate_series(1, 2345) n")
    until(lambda: len(instance.audit(user=user)) >= 1000, 30, "the events")
    path = tmp_path / "all.jsonl"
    answer = instance.ok("audit", "save", "--format", "jsonl", "--output", path, "--since", "1h", "--user", user, "--kind", "login")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    numbers = [r["body"]["n"] for r in rows if r["kind"] == "login.refused"]
    assert sorted(numbers) == list(range(1, 2346)) and answer == {"rows": len(rows), "whole": True}
    assert [r["at"] for r in rows] == sorted((r["at"] for r in rows), reverse=True)
    assert [r for r in instance.audit(kind="admin", text="audit.saved") if r["body"]["search"].get("user") == user]


def test_who_may_not_search_saves_nothing_and_nonsense_is_refused(boss, instance, tmp_path):
    user = instance.user("engineer")
    browser = Browser(instance).login(user)
    assert browser.command("audit save", format="csv").status == 403
    browser.close()
    assert boss.command("audit save", format="xlsx").status == 400 and boss.command("audit save").status == 400
    assert instance.cli("audit", "save", "--format", "odt", "--output", tmp_path / "x", "--since", "1h").code == 2
    assert not (tmp_path / "x").exists()
    group_admin = instance.user("group_admin")
    browser = Browser(instance).login(group_admin)
    rows = table(saved(browser, "csv").body)
    assert all(row["target"] for row in rows)  # none of what has no target of his
    browser.close()


def test_the_chain_is_verified_in_pieces_and_a_changed_row_is_named(boss, instance):
    whole = boss.ok(boss.command("audit verify"))
    assert whole["verified"] and not whole["more"] and whole["events"] == whole["seq"] >= 2345 and len(whole["head"]) == 64
    assert whole["key"] in str(instance.ok("public", "keys"))
    later = boss.ok(boss.command("audit verify", after=whole["seq"] - 10, limit=10000))
    assert later["events"] >= 10 and later["seq"] >= whole["seq"] and not later["more"]
    with altered(instance) as seq:
        broken = boss.command("audit verify", limit=50000)
        assert broken.status == 409 and broken.json["detail"].startswith(f"event {seq} of the audit log: changed")
        assert boss.ok(boss.command("audit verify", after=seq))["verified"]  # what stands behind it does
    assert boss.ok(boss.command("audit verify"))["verified"]
    assert boss.command("audit verify", after="x").status == 400
    assert boss.command("audit verify", after=10**12).status == 409  # there is no such event to begin at
