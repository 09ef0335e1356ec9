-- Full-text search over the audit log and the text of terminals (docs/decisions/0010-search-by-chunks.md).
--
-- search.line   one row an audit event or a line of output.  Copied from the audit log and the recordings, which stay the
--               truth: all of it can be made again.
-- search.chunk  about 32,768 lines of one lane (events, output) and one day.  A word is indexed together with the number
--               of its chunk, so a search goes through the chunks from the newest on, and stops when its page is full.
-- search.who    the users and targets as numbers.   search.source  the sessions as numbers.
create schema search;

create table search.who (
	id int generated always as identity primary key,
	what "char" not null check (what in ('u', 't')),
	name text not null,
	target_id bigint not null default 0, -- of a target, so that another one of the same name is another one
	unique (what, name, target_id)
);
create index on search.who (target_id) where target_id <> 0;
create table search.source (
	id int generated always as identity primary key,
	session uuid not null unique
);
create table search.chunk (
	id int generated always as identity primary key,
	lane "char" not null check (lane in ('e', 'o')),
	day date not null,
	lines int not null default 0,
	min_at timestamptz not null default 'infinity',
	max_at timestamptz not null default '-infinity'
);
create index on search.chunk (lane, day, id);

create table search.line (
	at timestamptz not null,
	id bigint not null, -- of an event its id in the log; of output and statements a number of its own
	chunk int not null,
	source int not null, -- 0: no session
	who int not null,
	whom int not null,
	channel int not null,
	kind "char" not null, -- see search.kind
	text text not null
);
create sequence search.line_id owned by search.line.id;

-- How far the log has been copied, by number in the chain.
create table search.progress (
	one bool primary key default true check (one),
	seq bigint not null default 0
);
insert into search.progress default values;
-- Recordings whose text is to be copied, and how far that is.
create table search.recording (
	session_id uuid primary key references yanmen.session on delete cascade,
	state text not null default 'waiting' check (state in ('waiting', 'done', 'failed')),
	lines bigint not null default 0, -- copied so far
	tries int not null default 0,
	again_at timestamptz not null default now()
);
create index on search.recording (again_at) where state = 'waiting';

-- ---- words ----
-- What can be found of a text: its words (runs of letters, digits and _) in lower case; numbers with dots between as one
-- word (10.0.0.5), and their first two and three (10.0, 10.0.0); every Chinese, Japanese or Korean character and every
-- two in a row.  A word may be named twice.
create function search.words(t text) returns text[] language plpgsql immutable parallel safe as $$
declare
	low text := lower(t);
	dotted text[] := '{}';
	pairs text[] := '{}';
begin
	if low ~ '[0-9]\.[0-9]' then
		dotted := array(select v from regexp_matches(low, '(([0-9]+\.[0-9]+\M)(\.[0-9]+\M)?(?:\.[0-9]+)*)', 'g') m,
			unnest(array[m[1], m[2], m[2] || m[3]]) v where v is not null);
		low := regexp_replace(low, '[0-9]+(?:\.[0-9]+)+', ' ', 'g');
	end if;
	if low ~ '[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]' then
		pairs := array(select substr(m[1], i, n)
			from regexp_matches(low,
				'[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+', 'g') m,
				generate_series(1, length(m[1])) i, generate_series(1, 2) n
			where i + n <= length(m[1]) + 1);
	end if;
	return array_remove(regexp_split_to_array(low,
		'[\u0001-\u002f\u003a-\u0040\u005b-\u005e\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff'
		'\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]+'), '') || dotted || pairs;
end
$$;
-- Words of chunk c as the index has them.
create function search.keys(c int, words text[]) returns bigint[] language plpgsql immutable parallel safe as $$
begin
	return array(select (c::bigint << 32) | (hashtext(w)::bigint & 4294967295) from unnest(words) w);
