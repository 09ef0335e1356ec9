-- SQL approval, second half: what was approved is used once; the clock; what the console reads.

-- ---- using it ----
-- A worker asks before it forwards what a rule wants approved.  digest: SHA-256 of the bytes, from the first statement to the end of the last.
-- The whole text of a request, or one statement of it, and then only the next one.  The answer: request (null: no), n, count, rows (null: no
-- limit was named), stop, why (not).  What it answers stands in the row before anybody hears of it: used, whatever happens next.
create function api.sql_permit(session uuid, digest bytea, database text)
returns table (request bigint, n int, count int, rows bigint, stop bool, why text)
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	s yanmen.session;
	r yanmen.sql_request;
	first_ int;
	last_ int;
begin
	-- Its end waits for us, and then finds what we did (yanmen.sql_lost).
	select x.* into s from yanmen.session x join yanmen.users u on u.id = x.user_id and u.state = 'active'
	where x.id = sql_permit.session and x.state = 'online' for share of x;
	-- Locked one by one, and looked at again once it is ours: of two workers one gets it.
	for r in select x.* from yanmen.sql_request x
		where x.user_id = s.user_id and x.target_id = s.target_id and x.account = s.account_name
			and x.mode = 'client' and x.database in ('', sql_permit.database) and x.starts_at <= now()
			and ((x.state = 'approved' and x.until > now()) or (x.state = 'running' and x.session_id = s.id))
			and (x.digest = sql_permit.digest or exists (select from yanmen.sql_statement y where y.request_id = x.id and y.digest = sql_permit.digest))
		order by x.state desc, x.id for update of x
	loop
		perform yanmen.sql_text(r);
		select min(y.n) into first_ from yanmen.sql_statement y where y.request_id = r.id and y.state = 'PENDING';
		continue when first_ is null or exists (select from yanmen.sql_statement y where y.request_id = r.id and y.state = 'RUNNING');
		if r.state = 'approved' and r.digest = sql_permit.digest then
			select max(y.n) into last_ from yanmen.sql_statement y where y.request_id = r.id;
		elsif exists (select from yanmen.sql_statement y where y.request_id = r.id and y.n = first_ and y.digest = sql_permit.digest) then
			last_ := first_;
		else
			continue; -- not its turn
		end if;
		if r.state = 'approved' then
			update yanmen.sql_request set state = 'running', session_id = s.id, started_at = now() where id = r.id returning * into r;
			perform yanmen.sql_note(jsonb_build_object('actor', 'user:' || s.user_name, 'address', s.address), r, 'running', '');
		end if;
		update yanmen.sql_statement y set state = 'RUNNING' where y.request_id = r.id and y.n between first_ and last_;
		return query select r.id, first_, last_ - first_ + 1, r.row_limit, r.stop_on_error, '';
		return;
	end loop;
	return query select null::bigint, 0, 0, null::bigint, false, yanmen.sql_no_permit(s, digest, database);
end
$$;
-- Why not: of his requests with this text the newest, if there is one.
create function yanmen.sql_no_permit(s yanmen.session, digest bytea, database text) returns text language plpgsql stable as $$
declare
	r yanmen.sql_request;
begin
	select x.* into r from yanmen.sql_request x
	where x.user_id = s.user_id and x.target_id = s.target_id and (x.digest = sql_no_permit.digest
		or exists (select from yanmen.sql_statement y where y.request_id = x.id and y.digest = sql_no_permit.digest))
	order by x.id desc limit 1;
	return case when r.id is null then 'no request with this text'
		when yanmen.sql_state(r) = 'asked' then 'request ' || r.id || ' waits for its approval'
		when yanmen.sql_state(r) <> 'approved' then 'request ' || r.id || ' is ' || yanmen.sql_state(r)
		when r.account <> s.account_name then 'request ' || r.id || ' is for the account ' || r.account
		when r.database not in ('', sql_no_permit.database) then 'request ' || r.id || ' is for the database ' || r.database
		when r.starts_at > now() then 'request ' || r.id || ' begins at ' || yanmen.time_text(r.starts_at)
		else 'request ' || r.id || ' cannot be used for this' end;
