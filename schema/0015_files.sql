-- The ledger of files: what moved, and what was done to files, by the facts of the broker's spool.

-- number: counted in the session.  A row stands from the moment the target opened the file (begun), so that a worker that is
-- killed leaves it; sha256 is that of `size` bytes from `from_byte` on, null where it is not known.  kept: the recording holds
-- all of these bytes.
create table yanmen.file (
	session_id uuid not null references yanmen.session,
	number bigint not null,
	channel bigint not null,
	protocol text not null,
	op text not null,
	state text not null check (state in ('begun', 'complete', 'partial', 'failed', 'refused')),
	path text not null,
	path_to text not null default '',
	size bigint not null default 0,
	from_byte bigint not null default 0,
	ranges bigint not null default 0,
	sha256 bytea check (octet_length(sha256) = 32),
	kept boolean not null default false,
	why text not null default '',
	started_at timestamptz not null,
	ended_at timestamptz,
	primary key (session_id, number)
);
create index on yanmen.file (started_at);
create index on yanmen.file (sha256) where sha256 is not null;
create index on yanmen.file (session_id) where state = 'begun';

-- Is this fact of a file new?  The worker says one again when the broker was away.
create function yanmen.file_is_new(sid uuid, kind text, b jsonb) returns bool language sql stable as $$
	select not exists (select from yanmen.file f where f.session_id = sid and f.number = yanmen.number_of(b, 'number', 0)
		and (kind = 'file.begun' or f.state <> 'begun'))
$$;
create function yanmen.file_told(sid uuid, at timestamptz, b jsonb) returns void language sql as $$
	insert into yanmen.file (session_id, number, channel, protocol, op, state, path, path_to, size, from_byte, ranges, sha256, kept, why,
		started_at, ended_at)
	select sid, yanmen.number_of(b, 'number', 0), yanmen.number_of(b, 'channel', 0), coalesce(b ->> 'protocol', ''),
		coalesce(b ->> 'op', ''), s.state, coalesce(b ->> 'path', ''), coalesce(b ->> 'to', ''),
		yanmen.number_of(b, 'size', 0), yanmen.number_of(b, 'from', 0), yanmen.number_of(b, 'ranges', 0),
		yanmen.hex_of(b, 'sha256', 32), yanmen.number_of(b, 'kept', 0) = 1, coalesce(b ->> 'why', ''), at, case when s.state <> 'begun' then at end
	from (select case when b ->> 'state' in ('begun', 'complete', 'partial', 'failed', 'refused') then b ->> 'state'
			else 'failed' end as state) s
	where exists (select from yanmen.session x where x.id = sid)
	on conflict (session_id, number) do update set
		state = excluded.state, size = excluded.size, from_byte = excluded.from_byte, ranges = excluded.ranges,
		sha256 = excluded.sha256, kept = excluded.kept, why = excluded.why, ended_at = excluded.ended_at
	where file.state = 'begun' and excluded.state <> 'begun'
$$;
-- A session is over: nothing tells how its open files ended.
create function yanmen.files_cut(sid uuid, at timestamptz) returns void language plpgsql as $$
declare
	f yanmen.file;
	s yanmen.session;
begin
	select * into s from yanmen.session x where x.id = sid;
	for f in update yanmen.file x set state = 'partial', ended_at = at, why = 'the session was cut: size and hash are not known'
		where x.session_id = sid and x.state = 'begun' returning *
	loop
		perform audit.add('user:' || s.user_name, 'file.' || f.op, jsonb_build_object('session', sid, 'user', s.user_name,
			'target', s.target_name, 'account', s.account_name, 'cluster', s.cluster_name, 'address', s.address,
			'channel', f.channel, 'number', f.number, 'protocol', f.protocol, 'op', f.op, 'state', f.state, 'path', f.path,
			'why', f.why), at => at);
	end loop;
end
$$;

