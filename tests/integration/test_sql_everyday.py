"""What clients send every day is not refused where writes are; who knows less of a session tells no less; rows as servers of a known version read them."""

import collections
from dataclasses import replace

import pytest
from harness.sql_classifier import told
from harness.sql_rows import SPOKEN, corpus

SERVERS = {"mariadb": ("mariadb", "10.11.19"), "mysql5": ("mysql", "5.6.24"), "mysql8": ("mysql", "9.7.4")}
# What "deny DDL and writes" lets pass. LOCK: dumps lock what they read; PREPARE counts with what it prepares.
HARMLESS = {"SELECT", "SHOW", "EXPLAIN", "SET", "USE", "TCL", "LOCK", "PREPARE", "EXECUTE", "DEALLOCATE", "EMPTY",
            "MULTI", "LEXMODE", "VERSION_COMMENT", "TAUTOLOGY"}
NOBODY_KNOWS = {"version": None, "mode": "NO_SUCH_MODE", "charset": "no_such_set"}
NOT_LESS = {"EMPTY", "UNPARSED"}  # another reading may have something in it, and that is told


def rows_of(server, pattern="*.tsv"):
    return [row for row in corpus(pattern) if row.dialect in SPOKEN[server]]


@pytest.mark.parametrize("server", SERVERS)
def test_every_row_is_told_as_it_says_when_the_version_is_known(server):
    dialect, version = SERVERS[server]
    wrong = [f"{row}\n    {', '.join(sorted(classes))}; missing {sorted(missing)}, too much {sorted(much)}"
             for row, classes in told(rows_of(server, "ev*_*.tsv"), dialect, version) for missing, much in [row.wrong(classes)] if missing or much]
    assert not wrong, f"{len(wrong)} rows\n" + "\n".join(wrong)


@pytest.mark.parametrize("unknown", ("version", "mode", "charset"))
@pytest.mark.parametrize("server", SERVERS)
def test_who_knows_less_tells_no_less(server, unknown):
    """A server's version, mode or character set that nobody knows: what is told when it is known is told then too, or it is not read at all."""
    dialect, version = SERVERS[server]
    rows = rows_of(server)
    blind = [replace(row, context=row.context | {unknown: NOBODY_KNOWS[unknown]}) for row in rows]
    less = []
    for (row, known), (_, classes) in zip(told(rows, dialect, version), told(blind, dialect, version)):
        missing = known - classes - NOT_LESS
        if missing and "UNPARSED" not in classes:
            less.append(f"{row}\n    {', '.join(sorted(classes))} without {', '.join(sorted(missing))}")
    assert not less, f"{len(less)} rows\n" + "\n".join(less)


@pytest.mark.parametrize("server", SERVERS)
def test_what_clients_send_to_read_is_harmless(server):
    dialect, version = SERVERS[server]
    rows = rows_of(server, "everyday_clients.tsv") + rows_of(server, "everyday_more.tsv")
    assert len(rows) > 250
    blocked = [f"{row}\n    {', '.join(sorted(classes - HARMLESS))}" for row, classes in told(rows, dialect, version) if classes - HARMLESS]
    assert not blocked, f"{len(blocked)} of {len(rows)}\n" + "\n".join(blocked)


def test_each_row_is_there_once():
    keys = collections.Counter((row.where.partition(":")[0], row.dialect, tuple(sorted(row.context.items())), row.sql) for row in corpus())
    assert not [key for key, times in keys.items() if times > 1]