end
$$;
-- All that is indexed of a line.  What begins with a space is no word of a text; the space alone stands for every line.
create function search.keys(l search.line) returns bigint[] language plpgsql immutable parallel safe as $$
begin
	return search.keys(l.chunk, search.words(l.text) || array[' ', ' k' || l.kind::text, ' u' || l.who, ' t' || l.whom]);
end
$$;
-- Entries are merged into the index a batch at a time (search.written), never left to be looked through by a search.
create index line_keys on search.line using gin (search.keys(line));
create index line_source on search.line (source);

-- ---- writing ----
-- One writer at a time.  It need not wait for the disk: what a crash undoes is copied again.
create function search.writing() returns void language plpgsql as $$
begin
	perform pg_advisory_xact_lock(hashtext('search.write'));
	perform set_config('synchronous_commit', 'off', true);
end
$$;
create function search.written() returns void language plpgsql as $$
begin
	perform gin_clean_pending_list('search.line_keys');
end
$$;
-- The chunk that is being filled.
create function search.open_chunk(lane "char", day date) returns int language plpgsql as $$
declare
	c search.chunk;
begin
	select * into c from search.chunk x where x.lane = open_chunk.lane and x.day = open_chunk.day order by x.id desc limit 1;
	if not found or c.lines >= 32768 then
		insert into search.chunk (lane, day) values (open_chunk.lane, open_chunk.day) returning * into c;
	end if;
	return c.id;
end
$$;
create function search.grow_chunk(chunk int, lines int, min_at timestamptz, max_at timestamptz) returns void language sql as $$
	update search.chunk c set lines = c.lines + grow_chunk.lines, min_at = least(c.min_at, grow_chunk.min_at),
		max_at = greatest(c.max_at, grow_chunk.max_at)
	where c.id = chunk
$$;
create function search.day_of(at timestamptz) returns date language sql immutable parallel safe as $$
	select (at at time zone 'UTC')::date
$$;
create function search.who_of(what "char", name text, target_id bigint default 0) returns int language plpgsql as $$
declare
	n int;
begin
	select w.id into n from search.who w
	where w.what = who_of.what and w.name = coalesce(who_of.name, '') and w.target_id = coalesce(who_of.target_id, 0);
	if not found then
		insert into search.who (what, name, target_id)
		values (who_of.what, coalesce(who_of.name, ''), coalesce(who_of.target_id, 0)) returning id into n;
	end if;
	return n;
end
$$;
create function search.source_of(session uuid) returns int language plpgsql as $$
declare
	n int;
begin
	if session is null then
		return 0;
	end if;
	select s.id into n from search.source s where s.session = source_of.session;
	if not found then
		insert into search.source (session) values (source_of.session) returning id into n;
	end if;
	return n;
end
$$;

-- command, login (and what becomes of a session), file, admin (every other event); of recordings output and statement.
create function search.kind(event text) returns "char" language sql immutable parallel safe as $$
	select (case when event ~ '^(channel|command)\.|^sql\.' then 'c' when event ~ '^(login|session|console|terminal)\.' then 'l'
		when event ~ '^(file|sftp|scp)\.|^document\.(upload|view|download)$' then 'f' else 'a' end)::"char"
$$;
create function search.kind_of(name text) returns "char" language plpgsql immutable as $$
begin
	if name not in ('command', 'login', 'file', 'admin', 'output', 'statement') then
		raise exception 'no kind %; there are: command, login, file, admin, output, statement', left(name, 40) using errcode = 'YM400';
	end if;
	return left(name, 1)::"char";
end
$$;
-- What is searched of an event.  What somebody searched for is left out: each search would find the ones before it.
create function search.event_text(e audit.event) returns text language sql immutable parallel safe as $$
	select left(e.kind || ' ' || e.actor || case e.kind when 'audit.searched' then '' else ' ' || e.search end, 20000)
$$;
-- The target of an event: its session's, else the one that had the name at that time.
create function search.target_of(e audit.event) returns bigint language plpgsql stable as $$
declare
	t bigint;
