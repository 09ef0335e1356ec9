"""Ten thousand rows of each kind: pages, sorting, filters and an import of two thousand lines, through the console's API.  Figures are printed."""

import json
import statistics
import time

import pytest
from harness.browser import Browser

pytestmark = [pytest.mark.alone, pytest.mark.timeout(900)]
N = 10_000
LINES = 2_000
FILL = """
set session_replication_role = replica;
insert into yanmen.cluster (name, networks) select 'many-c' || n, '{{10.0.0.0/8}}' from generate_series(1, {n}) n;
insert into yanmen.resource_group (name) select 'many-g' || n from generate_series(1, {n}) n;
insert into yanmen.users (name, role, pwhash) select 'many-u' || n, case when n % 10 = 0 then 'dba' else 'engineer' end, 'x' from generate_series(1, {n}) n;
insert into yanmen.target (name, kind, host, port, cluster_id)
  select 'many-t' || n, 'linux', '10.' || n / 65536 || '.' || n / 256 % 256 || '.' || n % 256, 22, c.id from generate_series(1, {n}) n
  join yanmen.cluster c on c.name = 'many-c' || n;
insert into yanmen.account (target_id, name, is_default, auth, sealed, bound)
  select t.id, 'cyadmin', true, 'password', '\\x00', yanmen.bound_text('cyadmin', t) from yanmen.target t where t.name like 'many-t%';
insert into yanmen.group_member (group_id, target_id)
  select g.id, t.id from yanmen.resource_group g join yanmen.target t on t.name = 'many-t' || substr(g.name, 7) where g.name like 'many-g%';
insert into yanmen.access_grant (user_id, account, target_id, features, created_by)
  select u.id, 'cyadmin', t.id, '{{shell}}', 'local:0' from yanmen.users u join yanmen.target t on t.name = 'many-t' || substr(u.name, 7)
  where u.name like 'many-u%';
analyze
"""
# collection: columns to sort by, filters that find one row, and how many `q` finds
LOOKS = {"users": (["name", "-created", "role"], {"name": "many-u777"}, "many-u77"),
         "groups": (["name", "-targets"], {"name": "many-g777"}, "many-g77"),
         "clusters": (["name", "-created"], {"name": "many-c777"}, "many-c77"),
         "targets": (["name", "-address", "cluster"], {"name": "many-t777"}, "many-t77"),
         "accounts": (["target", "-updated"], {"target": "many-t777"}, "many-t77"),
         "grants": (["user", "-target"], {"user": "many-u777"}, "many-u77")}


@pytest.fixture(scope="module")
def many(own_instance):
    own_instance.sql(FILL.format(n=N))
    admin = Browser(own_instance).login(own_instance.user("admin"))
    yield admin
    admin.close()


def timed(admin, collection, times, **query):
    began = time.monotonic()
    page = admin.ok(admin.get(f"/{collection}?" + "&".join(f"{k}={v}" for k, v in query.items())))
    times.append(time.monotonic() - began)
    return page


@pytest.mark.parametrize("collection", LOOKS)
def test_pages_of_ten_thousand_rows(many, collection):
    sorts, one, q = LOOKS[collection]
    times = []
    for sort in sorts:
        column, down = sort.lstrip("-"), sort.startswith("-")
        values = []
        for offset in (0, 50, 100):
            page = timed(many, collection, times, sort=sort, limit=50, offset=offset)
            assert len(page["rows"]) == 50 and page["total"] == N
            values += [r[column] for r in page["rows"]]
        assert len(values) == 150 and (values == sorted(values, reverse=down) or isinstance(values[0], str))
        last = timed(many, collection, times, sort=sort, limit=50, offset=N - 50)
        assert len(last["rows"]) == 50
    assert timed(many, collection, times, **one)["total"] == 1
    assert timed(many, collection, times, q=q)["total"] == 111  # 77, 770-779, 7700-7799
    p95 = sorted(times)[int(len(times) * 0.95)]
    print(f"\n{collection}: {len(times)} requests, median {statistics.median(times) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms")


def imported(admin, lines, check="off"):
    said = []
    for n in range(0, len(lines), 50):
        answer = admin.command("import run", line=lines[n:n + 50], check=check)
        said += admin.ok(answer)
    return said


def test_two_thousand_lines_are_imported(many):
    lines = [json.dumps({"steps": [["target add", {"name": f"new-t{n}", "kind": "linux", "address": f"10.9.{n // 250}.{n % 250}:22", "cluster": "many-c1"}],
                                   ["group put", {"group": "many-g1", "target": [f"new-t{n}"]}]]}) for n in range(LINES)]
    lines[17] = json.dumps({"steps": [["target add", {"name": "new t", "kind": "linux", "address": "10.9.0.1:22", "cluster": "many-c1"}]]})
    began = time.monotonic()
    assert [n for n, s in enumerate(imported(many, lines, "on")) if s["state"] == "wrong"] == [17]
    tried = time.monotonic() - began
    assert many.ok(many.get("/targets?q=new-t"))["total"] == 0
    said = imported(many, lines)
    took = time.monotonic() - began
    print(f"\nimport of {LINES} targets into a group: dry run {tried:.0f} s, all {took:.0f} s")
    assert [n for n, s in enumerate(said) if s["state"] == "wrong"] == [17]
    assert many.ok(many.get("/targets?groups=many-g1&limit=1"))["total"] == LINES
    assert took < LINES * 0.1  # not minutes for each page of lines; the figure is what is printed