end
$$;
-- All its statements have an end: so has it.
create function yanmen.sql_settle(r yanmen.sql_request) returns void language plpgsql as $$
declare
	becomes text;
begin
	if exists (select from yanmen.sql_statement s where s.request_id = r.id and s.state in ('PENDING', 'RUNNING')) then
		return;
	end if;
	select case when bool_or(s.state = 'UNKNOWN') then 'unknown' when bool_and(s.state = 'OK') then 'done' else 'failed' end into becomes
	from yanmen.sql_statement s where s.request_id = r.id;
	update yanmen.sql_request set state = becomes, ended_at = now(), say = case becomes when 'unknown' then
		'the connection ended before the server said how it went; look there, it is never sent again' when 'failed' then coalesce(
		(select s.words from yanmen.sql_statement s where s.request_id = r.id and s.state = 'FAILED' order by s.n limit 1), '') else '' end
	where id = r.id returning * into r;
	perform yanmen.sql_note('{"actor": "system"}', r, becomes, r.say, jsonb_build_object('outcome',
		(select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('n', s.n, 'state', s.state, 'rows', s.rows, 'code', s.code)) order by s.n)
		from yanmen.sql_statement s where s.request_id = r.id)));
end
$$;
-- How a statement went, as the worker of that session says (spool, kind sql.done): b has request, n, state (OK, FAILED, SKIPPED, UNKNOWN), rows (-1:
-- the server names none), us, code, sqlstate, words.  What makes no sense changes nothing.
create function yanmen.sql_told(session uuid, b jsonb) returns void language plpgsql as $$
declare
	r yanmen.sql_request;
	s yanmen.sql_statement;
	how text := b ->> 'state';
begin
	select * into r from yanmen.sql_request x where x.id = yanmen.number_of(b, 'request', 0) and x.state = 'running' and x.session_id = session for update;
	if not found or how is null or how not in ('OK', 'FAILED', 'SKIPPED', 'UNKNOWN') then
		return;
	end if;
	update yanmen.sql_statement x set state = how, rows = nullif(yanmen.number_of(b, 'rows', -1), -1), us = yanmen.number_of(b, 'us', 0),
		code = nullif(least(yanmen.number_of(b, 'code', 0), 2147483647), 0), sqlstate = left(coalesce(b ->> 'sqlstate', ''), 5),
		words = left(coalesce(b ->> 'words', ''), 500)
	where x.request_id = r.id and x.n = least(yanmen.number_of(b, 'n', 0), 2147483647) and x.state = 'RUNNING' returning * into s;
	if s.n is null then
		return;
	elsif s.rows > r.row_limit then
		perform yanmen.sql_note('{"actor": "system"}', r, 'over', format('statement %s changed %s rows, approved were %s', s.n, s.rows, r.row_limit),
			jsonb_build_object('n', s.n, 'rows', s.rows, 'approved', r.row_limit));
	end if;
	if how <> 'OK' and r.stop_on_error then
		update yanmen.sql_statement x set state = 'SKIPPED' where x.request_id = r.id and x.state = 'PENDING';
	end if;
	perform yanmen.sql_settle(r);
end
$$;
-- A session is over: what was sent in it and has no answer is unknown for good, what was not sent is skipped.
create function yanmen.sql_lost(session uuid) returns void language plpgsql as $$
declare
	r yanmen.sql_request;
begin
	for r in select * from yanmen.sql_request x where x.session_id = session and x.state = 'running' order by x.id for update loop
		update yanmen.sql_statement s set state = case s.state when 'RUNNING' then 'UNKNOWN' else 'SKIPPED' end,
			words = case s.state when 'RUNNING' then 'the connection ended before the server answered' else 'not sent: the session ended' end
		where s.request_id = r.id and s.state in ('RUNNING', 'PENDING');
		perform yanmen.sql_settle(r);
	end loop;