begin
	if e.session is not null then
		select s.target_id into t from yanmen.session s where s.id = e.session and s.target_name = e.target_name;
	end if;
	if t is null and e.target_name is not null then
		select x.id into t from yanmen.target x
		where x.name = e.target_name and x.created_at <= e.at and coalesce(x.removed_at, 'infinity') >= e.at
		order by x.id desc limit 1;
	end if;
	return t;
end
$$;
-- Copies up to max_rows chained events (the chain has them in order and complete); answers how many there were.
create function api.search_take(max_rows int) returns int
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	d record;
	c int;
	after bigint;
	taken int := 0;
begin
	perform search.writing();
	select p.seq into after from search.progress p;
	for d in
		select search.day_of(s.event_at) as day, min(s.event_at) as first, max(s.event_at) as last, count(*)::int as n,
			array_agg(s.seq) as seqs
		from (select * from audit.seal x where x.seq > after order by x.seq limit least(greatest(max_rows, 1), 10000)) s
		group by 1
	loop
		c := search.open_chunk('e', d.day);
		insert into search.line (at, id, chunk, source, who, whom, channel, kind, text)
		select e.at, e.id, c, search.source_of(e.session), search.who_of('u', e.user_name),
			search.who_of('t', e.target_name, search.target_of(e)), 0, search.kind(e.kind), search.event_text(e)
		from audit.seal s join audit.event e on e.id = s.event_id and e.at = s.event_at
		where s.seq = any (d.seqs) and e.at between d.first and d.last;
		perform search.grow_chunk(c, d.n, d.first, d.last);
		insert into search.recording (session_id)
		select e.session from audit.seal s join audit.event e on e.id = s.event_id and e.at = s.event_at
		where s.seq = any (d.seqs) and e.at between d.first and d.last and e.kind = 'recording.state'
			and e.body::jsonb ->> 'state' in ('closed', 'crashed')
			and exists (select from yanmen.recording x where x.session_id = e.session and x.state <> 'removed')
		on conflict do nothing;
		taken := taken + d.n;
	end loop;
	update search.progress set seq = seq + taken where taken > 0;
	perform search.written();
	return taken;
end
$$;

-- The next recording whose text is to be copied: how many lines are there already, and how many there may be.  Whoever
-- asks opens it, which is audited, once.
create function api.search_next() returns table (session uuid, taken bigint, most bigint)
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r search.recording;
	s yanmen.session;
begin
	if (select value from yanmen.setting where key = 'search.terminal') <> 'on' then
		return;
	end if;
	select * into r from search.recording x where x.state = 'waiting' and x.again_at <= now()
	order by x.again_at limit 1 for update skip locked;
	if not found then
		return;
	end if;
	if r.tries >= 8 then
		update search.recording set state = 'failed' where session_id = r.session_id;
		return;
	end if;
	select * into s from yanmen.session x where x.id = r.session_id;
	if r.tries = 0 then
		perform audit.add('system', 'recording.indexed', jsonb_build_object('session', s.id, 'user', s.user_name, 'target',
			s.target_name));
	end if;
	update search.recording x set tries = x.tries + 1, again_at = now() + interval '10 s' * 2 ^ x.tries
	where x.session_id = r.session_id;
	return query select r.session_id, r.lines, value::bigint from yanmen.setting where key = 'search.lines';
end
$$;
-- Lines first, first + 1, … of a recording: [[microseconds since 1970, channel, text], …], of a statement with "s" behind the text.  Answers how many are copied:
-- when that is not first + their number, nothing was done and the caller goes on from there.  -1: it is gone.
create function api.search_put(session uuid, first bigint, lines jsonb) returns bigint
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r search.recording;
	s yanmen.session;
	d record;
	c int;
	put bigint := 0;
	who int[];
