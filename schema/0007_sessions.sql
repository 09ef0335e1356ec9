-- Sessions and recordings, from the broker's decisions and its spool; the commands about them.

-- session: {id, worker, user_id, target_id, account_id, grant_id, protocol, address, rule, started_us}; port of a forward;
-- certificate: serial of the one that the user logged in with.
-- The row and its audit row; refuses when the facts changed since they were read, and enforces the grant's limit of
-- concurrent sessions under a lock on the grant, so that two logins at once cannot both be the last.  The lock on the
-- user makes `user disable` either see this session or refuse it; target and account are locked for their removal, a certificate
-- for its revocation.
create function api.session_begin(session jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	g yanmen.access_grant;
	u yanmen.users;
	t yanmen.target;
	a yanmen.account;
	c yanmen.certificate;
	cluster text;
	account text;
	online int;
	started timestamptz := yanmen.time_us((session ->> 'started_us')::bigint);
begin
	select * into g from yanmen.access_grant x where x.id = (session ->> 'grant_id')::bigint for update;
	select * into u from yanmen.users x where x.id = (session ->> 'user_id')::bigint for share;
	select * into t from yanmen.target x where x.id = (session ->> 'target_id')::bigint for share;
	select * into a from yanmen.account x where x.id = (session ->> 'account_id')::bigint for share;
	select * into c from yanmen.certificate x where x.serial = (session ->> 'certificate')::bigint for share;
	select x.name into cluster from yanmen.cluster x where x.id = t.cluster_id;
	account := case session ->> 'protocol' when 'forward' then '' else a.name end; -- a forward logs in nowhere
	if c.revoked_at is not null or not exists (select from yanmen.granted v where v.grant_id = g.id and v.user_id = u.id
		and v.target_id = t.id and v.account_id = a.id)
	then
		raise exception 'this access was withdrawn' using errcode = 'YM403';
	end if;
	select count(*) into online from yanmen.session s where s.grant_id = g.id and s.state = 'online';
	if g.concurrent > 0 and online >= g.concurrent then
		raise exception 'no more than % session(s) at once are allowed here', g.concurrent using errcode = 'YM403';
	end if;
	insert into yanmen.session (id, worker, user_id, target_id, account_id, grant_id, certificate, user_name, target_name, cluster_name,
		account_name, protocol, address, rule, layer, started_at)
	values ((session ->> 'id')::uuid, session ->> 'worker', u.id, t.id, a.id, g.id, c.serial, u.name, t.name, cluster, account,
		session ->> 'protocol', session ->> 'address', coalesce(session ->> 'rule', ''), case session ->> 'protocol' when 'forward' then 'L0' else yanmen.layer_of(t) end, started);
	insert into yanmen.recording (session_id, started_us)
	values ((session ->> 'id')::uuid, (session ->> 'started_us')::bigint);
	perform audit.add('user:' || u.name, 'session.start', jsonb_build_object('session', session ->> 'id', 'user', u.name,
		'target', t.name, 'account', account, 'cluster', cluster, 'protocol', session ->> 'protocol',
		'address', session ->> 'address', 'rule', session ->> 'rule', 'layer', case session ->> 'protocol' when 'forward' then 'L0' else yanmen.layer_of(t) end, 'target_address',
		yanmen.address(t.host, coalesce((session ->> 'port')::int, t.port)))
		|| case when c.serial is null then '{}' else jsonb_build_object('certificate', c.serial) end,
		at => started);
end
$$;

-- One entry of the broker's spool: something that happened.  Writes the audit row and what belongs to it, once: another
-- call with the same uid and at_us does nothing.  Does not fail on content.  Keys of body by kind, all optional:
--   any                user, target, account, session, address, actor ("local:0"; default: user:<user>, or "system";
--                      of login.refused, where nobody is known yet, client:<address>)
--   session.reached    outcome ("ok" or another word), detail
--   session.ended      reason, state ("closed", "crashed"), bytes_in, bytes_out
--   session.control    op ("end", "lock", "unlock"), reason
--   file.begun         channel, number, protocol, op ("upload", "download"), path; no audit row
--   file.<op>          the same and state, to, size, from, ranges, sha256 (hex), why: how it ended, or what was done
--   recording.removed  tombstone (hex), removed_us, reason, seq, head
--   recording.state    state, seq, head (hex), bytes, started_us, ended_us, signed_us, signature (hex), reason
-- What a known session's row says about user, target, account and cluster is added to the body.
create function api.spool_apply(uid uuid, at_us bigint, kind text, body jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	o jsonb := case jsonb_typeof(body) when 'object' then body else coalesce(jsonb_build_object('value', body), '{}') end;
	sid uuid := audit.session_of(o);
	at timestamptz := yanmen.time_us(at_us);
	b jsonb := o;
	who text;
	k text := case when spool_apply.kind ~ '^[a-z][a-z0-9_.]{0,63}$' then spool_apply.kind else 'other' end;
begin
	if sid is not null then
		select jsonb_build_object('user', s.user_name, 'target', s.target_name, 'account', s.account_name,
			'cluster', s.cluster_name, 'address', s.address) || b into b
		from yanmen.session s where s.id = sid;
		b := coalesce(b, o);
	end if;
	if sid is not null and k like 'file.%' then
		if not yanmen.file_is_new(sid, k, b) then
			return;
		end if;
		perform yanmen.file_told(sid, at, b);
		if k = 'file.begun' then
			return; -- its audit row tells how it ended
		end if;
	end if;
	who := case k when 'login.refused' then 'client:' || (b ->> 'address') else 'user:' || nullif(b ->> 'user', '') end;
	if not audit.add(coalesce(nullif(b ->> 'actor', ''), who, 'system'), k, b - 'actor', spool_apply.uid, at) then
		return;
	end if;
	if k = 'login.ok' and b ? 'access_password' then
		perform yanmen.access_used(yanmen.number_of(b, 'access_password', 0), left(b ->> 'address', 64), at); -- 0038
	end if;
	if k = 'login.ok' and b ? 'user' and b ? 'address' then
		perform yanmen.login_remember(b ->> 'user', left(b ->> 'address', 64), at);
	end if;
	if sid is null then
		return;
	end if;
	case k
	when 'session.reached' then
		if b ->> 'outcome' = 'ok' then
			update yanmen.session set reached_at = at where id = sid and reached_at is null;
			perform yanmen.greeting_seen(sid, at, b ->> 'detail'); -- 0038
		end if;
	when 'session.denied' then -- the recorder is asked last: it has nothing of this one, or tells of it later
		update yanmen.recording set state = 'unknown' where session_id = sid and state = 'open';
	when 'session.ended' then
		perform yanmen.session_close(sid, at, b);
		perform yanmen.files_cut(sid, at);
	when 'session.control' then
		update yanmen.session set locked = (b ->> 'op' = 'lock') where id = sid and b ->> 'op' in ('lock', 'unlock');
	when 'recording.state' then
		perform yanmen.recording_state(sid, at, b);
	when 'sql.done' then
		perform yanmen.sql_told(sid, b); -- 0040
	when 'recording.removed' then
		perform yanmen.recording_removed(sid, b); -- 0009
	else
		null;
	end case;
end
$$;

-- A number out of a body, or the fallback; never an error.
create function yanmen.number_of(b jsonb, key text, fallback bigint) returns bigint language sql immutable as $$
	select case when b ->> key ~ '^[0-9]{1,18}$' then (b ->> key)::bigint else fallback end
$$;
create function yanmen.hex_of(b jsonb, key text, bytes int) returns bytea language sql immutable as $$
	select case when b ->> key ~ ('^[0-9a-fA-F]{' || 2 * bytes || '}$') then decode(b ->> key, 'hex') end
$$;
create function yanmen.session_close(sid uuid, at timestamptz, b jsonb) returns void language sql as $$
	update yanmen.session set
		state = case when b ->> 'state' = 'crashed' then 'crashed' else 'closed' end,
		ended_at = greatest(at, started_at),
		reason = coalesce(left(b ->> 'reason', 1000), ''),
		bytes_in = yanmen.number_of(b, 'bytes_in', bytes_in),
		bytes_out = yanmen.number_of(b, 'bytes_out', bytes_out)
	where id = sid and state = 'online'
$$;
create function yanmen.recording_state(sid uuid, at timestamptz, b jsonb) returns void language sql as $$
	update yanmen.recording set
		state = case when b ->> 'state' in ('unknown', 'open', 'closed', 'crashed', 'failed') then b ->> 'state'
			else state end,
		seq = yanmen.number_of(b, 'seq', seq),
		head = coalesce(yanmen.hex_of(b, 'head', 32), head),
		bytes = yanmen.number_of(b, 'bytes', bytes),
		started_us = yanmen.number_of(b, 'started_us', started_us),
		ended_us = yanmen.number_of(b, 'ended_us', ended_us),
		signed_us = yanmen.number_of(b, 'signed_us', signed_us),
		signature = coalesce(yanmen.hex_of(b, 'signature', 64), signature),
		reason = coalesce(left(b ->> 'reason', 1000), reason),
		anchored_at = at
	where session_id = sid and state <> 'removed' and (anchored_at is null or anchored_at <= at)
$$;

-- For the broker's start: whose session it is, what its channels may be asked for, and in which character set.
create function api.sessions_online() returns table (id uuid, worker text, user_name text, features text, charset text,
	user_id bigint, certificate bigint, reach text)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select s.id, s.worker, s.user_name, array_to_string(g.features, ','), t.charset, s.user_id, coalesce(s.certificate, 0), s.target_id || '/' || s.account_id
	from yanmen.session s join yanmen.access_grant g on g.id = s.grant_id join yanmen.target t on t.id = s.target_id
	where s.state = 'online' order by s.started_at
$$;

-- For the broker's start, and when the recorder is a new one: recordings whose end nobody wrote down.
create function api.recordings_open() returns table (id uuid)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select r.session_id from yanmen.recording r join yanmen.session s on s.id = r.session_id
	where r.state = 'open' and s.state <> 'online' order by s.started_at
$$;

create function yanmen.session_facts(s yanmen.session) returns jsonb language sql stable as $$
	select jsonb_build_object('id', s.id, 'session', s.id, 'user', s.user_name, 'target', s.target_name,
		'cluster', s.cluster_name, 'account', s.account_name, 'protocol', s.protocol, 'state', s.state,
		'started', yanmen.time_text(s.started_at), 'ended', yanmen.time_text(s.ended_at), 'reason', s.reason,
		'address', s.address, 'bytes_in', s.bytes_in, 'bytes_out', s.bytes_out, 'locked', s.locked, 'rule', s.rule, 'layer', s.layer,
		'reached', yanmen.time_text(s.reached_at))
$$;

-- args: state, user, target (all optional).  All that are online and the newest 1,000, the oldest first.
create function api.session_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	own bigint[] := yanmen.reach(caller, 'session.list');
	st text := nullif(yanmen.arg(args, 'state'), '');
begin
	if st not in ('online', 'closed', 'crashed') then
		raise exception 'no state %; there are: online, closed, crashed', left(st, 40) using errcode = 'YM400';
	end if;
	return (
		with wanted as not materialized (
			select * from yanmen.session x where (st is null or x.state = st)
				and (own is null or x.target_id = any (own))
				and x.user_name = coalesce(nullif(yanmen.arg(args, 'user'), ''), x.user_name)
				and x.target_name = coalesce(nullif(yanmen.arg(args, 'target'), ''), x.target_name))
		select coalesce(jsonb_agg(yanmen.session_facts(s) order by s.started_at, s.id), '[]')
		from yanmen.session s where s.id in (
			(select w.id from wanted w order by w.started_at desc, w.id desc limit 1000)
			union all select w.id from wanted w where w.state = 'online'));
end
$$;

-- Watch, kill, lock, unlock: the right, the audit row, and which worker.
create function yanmen.session_command(caller jsonb, args jsonb, permission text, kind text) returns jsonb
language plpgsql as $$
declare
	s yanmen.session;
begin
	perform api.need(caller, permission);
	s := yanmen.find_session(yanmen.need_arg(args, 'id'), yanmen.reach(caller, permission));
	if s.state <> 'online' then
		raise exception 'session % has ended', s.id using errcode = 'YM404';
	end if;
	perform yanmen.note(caller, kind, jsonb_build_object('session', s.id, 'user', s.user_name, 'target', s.target_name,
		'reason', yanmen.arg(args, 'reason')));
	return yanmen.session_facts(s) || jsonb_build_object('worker', s.worker);
end
$$;
-- args: id, pace (milliseconds between two pictures; none: everything as it comes).
create function api.session_watch(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	s jsonb := yanmen.session_command(caller, args, 'session.watch', 'session.watched');
	pace text := coalesce(yanmen.arg(args, 'pace'), '');
begin
	if pace !~ '^([1-9][0-9]{2,4})?$' or nullif(pace, '')::int > 60000 then
		raise exception 'pace is a number of milliseconds from 100 to 60000' using errcode = 'YM400';
	end if;
	return s;
end
$$;
create function api.session_kill(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	s jsonb;
begin
	perform yanmen.need_arg(args, 'reason');
	s := yanmen.session_command(caller, args, 'session.control', 'session.kill');
	perform notify.session_ended(caller, (s ->> 'id')::uuid, yanmen.arg(args, 'reason')); -- 0035
	return s;
end
$$;
create function api.session_lock(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	s jsonb := yanmen.session_command(caller, args, 'session.control', 'session.lock');
begin
	update yanmen.session set locked = true where id = (s ->> 'id')::uuid;
	return s || '{"locked": true}';
end
$$;
create function api.session_unlock(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	s jsonb := yanmen.session_command(caller, args, 'session.control', 'session.unlock');
begin
	update yanmen.session set locked = false where id = (s ->> 'id')::uuid;
	return s || '{"locked": false}';
end
$$;

create function yanmen.recording_facts(s yanmen.session, r yanmen.recording) returns jsonb language plpgsql stable as $$
begin
	return yanmen.session_facts(s) || jsonb_build_object('recording', r.state, 'size', r.bytes, 'seq', r.seq,
		'head', encode(r.head, 'hex'), 'signed_us', r.signed_us, 'signature', encode(r.signature, 'hex'),
		'recording_reason', r.reason) || yanmen.recording_keeping(r); -- 0009
end
$$;
create function api.recording_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	own bigint[] := yanmen.reach(caller, 'recording.list');
begin
	return (select coalesce(jsonb_agg(yanmen.recording_facts(x.s, x.r) order by (x.s).started_at, (x.s).id), '[]')
		from (select s, r from yanmen.session s join yanmen.recording r on r.session_id = s.id
			where (own is null or s.target_id = any (own))
				and s.user_name = coalesce(nullif(yanmen.arg(args, 'user'), ''), s.user_name)
				and s.target_name = coalesce(nullif(yanmen.arg(args, 'target'), ''), s.target_name)
			order by s.started_at desc, s.id desc limit 1000) x);
end
$$;

-- Export, verify, replay: the right, the audit row, and what the anchor says.
create function yanmen.recording_command(caller jsonb, args jsonb, permission text, kind text) returns jsonb
language plpgsql as $$
declare
	s yanmen.session;
	r yanmen.recording;
begin
	perform api.need(caller, permission);
	s := yanmen.find_session(yanmen.need_arg(args, 'id'), yanmen.reach(caller, permission));
	select * into r from yanmen.recording x where x.session_id = s.id;
	perform yanmen.note(caller, kind, jsonb_build_object('session', s.id, 'user', s.user_name, 'target', s.target_name,
		'format', yanmen.arg(args, 'format'), 'from', nullif(yanmen.arg(args, 'from'), '')));
	return yanmen.recording_facts(s, r);
end
$$;
create function api.recording_export(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	if yanmen.need_arg(args, 'format') not in ('asciicast', 'text', 'jsonl', 'csv', 'sealed') then
		raise exception 'no format %; there are: asciicast, text, jsonl, csv, sealed', left(yanmen.arg(args, 'format'), 40)
			using errcode = 'YM400';
	end if;
	return yanmen.recording_command(caller, args, 'recording.read', 'recording.exported');
end
$$;
create function api.recording_verify(caller jsonb, args jsonb) returns jsonb
language sql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select yanmen.recording_command(caller, args, 'recording.verify', 'recording.verified')
$$;
create function api.replay(caller jsonb, args jsonb) returns jsonb
language sql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select yanmen.recording_command(caller, args, 'recording.read', 'recording.replayed')
$$;
grant execute on all functions in schema api to yanmen_broker;