end
$$;
create function yanmen.sql_session_over() returns trigger language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform yanmen.sql_lost(new.id);
	return null;
end
$$;
create trigger sql_over after insert or update of state on yanmen.session for each row when (new.state <> 'online')
	execute function yanmen.sql_session_over();

-- ---- the clock: with that of the access requests, each quarter of a minute; `at` is for tests ----
create function yanmen.sql_requests_close(at timestamptz) returns int language plpgsql as $$
declare
	r yanmen.sql_request;
	n int := 0;
begin
	for r in select x.* from yanmen.sql_request x join yanmen.users u on u.id = x.user_id
		where x.state in ('asked', 'approved') and (x.until <= at or u.state <> 'active') order by x.id limit 500 for update of x skip locked
	loop
		n := n + 1;
		update yanmen.sql_request set state = case when r.until <= at then 'expired' else 'withdrawn' end, ended_at = at,
			say = case when r.until > at then 'who asked was disabled' when r.state = 'asked' then 'nobody decided before its end' else 'it was not used before its end' end
		where id = r.id returning * into r;
		perform yanmen.sql_note('{"actor": "system"}', r, r.state, r.say);
	end loop;
	return n;
end
$$;
create or replace function api.requests_tick(at timestamptz default now()) returns int
language sql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select yanmen.requests_close(at) + yanmen.requests_remind(at) + yanmen.sql_requests_close(at)
$$;
grant execute on all functions in schema api to yanmen_broker;

-- ---- what the console reads, and is told ----
insert into console.collection (name, needs) values ('sql_requests', 'sql.list'), ('sql_targets', 'sql.ask');

create view console.sql_requests as
	select r.id, u.name as "user", t.name as target, r.account, r.database, left(r.text, 300) as start, octet_length(r.text) as bytes, r.mode, r.reason,
		r.starts_at as starts, r.until, yanmen.sql_state(r) as state, r.asked_at as at, r.decided_at as decided,
		regexp_replace(r.decided_by, '^user:', '') as decided_by, r.answer, yanmen.words_of(r.findings -> 'classes') as classes,
		yanmen.words_of(r.findings -> 'flags') as flags, r.findings ->> 'verdict' as verdict, r.row_limit as rows, r.revises, r.ended_at as ended, r.say,
		console.is_me(u.name) as mine, d.decides and yanmen.sql_state(r) = 'asked' as decidable
	from yanmen.sql_request r join yanmen.users u on u.id = r.user_id join yanmen.target t on t.id = r.target_id
	cross join lateral (select not console.is_me(u.name) and yanmen.sql_approves(console.caller(), t.id) as decides) d
	where console.is_me(u.name) or (select console.own('sql.list')) is null or d.decides;

-- The databases that he may use, with his accounts there: what SQL can be asked for.
create view console.sql_targets as
	select distinct t.id || ':' || a.id as id, t.name, a.name as account, t.kind, c.name as cluster, a.is_default as "default", t.sql_approval as approval
	from yanmen.granted v join yanmen.access_grant g on g.id = v.grant_id and (g.until is null or g.until > now())
	join yanmen.account a on a.id = v.account_id join yanmen.target t on t.id = v.target_id join yanmen.cluster c on c.id = t.cluster_id
	where (select console.own('sql.ask')) is null and t.kind in ('mysql', 'sqlserver')
		and v.user_id = (select u.id from yanmen.users u where u.name = substr(console.caller() ->> 'actor', 6));

create trigger tell_console after insert or update or delete on yanmen.sql_request for each statement execute function yanmen.tell_console('sql_requests');
create trigger tell_console after update on yanmen.sql_statement for each statement execute function yanmen.tell_console('sql_requests');
