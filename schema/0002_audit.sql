-- The audit log: append-only events, chained by the sealer (docs/RECORDING.md, "Audit chain").
--
-- audit.event  one row an event, partitioned by month of `at`.  uid, at, kind, actor and body are chained; user_name,
--              target_name, session and search are taken from body for searching and audit.verify compares them.
-- audit.seal   the chain: which event has which number, and the hash up to there.
-- audit.head   heads signed by the vault.
-- Nobody updates or deletes: no role has the right and triggers refuse it to the owner too.
create table audit.event (
	id bigint generated always as identity,
	uid uuid not null,
	at timestamptz not null,
	kind text not null check (kind ~ '^[a-z][a-z0-9_.]{0,63}$'),
	actor text not null check (octet_length(actor) between 1 and 256),
	body text not null check (octet_length(body) <= 450000), -- so that an exported line stays below 1 MiB
	user_name text,
	target_name text,
	session uuid,
	search text not null,
	xid xid8 not null default pg_current_xact_id(),
	primary key (id, at),
	unique (uid, at)
) partition by range (at);
create index on audit.event (at, id);
create index on audit.event (xid, id);
create index on audit.event (user_name, at) where user_name is not null;
create index on audit.event (target_name, at) where target_name is not null;

create table audit.seal (
	seq bigint primary key,
	event_id bigint not null unique,
	event_at timestamptz not null,
	hash bytea not null check (octet_length(hash) = 32)
);
create table audit.head (
	seq bigint not null references audit.seal,
	hash bytea not null,
	time_us bigint not null,
	signature bytea not null check (octet_length(signature) = 64),
	primary key (seq, time_us)
);
-- Where the sealer stands: everything up to (xid, id), and everything up to id `floor`, is chained.
create table audit.cursor (
	one bool primary key default true check (one),
	xid xid8 not null default '0',
	id bigint not null default 0,
	floor bigint not null default 0
) with (fillfactor = 50);
insert into audit.cursor default values;

create function audit.refuse() returns trigger language plpgsql as $$
begin
	raise exception 'the audit log is append-only' using errcode = 'YM403';
end
$$;
create trigger append_only before update or delete on audit.event for each row execute function audit.refuse();
create trigger append_only before update or delete on audit.seal for each row execute function audit.refuse();
create trigger append_only before update or delete on audit.head for each row execute function audit.refuse();
create trigger no_truncate before truncate on audit.event for each statement execute function audit.refuse();
create trigger no_truncate before truncate on audit.seal for each statement execute function audit.refuse();
create trigger no_truncate before truncate on audit.head for each statement execute function audit.refuse();

-- The partition of that month.  Attached, not created in place: the log stays writable meanwhile.
create function audit.need_month(at timestamptz) returns void language plpgsql as $$
declare
	first timestamptz := date_trunc('month', need_month.at at time zone 'UTC') at time zone 'UTC';
	after timestamptz := (date_trunc('month', need_month.at at time zone 'UTC') + interval '1 month') at time zone 'UTC';
	part text := to_char(need_month.at at time zone 'UTC', '"event_"YYYY"_"MM');
begin
	if to_regclass('audit.' || part) is not null then
		return;
	end if;
	perform pg_advisory_xact_lock(hashtext('audit.need_month'));
	if exists (select from pg_class c where c.relnamespace = 'audit'::regnamespace and c.relname = part) then
		return; -- made while we waited; to_regclass would still answer from a cache
	end if;
	execute format('create table audit.%I (like audit.event including defaults including constraints)', part);
	execute format('alter table audit.event attach partition audit.%I for values from (%L) to (%L)', part, first, after);
	execute format('create trigger no_truncate before truncate on audit.%I for each statement '
		'execute function audit.refuse()', part);
end
$$;