begin
	perform search.writing();
	select * into r from search.recording x where x.session_id = search_put.session for update;
	if not found then
		return -1;
	elsif r.lines <> first then
		return r.lines;
	end if;
	select * into s from yanmen.session x where x.id = r.session_id;
	who := array[search.source_of(s.id), search.who_of('u', s.user_name), search.who_of('t', s.target_name, s.target_id)];
	for d in
		select search.day_of(yanmen.time_us((v ->> 0)::bigint)) as day, min((v ->> 0)::bigint) as first,
			max((v ->> 0)::bigint) as last, count(*)::int as n, jsonb_agg(v order by o) as lines
		from jsonb_array_elements(lines) with ordinality x (v, o) group by 1 order by 1
	loop
		c := search.open_chunk('o', d.day);
		insert into search.line (at, id, chunk, source, who, whom, channel, kind, text)
		select yanmen.time_us((v ->> 0)::bigint), nextval('search.line_id'), c, who[1], who[2], who[3],
			(v ->> 1)::bigint & 2147483647, case v ->> 3 when 's' then 's' else 'o' end, left(v ->> 2, 2048)
		from jsonb_array_elements(d.lines) v;
		perform search.grow_chunk(c, d.n, yanmen.time_us(d.first), yanmen.time_us(d.last));
		put := put + d.n;
	end loop;
	update search.recording x set lines = x.lines + put where x.session_id = r.session_id returning x.lines into put;
	perform search.written();
	return put;
end
$$;
create function api.search_done(session uuid) returns void
language sql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	update search.recording r set state = 'done' where r.session_id = search_done.session
$$;
-- The text of one recording is not to be found any more.  Its row first: who is just copying lines holds it.
create function search.forget(session uuid) returns void language sql as $$
	delete from search.recording r where r.session_id = forget.session;
	delete from search.line l using search.source o
	where o.session = forget.session and l.source = o.id and l.kind in ('o', 's')
$$;
-- Retention: the copy goes with the recording.
create or replace function yanmen.recording_removed(sid uuid, b jsonb) returns void language sql as $$
	update yanmen.recording set state = 'removed', removed_at = yanmen.time_us(yanmen.number_of(b, 'removed_us', 0)),
		tombstone = case when b ->> 'tombstone' ~ '^([0-9a-f]{2})+$' then decode(b ->> 'tombstone', 'hex') end
	where session_id = sid and removed_at is null;
	select search.forget(sid)
