-- The stream to a SIEM (decisions/0012): what yanmen-export reads, how far each sink is, and what doctor says of it.
create schema siem;

create table siem.sink (
	name text primary key check (name in ('syslog', 'file')),
	destination text not null,
	seq bigint not null default 0, -- every row up to it has arrived
	state text not null default 'ok' check (state in ('ok', 'away')),
	why text not null default '',  -- away: a word of siem.advice
	detail text not null default '',
	since timestamptz not null default clock_timestamp(),  -- of the state
	told_at timestamptz not null default clock_timestamp() -- when the process was heard last
) with (fillfactor = 50);

-- Where to go on: behind that row.  A sink that was never there begins with the first row of the log.
create function siem.start(sink text, destination text) returns bigint
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	at_seq bigint;
begin
	insert into siem.sink as x (name, destination) values (start.sink, left(start.destination, 400))
	on conflict (name) do update set destination = excluded.destination, told_at = clock_timestamp()
	returning x.seq into at_seq;
	return at_seq;
end
$$;

-- A body is JSON, unless somebody with the rights of the owner altered it: that must not stop the stream.
create function siem.json_of(body text) returns jsonb language plpgsql immutable as $$
begin
	return body::jsonb;
exception when others then
	return to_jsonb(body);
end
$$;

-- Sealed rows behind number after_seq, in order: at most max_rows, and with bodies of max_bytes in all (or one row).
-- failed: the row itself says so.
create function siem.rows(after_seq bigint, max_rows int, max_bytes int)
returns table (seq bigint, uid text, at text, kind text, actor text, body text, hash text, user_name text, target text,
	account text, session text, ip text, failed bool)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select r.seq, r.uid, r.at, r.kind, r.actor, r.b::text, r.hash, left(r.b ->> 'user', 255), left(r.b ->> 'target', 255),
		left(r.b ->> 'account', 255), left(r.b ->> 'session', 64),
		case when r.b ->> 'address' ~ '^[0-9A-Fa-f.:]{2,45}$' then r.b ->> 'address' end,
		coalesce(r.b ->> 'outcome' <> 'ok', false) or coalesce(r.b ->> 'state' in ('failed', 'refused', 'crashed', 'partial'), false)
	from (
		select s.seq, e.uid::text, to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, e.kind,
			e.actor, siem.json_of(e.body) as b, encode(s.hash, 'hex') as hash,
			sum(octet_length(e.body)) over w as bytes, row_number() over w as n
		from (select * from audit.seal x where x.seq > after_seq order by x.seq limit least(greatest(max_rows, 1), 1000)) s
		cross join lateral (select * from audit.event v where v.id = s.event_id and v.at = s.event_at offset 0) e -- by the key, whatever is estimated
		window w as (order by s.seq)) r
	where r.bytes <= max_bytes or r.n = 1 order by r.seq
$$;

-- How far a sink is, and how it does.  A change between ok and away is an audit row.
create function siem.report(sink text, at_seq bigint, state text, why text, detail text) returns void
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	s siem.sink;
	now_is text := case when report.state = 'ok' then 'ok' else 'away' end;
begin
	select * into s from siem.sink x where x.name = report.sink for update;
	if not found then
		raise exception 'no sink %', left(report.sink, 40); -- siem.start comes first
	end if;
	update siem.sink x set
		seq = greatest(x.seq, least(at_seq, coalesce((select max(l.seq) from audit.seal l), 0))),
		state = now_is,
		why = case now_is when 'away' then left(report.why, 40) else '' end,
		detail = case now_is when 'away' then left(report.detail, 200) else '' end,
		since = case when x.state = now_is then x.since else clock_timestamp() end,
		told_at = clock_timestamp()
	where x.name = s.name;
	if s.state <> now_is then
		perform audit.add('system', case now_is when 'ok' then 'siem.back' else 'siem.away' end, jsonb_build_object(
			'sink', s.name, 'destination', s.destination, 'reason', nullif(left(report.why, 40), ''),
			'detail', nullif(left(report.detail, 200), ''), 'seq', greatest(s.seq, at_seq)));
	end if;
end
$$;

-- ---- doctor ----
-- What to mend, by the word that yanmen-export gives: where to, what was seen, how many rows wait, since when.
create function siem.advice(why text) returns text language sql immutable as $$
	select coalesce((select x.say from (values
		('name', '%s: the name is not known: check siem.syslog and DNS (%s); %s rows wait since %s'),
		('connect', '%s: cannot be reached: does it listen there, and does a firewall let us through? (%s); %s rows wait since %s'),
		('certificate', '%s: its certificate is not accepted: siem.ca must be who signed it, and it must name this host (%s); '
			'%s rows wait since %s'),
		('tls', '%s: TLS fails: does it speak TLS there, and does it want siem.certificate? (%s); %s rows wait since %s'),
		('closed', '%s: it closes the connection: see its log (%s); %s rows wait since %s'),
		('stalled', '%s: it is connected and takes nothing: look at the receiver (%s); %s rows wait since %s'),
		('files', '%s: '
			'siem.ca, siem.certificate or siem.key cannot be used: put the right files there, then send yanmend a HUP (%s); '
			'%s rows wait since %s'),
		('space', '%s: no room for the file: make some (%s); %s rows wait since %s'),
		('denied', '%s: '
			'the file may not be written: give its folder to the OS user of users.export, and the file mode 0640 (%s); '
			'%s rows wait since %s')) x (word, say) where x.word = advice.why),
		'%s: it cannot be written: see the log (%s); %s rows wait since %s')
$$;

create function siem.doctor_sink(sink text) returns jsonb language plpgsql stable as $$
declare
	s siem.sink;
	waiting bigint;
	behind_s int;
	say text;
begin
	select * into s from siem.sink x where x.name = doctor_sink.sink;
	if not found or s.told_at < clock_timestamp() - interval '60 seconds' then
		return jsonb_build_object('name', 'SIEM ' || doctor_sink.sink, 'state', 'fail', 'say',
			'yanmen-export does not report: see the log of yanmend');
	end if;
	select coalesce(max(l.seq), 0) - s.seq into waiting from audit.seal l;
	select extract(epoch from clock_timestamp() - l.event_at) into behind_s from audit.seal l where l.seq = s.seq + 1;
	say := case when s.state = 'away' then
			format(siem.advice(s.why), s.destination, coalesce(nullif(s.detail, ''), s.why), waiting, yanmen.time_text(s.since))
		when behind_s > 300 then format('%s: %s minutes behind, %s rows to go', s.destination, behind_s / 60, waiting)
		else format('%s: row %s has arrived, %s on their way', s.destination, s.seq, waiting) end;
	return jsonb_build_object('name', 'SIEM ' || s.name, 'state', case when s.state = 'away' or behind_s > 300 then 'warn'
		else 'ok' end, 'say', say);
end
$$;
-- sinks: those of the configuration, by the broker; null: none.
create function siem.doctor(sinks jsonb) returns jsonb language sql stable as $$
	select coalesce(jsonb_agg(siem.doctor_sink(x)), '[]') from jsonb_array_elements_text(sinks) x
$$;

grant usage on schema siem to yanmen_exporter;
grant execute on function siem.start, siem.rows, siem.report to yanmen_exporter;