create function yanmen.file_facts(f yanmen.file, s yanmen.session) returns jsonb language sql stable as $$
	select jsonb_build_object('id', s.id || ':' || f.number, 'session', s.id, 'number', f.number, 'channel', f.channel,
		'user', s.user_name, 'target', s.target_name, 'account', s.account_name, 'protocol', f.protocol, 'op', f.op,
		'state', f.state, 'path', f.path, 'to', f.path_to, 'size', f.size, 'from', f.from_byte, 'ranges', f.ranges,
		'sha256', encode(f.sha256, 'hex'), 'kept', f.kept, 'why', f.why, 'started', yanmen.time_text(f.started_at),
		'ended', yanmen.time_text(f.ended_at))
$$;

-- args: since, until, user, target, session, sha256, path (anywhere in either path); all optional.  The newest 1,000, oldest of
-- them first.
create function api.file_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	own bigint[] := yanmen.reach(caller, 'file.list');
	since timestamptz;
	until timestamptz;
	sid uuid;
	hash bytea := nullif(yanmen.arg_hex(args, 'sha256'), '');
	pattern text := yanmen.containing(yanmen.arg(args, 'path'));
begin
	begin
		since := coalesce(nullif(yanmen.arg(args, 'since'), '')::timestamptz, '-infinity');
		until := coalesce(nullif(yanmen.arg(args, 'until'), '')::timestamptz, 'infinity');
	exception when data_exception then
		raise exception 'since and until are times such as 2026-11-30T09:00:00Z' using errcode = 'YM400';
	end;
	if coalesce(yanmen.arg(args, 'session'), '') <> '' then
		sid := (yanmen.find_session(yanmen.arg(args, 'session'), yanmen.reach(caller, 'file.list'))).id;
	end if;
	return (select coalesce(jsonb_agg(yanmen.file_facts(x.f, x.s) order by (x.f).started_at, (x.f).session_id, (x.f).number), '[]')
		from (select f, s from yanmen.file f join yanmen.session s on s.id = f.session_id
			where f.started_at between since and until and (own is null or s.target_id = any (own))
				and (sid is null or f.session_id = sid) and (hash is null or f.sha256 = hash)
				and s.user_name = coalesce(nullif(yanmen.arg(args, 'user'), ''), s.user_name)
				and s.target_name = coalesce(nullif(yanmen.arg(args, 'target'), ''), s.target_name)
				and (pattern = '%%' or f.path ilike pattern or f.path_to ilike pattern)
			order by f.started_at desc, f.session_id desc, f.number desc limit 1000) x);
end
$$;
-- The contents of one file, from the recording: the right and the audit row.  args: id ("SESSION:NUMBER").
create function api.file_export(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	word text := yanmen.need_arg(args, 'id');
	s yanmen.session;
	r yanmen.recording;
	f yanmen.file;
begin
	perform api.need(caller, 'recording.read');
	if word !~ '^[0-9A-Fa-f-]{1,36}:[0-9]{1,9}$' then
		raise exception '"%" is no file: take an id of `file list`, SESSION:NUMBER', left(word, 60) using errcode = 'YM400';
	end if;
	s := yanmen.find_session(split_part(word, ':', 1), yanmen.reach(caller, 'recording.read'));
	select * into f from yanmen.file x where x.session_id = s.id and x.number = split_part(word, ':', 2)::bigint;
	if f.session_id is null then
		raise exception 'no file %', word using errcode = 'YM404';
	end if;
	if f.state <> 'complete' or f.op not in ('upload', 'download') then
		raise exception 'file % cannot be exported: % %, and only what was moved whole can', word, f.op, f.state
			using errcode = 'YM409';
	end if;
	if not f.kept then
		raise exception 'file % cannot be exported: its contents were not kept; see keep-upload, keep-download, files.keep_max', word
			using errcode = 'YM409';
	end if;
	select * into r from yanmen.recording x where x.session_id = s.id;
	perform yanmen.note(caller, 'file.exported', jsonb_build_object('session', s.id, 'user', s.user_name,
		'target', s.target_name, 'number', f.number, 'path', f.path, 'sha256', encode(f.sha256, 'hex')));
	return yanmen.recording_facts(s, r) || jsonb_build_object('file', yanmen.file_facts(f, s));
end
$$;
grant execute on all functions in schema api to yanmen_broker;
