"""An audit that somebody has written in."""

import contextlib

from harness.wait import until


@contextlib.contextmanager
def altered(instance):
    """One sealed row, the third, as somebody with all rights over the database has changed it."""
    def change(old, new):
        instance.sql("set session_replication_role = replica; update audit.event e set body = replace(body, "
                     f"'{old}', '{new}') from audit.seal s where s.seq = 3 and e.id = s.event_id and e.at = s.event_at")
    until(lambda: int(instance.sql("select coalesce(max(seq), 0) from audit.seal")[0]) > 3, 20, "sealed events")
    change('{"', '{ "')
    try:
        yield 3
    finally:
        change('{ "', '{"')