-- The text of every string and number in a body, for searching.  changes (0019) are for the history.
create function audit.search_text(body jsonb) returns text language sql immutable as $$
	select coalesce(string_agg(v #>> '{}', ' '), '')
	from jsonb_path_query(body - 'changes', 'strict $.**') v
	where jsonb_typeof(v) in ('string', 'number')
$$;
create function audit.session_of(body jsonb) returns uuid language sql immutable as $$
	select case when body ->> 'session' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then (body ->> 'session')::uuid end
$$;

-- The one way into the log.  False: this uid is there already.  Never fails on content: what does not fit is cut, since
-- the fact has happened.
create function audit.add(actor text, kind text, body jsonb, uid uuid default gen_random_uuid(),
	at timestamptz default clock_timestamp()) returns bool
language plpgsql security definer set search_path = pg_catalog, audit, pg_temp as $$
#variable_conflict use_column
declare
	t timestamptz := least(greatest(add.at, '2000-01-01Z'), '2100-01-01Z');
	b jsonb := jsonb_strip_nulls(coalesce(add.body, '{}'));
	n bigint;
begin
	if octet_length(b::text) > 450000 then
		b := jsonb_build_object('user', left(b ->> 'user', 255), 'target', left(b ->> 'target', 255), 'session',
			left(b ->> 'session', 64), 'text', left(audit.search_text(b), 50000), 'cut_bytes', octet_length(b::text));
	end if;
	perform audit.need_month(t);
	insert into audit.event (uid, at, kind, actor, body, user_name, target_name, session, search)
	values (add.uid, t, add.kind, left(add.actor, 64), b::text, b ->> 'user', b ->> 'target', audit.session_of(b),
		audit.search_text(b))
	on conflict (uid, at) do nothing;
	get diagnostics n = row_count;
	return n = 1;
end
$$;

-- ---- the chain ----
create function audit.field(x text) returns bytea language sql immutable as $$
	select int4send(octet_length(convert_to(x, 'UTF8'))) || convert_to(x, 'UTF8')
$$;
-- Microseconds since 1970.  (By way of UTC, since what PostgreSQL calls immutable it can inline.)
create function audit.us(at timestamptz) returns bigint language sql immutable as $$
	select (extract(epoch from at at time zone 'UTC') * 1000000)::bigint
$$;
create function audit.link(prev bytea, seq bigint, e audit.event) returns bytea language sql immutable as $$
	select sha256(prev || int8send(seq) || audit.field(e.uid::text)
		|| audit.field(audit.us(e.at)::text)
		|| audit.field(e.kind) || audit.field(e.actor) || audit.field(e.body))
$$;

-- Chains up to max_rows committed events; answers the head (seq 0 when nothing was ever chained) and how many were
-- added.
--
-- Order is (xid, id), and only events of transactions older than every running one are taken: those are all there, so
-- an event that commits late is never behind the cursor.  A row is younger than the cursor or older than the horizon.
-- After a restore from a dump into a cluster whose transaction ids are lower, the ids in the table are from another
-- world: they are all committed, get chained first, and `floor` leaves them behind.
create function audit.seal(max_rows int) returns table (seq bigint, hash bytea, added int)
language plpgsql security definer set search_path = pg_catalog, audit, pg_temp as $$
declare
	c audit.cursor;
	e audit.event;
	foreign_ids bool;
begin
	perform pg_advisory_xact_lock(hashtext('audit.seal'));
	select * into c from audit.cursor;
	select s.seq, s.hash into seq, hash from audit.seal s order by s.seq desc limit 1;
	seq := coalesce(seq, 0);
	hash := coalesce(hash, decode(repeat('00', 32), 'hex'));
	added := 0;
	foreign_ids := c.xid >= pg_snapshot_xmax(pg_current_snapshot());
	for e in
		select v.* from audit.event v
		where v.id > c.floor and (v.xid, v.id) > (c.xid, c.id)
			and (foreign_ids or v.xid < pg_snapshot_xmin(pg_current_snapshot()))
		order by v.xid, v.id limit greatest(max_rows, 1)
	loop
		seq := seq + 1;
		hash := audit.link(hash, seq, e);
		added := added + 1;
		insert into audit.seal values (seq, e.id, e.at, hash);
		c.xid := e.xid;
		c.id := e.id;
	end loop;
	if foreign_ids and added = 0 then
		c := row(true, '0'::xid8, 0, (select coalesce(max(s.event_id), 0) from audit.seal s));
	end if;
	update audit.cursor set xid = c.xid, id = c.id, floor = c.floor;
	return next;
end
$$;

-- A head that the vault signed.  Refused when it is not the chain's.
create function audit.head_sign(seq bigint, hash bytea, time_us bigint, signature bytea) returns void
language plpgsql security definer set search_path = pg_catalog, audit, pg_temp as $$
begin
	if not exists (select from audit.seal s where s.seq = head_sign.seq and s.hash = head_sign.hash) then
		raise exception 'no such head' using errcode = 'YM404';
	end if;
	insert into audit.head values (head_sign.seq, head_sign.hash, head_sign.time_us, head_sign.signature)
	on conflict do nothing;
end
$$;

-- The lines of an export, the events numbered from_seq to from_seq + max_rows - 1 in order.  A row of an event has
-- time_us and signature null; behind it each signed head over it as a row with uid null.
create function audit.export(from_seq bigint, max_rows int)
returns table (seq bigint, uid text, at_us bigint, kind text, actor text, body text, hash bytea, time_us bigint,
	signature bytea)
language sql stable security definer set search_path = pg_catalog, audit, pg_temp as $$
	select s.seq, e.uid::text, audit.us(e.at), e.kind, e.actor, e.body, s.hash, null,
		null
	from audit.seal s join audit.event e on e.id = s.event_id and e.at = s.event_at
	where s.seq >= from_seq and s.seq < from_seq + least(max_rows, 10000)
	union all
	select h.seq, null, null, null, null, null, h.hash, h.time_us, h.signature from audit.head h
	where h.seq >= from_seq and h.seq < from_seq + least(max_rows, 10000)
	order by 1, 8 nulls first
$$;
-- Signed heads, oldest first, from number from_seq on.
create function audit.heads(from_seq bigint, max_rows int)
returns table (seq bigint, hash bytea, time_us bigint, signature bytea)
language sql stable security definer set search_path = pg_catalog, audit, pg_temp as $$
	select h.seq, h.hash, h.time_us, h.signature from audit.head h where h.seq >= from_seq
	order by h.seq, h.time_us limit least(greatest(max_rows, 1), 10000)
$$;

-- Hashes the chain again, max_rows (null: all) events behind number after_seq (whose hash is taken as it stands: begin
-- at 0).  bad_seq null: all was well up to (seq, hash).  Signatures of heads are checked outside, with the public key.
create function audit.verify(after_seq bigint default 0, max_rows int default null)
returns table (checked bigint, seq bigint, hash bytea, bad_seq bigint, why text)
language plpgsql stable security definer set search_path = pg_catalog, audit, pg_temp as $$
declare
	r record;
	b jsonb;
begin
	checked := 0;
	seq := after_seq;
	select s.hash into hash from audit.seal s where s.seq = after_seq;
	hash := case when after_seq = 0 then decode(repeat('00', 32), 'hex') else hash end;
	if hash is null then
		bad_seq := after_seq;
		why := 'missing';
		return next;
		return;
	end if;
	for r in
		select s.seq, s.hash, e.id, e as event from audit.seal s
		left join audit.event e on e.id = s.event_id and e.at = s.event_at
		where s.seq > after_seq order by s.seq limit max_rows
	loop
		why := case
			when r.seq <> seq + 1 then 'missing'
			when r.id is null then 'event missing'
			when audit.link(hash, r.seq, r.event) <> r.hash then 'changed'
		end;
		if why is null then
			b := (r.event).body; -- what was hashed is JSON
			if ((r.event).user_name, (r.event).target_name, (r.event).session, (r.event).search) is distinct from
				(b ->> 'user', b ->> 'target', audit.session_of(b), audit.search_text(b))
			then
				why := 'changed (what is searched)';
			end if;
		end if;
		if why is not null then
			bad_seq := seq + 1;
			return next;
			return;
		end if;
		seq := r.seq;
		hash := r.hash;
		checked := checked + 1;
	end loop;
	if max_rows is null or checked < max_rows then
		select h.seq, 'head differs' into bad_seq, why from audit.head h
		left join audit.seal s on s.seq = h.seq where s.hash is distinct from h.hash order by h.seq limit 1;
	end if;
	return next;
end
$$;

grant usage on schema audit to yanmen_broker, yanmen_sealer;
grant execute on function audit.seal, audit.head_sign to yanmen_sealer;
grant execute on function audit.export, audit.heads, audit.verify to yanmen_broker;