$$;
-- args: recording, or all.  The copy is thrown away and made again, by and by.
create function api.audit_reindex(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	s yanmen.session;
	n bigint;
	whole bool := coalesce(yanmen.arg(args, 'all'), '') in ('1', 'true');
begin
	perform api.need(caller, 'audit.reindex');
	if whole = (coalesce(yanmen.arg(args, 'recording'), '') <> '') then
		raise exception 'give a recording, or all' using errcode = 'YM400';
	end if;
	perform search.writing();
	if whole then
		truncate search.line, search.chunk, search.recording;
		update search.progress set seq = 0;
		insert into search.recording (session_id)
		select r.session_id from yanmen.recording r where r.state in ('closed', 'crashed');
	else
		s := yanmen.find_session(yanmen.arg(args, 'recording'), yanmen.reach(caller, 'audit.reindex'));
		if not exists (select from yanmen.recording r where r.session_id = s.id and r.state in ('closed', 'crashed')) then
			raise exception 'recording % is not finished', s.id using errcode = 'YM404';
		end if;
		perform search.forget(s.id);
		insert into search.recording (session_id) values (s.id);
	end if;
	select count(*) into n from search.recording r where whole or r.session_id = s.id;
	perform yanmen.note(caller, 'audit.reindexed', jsonb_build_object('session', s.id, 'user', s.user_name, 'target',
		s.target_name, 'recordings', n));
	return jsonb_build_object('recordings', n);
end
$$;

-- ---- searching ----
-- What is looked for, as typed: words, of which all must be there, and "words in quotation marks", which must stand there
-- just so.  A word with other signs in it (/etc/passwd, 10.0.0.5, rm-rf) is as if in quotation marks.
create type search.query as (
	words text[],           -- all of them are in the index
	patterns text[],        -- and each of these fits the text in lower case
	kinds "char"[],         -- null: all
	user_name text,         -- null: any
	target_name text,
	targets bigint[],       -- the viewer's; null: all
	since timestamptz,
	until timestamptz,
	before_at timestamptz,  -- the line after which to go on
	before_id bigint
);
create function search.parse(typed text, out words text[], out patterns text[]) language plpgsql immutable as $$
declare
	m text[];
	term text;
	found_words text[];
begin
	words := '{}';
	patterns := '{}';
	for m in select x from regexp_matches(coalesce(typed, ''), '"([^"]*)"|(\S+)', 'g') x limit 32 loop
		term := lower(btrim(coalesce(m[1], m[2])));
		continue when term = '';
		found_words := search.words(term);
		-- Of words in one another the longest: 10.0.0.5 and not 10.0, two characters and not one.
		words := words || array(select distinct w from unnest(found_words) w where not exists (
			select from unnest(found_words) v where v <> w and position(w in v) > 0));
		patterns := patterns || yanmen.containing(term);
	end loop;
end
$$;
create function search.time_arg(args jsonb, key text, fallback timestamptz) returns timestamptz language plpgsql stable as $$
begin
	return coalesce(nullif(yanmen.arg(args, key), '')::timestamptz, fallback);
exception when data_exception then
	raise exception 'since and until are times such as 2026-11-30T09:00:00Z' using errcode = 'YM400';
end
$$;
create function search.query_of(caller jsonb, args jsonb) returns search.query language plpgsql stable as $$
declare
	q search.query;
	before text := coalesce(yanmen.arg(args, 'before'), '');
begin
	q.targets := yanmen.reach(caller, 'audit.search');
	q.since := search.time_arg(args, 'since', '-infinity');
	q.until := search.time_arg(args, 'until', 'infinity');
	if before <> '' then
		if before !~ '^[0-9]{1,16}\.[0-9]{1,18}$' then
			raise exception 'before is what stood under next' using errcode = 'YM400';
		end if;
		q.before_at := yanmen.time_us(split_part(before, '.', 1)::bigint);
		q.before_id := split_part(before, '.', 2)::bigint;
		q.until := least(q.until, q.before_at);
	end if;
	q.user_name := nullif(yanmen.arg(args, 'user'), '');
	q.target_name := nullif(yanmen.arg(args, 'target'), '');
	q.kinds := nullif(array(select search.kind_of(k) from unnest(yanmen.arg_list(args, 'kind')) k), '{}');
	select p.words, p.patterns into q.words, q.patterns from search.parse(yanmen.arg(args, 'text')) p;
	return q;
end
$$;
-- The newest `want` lines of one chunk that have all these keys; the rest of the question is looked at line by line.
create function search.in_chunk(c int, keys text[], whom int[], q search.query, want int) returns search.line[]
language plpgsql stable as $$
declare
	k bigint[] := search.keys(c, keys);
begin
	return array(select l from search.line l
		where search.keys(l) @> k and l.at >= q.since and l.at <= q.until
			and (q.before_at is null or (l.at, l.id) < (q.before_at, q.before_id))
			and (q.kinds is null or l.kind = any (q.kinds)) and (in_chunk.whom is null or l.whom = any (in_chunk.whom))
			and (q.patterns = '{}' or lower(l.text) like all (q.patterns))
		order by l.at desc, l.id desc limit want);
end
$$;
-- An event that was copied between two looks, at the log and at the chunks, was seen twice: once is enough.
create function search.newest(lines search.line[], want int) returns search.line[] language sql immutable as $$
	select array(select d.l from (select distinct on (l.at, l.id, l.kind in ('o', 's')) l
			from unnest(lines) l order by l.at desc, l.id desc, l.kind in ('o', 's')) d
		order by (d.l).at desc, (d.l).id desc limit want)
$$;
-- Events that are not copied yet: those of the last second, or many while the copy is made again; of these the newest 5,000.
-- By their indexes, whatever the planner thinks of a cursor that it does not know.
create function search.tail() returns setof audit.event language plpgsql stable
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
	c audit.cursor;
	p search.progress;
begin
	select * into c from audit.cursor;
	select * into p from search.progress;
	return query select v.* from audit.event v where (v.xid, v.id) > (c.xid, c.id) and v.id + 0 > c.floor;
	return query select v.* from (select s.event_id, s.event_at from audit.seal s where s.seq > p.seq order by s.seq desc
		limit 5000) t join audit.event v on v.id = t.event_id and v.at = t.event_at;
end
$$;
create function search.in_log(q search.query, want int) returns search.line[] language plpgsql stable as $$
begin
	return array(select x.l from (
			select e::audit.event as e, row(e.at, e.id, 0, 0, 0, 0, 0, search.kind(e.kind), search.event_text(e))::search.line as l
			from search.tail() e
			where (q.user_name is null or e.user_name = q.user_name)
				and (q.target_name is null or e.target_name = q.target_name)) x
		where (x.l).at >= q.since and (x.l).at <= q.until
			and (q.before_at is null or ((x.l).at, (x.l).id) < (q.before_at, q.before_id))
			and (q.kinds is null or (x.l).kind = any (q.kinds)) and lower((x.l).text) like all (q.patterns)
			and (q.words = '{}' or search.words((x.l).text) @> q.words)
			and (q.targets is null or search.target_of(x.e) = any (q.targets))
		order by (x.l).at desc, (x.l).id desc limit want);
end
$$;
-- The newest `want` lines.  stopped_at: null, or the time down to which was searched within the five seconds that there are.
create function search.find(q search.query, want int, out lines search.line[], out stopped_at timestamptz)
language plpgsql volatile set enable_seqscan = off set plan_cache_mode = force_generic_plan
set max_parallel_workers_per_gather = 0 as $$
declare
	late timestamptz := clock_timestamp() + interval '5 s';
	keys text[] := q.words;
	whom int[]; -- where it is one of these
	lanes "char"[] := array['e', 'o']::"char"[];
	c record;
	w int;
begin
	lines := case when q.kinds <@ array['o', 's']::"char"[] then '{}' else search.in_log(q, want) end;
	if q.user_name is not null then
		keys := keys || array(select ' u' || x.id from search.who x where x.what = 'u' and x.name = q.user_name);
		if cardinality(keys) = cardinality(q.words) then
			return;
		end if;
	end if;
	if q.target_name is not null or q.targets is not null then
		whom := array(select x.id from search.who x where x.what = 't'
			and (q.target_name is null or x.name = q.target_name) and (q.targets is null or x.target_id = any (q.targets)));
	end if;
	if q.kinds is not null then
		lanes := array(select distinct case when k in ('o', 's') then 'o' else 'e' end::"char" from unnest(q.kinds) k);
	end if;
	if cardinality(q.kinds) = 1 and q.kinds <> array['o']::"char"[] then
		keys := keys || (' k' || q.kinds[1]::text);
	end if;
	for c in select x.id, x.max_at from search.chunk x
		where x.max_at >= q.since and x.min_at <= q.until and x.lane = any (lanes) order by x.max_at desc, x.id desc
	loop
		if cardinality(lines) >= want then
			lines := search.newest(lines, want);
			exit when c.max_at < lines[want].at;
		end if;
		if clock_timestamp() > late then
			stopped_at := c.max_at;
			exit;
		end if;
		if cardinality(whom) <= 8 then
			foreach w in array whom loop
				lines := lines || search.in_chunk(c.id, keys || (' t' || w), null, q, want);
			end loop;
		else
			lines := lines || search.in_chunk(c.id, case keys when '{}' then array[' '] else keys end, whom, q, want);
		end if;
	end loop;
	lines := search.newest(lines, want);
end
$$;
-- session, offset: for `replay SESSION --from OFFSET`.
create function search.line_facts(l search.line) returns jsonb language plpgsql stable as $$
declare
	e audit.event;
	s yanmen.session;
	r jsonb := jsonb_build_object('next', audit.us(l.at) || '.' || l.id, 'at', yanmen.time_text(l.at));
begin
	if l.kind in ('o', 's') then
		select x.* into s from search.source o join yanmen.session x on x.id = o.session where o.id = l.source;
		return r || jsonb_build_object('id', 'line-' || l.id, 'kind', case l.kind when 's' then 'statement' else 'output' end, 'user', s.user_name, 'target', s.target_name, 'session', s.id,
			'channel', l.channel, 'offset', greatest(floor(extract(epoch from l.at - s.started_at)), 0), 'text', l.text);
	end if;
	select * into e from audit.event v where v.id = l.id and v.at = l.at;
	select * into s from yanmen.session x where x.id = e.session;
	return r || jsonb_build_object('kind', e.kind, 'user', e.user_name, 'target', e.target_name, 'session', e.session,
		'offset', case when s.id is not null then greatest(floor(extract(epoch from l.at - s.started_at)), 0) end,
		'text', left(e.search, 300), 'id', e.id,
		'uid', e.uid, 'actor', e.actor, 'body', e.body::jsonb);
end
$$;
-- args: since, until (RFC 3339), text, user, target, kind (several), limit (100, at most 1,000), before (a row's `next`).
-- Newest first.  When not all could be searched in time the last row has the kind "search.more".
create function api.audit_search(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	q search.query := search.query_of(caller, args);
	want int := coalesce(nullif(yanmen.arg_number(args, 'limit', 1000), 0), 100);
	f record;
	found_rows jsonb;
begin
	select * into f from search.find(q, want);
	select coalesce(jsonb_agg(search.line_facts(l) order by l.at desc, l.id desc), '[]') into found_rows
	from unnest(f.lines) l;
	if f.stopped_at is not null then
		found_rows := found_rows || jsonb_build_object('next', audit.us(f.stopped_at) || '.' || 999999999999999999, 'at',
			yanmen.time_text(f.stopped_at), 'kind', 'search.more', 'text',
			'older ones were not searched in the time there is; go on with --before NEXT');
	end if;
	perform yanmen.note(caller, 'audit.searched', jsonb_build_object('search', args));
	return found_rows;
end
$$;

-- For `doctor`.
create function search.doctor() returns jsonb language sql stable as $$
	select jsonb_build_object('name', 'search', 'state', case when late > 10000 or waiting > 0 or failed > 0 then 'warn' else 'ok' end,
		'say', case when late > 10000 then late || ' events are not copied yet' when waiting > 0 then
			waiting || ' recordings have waited for more than an hour' when failed > 0 then
			failed || ' recordings could not be read; see the log, then: audit reindex' else 'up to date' end)
	from (select coalesce((select max(s.seq) from audit.seal s), 0) - (select p.seq from search.progress p) as late,
		(select count(*) from search.recording r where r.state = 'waiting' and r.tries > 0
			and r.again_at < now() - interval '1 hour') as waiting,
		(select count(*) from search.recording r where r.state = 'failed') as failed) x
$$;

-- ---- rights ----
insert into yanmen.role_permission (role, permission, scope) values
	('admin', 'audit.search', 'all'), ('auditor', 'audit.search', 'all'), ('group_admin', 'audit.search', 'own'),
	('admin', 'audit.reindex', 'all');
insert into yanmen.setting (key, value, form, most, about, set_by) values
	('search.terminal', 'on', '^(on|off)$', 3, 'on: what terminals showed is copied into the database, in clear, for searching',
		'settings set'),
	('search.lines', '100000', '^[0-9]{1,9}$', 9, 'lines of one recording that are copied for searching', 'settings set');
-- What an earlier release recorded.
insert into search.recording (session_id) select r.session_id from yanmen.recording r where r.state in ('closed', 'crashed');
grant execute on all functions in schema api to yanmen_broker;
