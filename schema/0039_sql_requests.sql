-- SQL approval (docs/decisions/0026-sql-approval.md): somebody asks to run a text on a database, somebody else decides, it runs once.
--
-- asked -> approved -> running -> done | failed | unknown; or refused, withdrawn, expired.  yanmen.sql_may is the table of it.
-- The text never changes: what is asked anew is another row that points to the one before.

insert into yanmen.role_permission (role, permission, scope)
select r.name, 'sql.ask', 'all' from yanmen.role r where r.name not in ('auditor', 'audit_admin')
union all
select r.name, 'sql.list', case when r.name in ('admin', 'auditor', 'audit_admin', 'security_admin') then 'all' else 'own' end from yanmen.role r
union all
values ('admin', 'sql.decide', 'all'), ('security_admin', 'sql.decide', 'all'),
	('group_admin', 'sql.decide', 'own'), ('cluster_admin', 'sql.decide', 'own'), ('dba', 'sql.decide', 'own');
insert into yanmen.duty (permission, duty) values ('sql.decide', 'security');

create table yanmen.sql_request (
	id bigint generated always as identity primary key,
	user_id bigint not null references yanmen.users,
	target_id bigint not null references yanmen.target,
	account text not null,
	database text not null default '',
	text text not null check (octet_length(text) between 1 and 1048576),
	sha256 bytea not null check (octet_length(sha256) = 32), -- of the text in UTF-8
	digest bytea not null check (octet_length(digest) = 32), -- of what a client sends of the text as a whole
	mode text not null check (mode in ('client', 'job')),
	reason text not null check (octet_length(reason) between 1 and 2000),
	starts_at timestamptz not null,
	until timestamptz not null check (until > starts_at),
	stop_on_error bool not null,
	row_limit bigint check (row_limit >= 0), -- so many rows a statement may change; null = nobody named a number
	findings jsonb not null,                 -- what the classifier and the rules said when it was asked
	revises bigint unique references yanmen.sql_request,
	state text not null default 'asked'
		check (state in ('asked', 'approved', 'refused', 'withdrawn', 'expired', 'running', 'done', 'failed', 'unknown')),
	asked_at timestamptz not null default now(),
	decided_at timestamptz,
	decided_by text,
	answer text not null default '',
	session_id uuid references yanmen.session, -- in which it runs
	started_at timestamptz,
	ended_at timestamptz,
	say text not null default '',
	check ((session_id is null) = (started_at is null))
);
create index on yanmen.sql_request (user_id, asked_at);
create index on yanmen.sql_request (until) where state in ('asked', 'approved');
create index on yanmen.sql_request (session_id) where state = 'running';
create table yanmen.sql_statement (
	request_id bigint not null references yanmen.sql_request,
	n int not null check (n > 0),
	text text not null, -- masked
	digest bytea not null check (octet_length(digest) = 32),
	classes text[] not null,
	flags text[] not null,
	tables text[] not null,
	tables_known bool not null,
	estimate bigint check (estimate >= 0), -- null: nobody knows
	verdict text not null,
	rule_id bigint,
	rule text not null default '',
	state text not null default 'PENDING' check (state in ('PENDING', 'RUNNING', 'OK', 'FAILED', 'SKIPPED', 'UNKNOWN')),
	rows bigint,
	us bigint,
	code int,
	sqlstate text not null default '',
	words text not null default '',
	primary key (request_id, n)
);
create index on yanmen.sql_statement (digest) where state = 'PENDING';
create table yanmen.sql_step (
	id bigint generated always as identity primary key,
	request_id bigint not null references yanmen.sql_request,
	at timestamptz not null default clock_timestamp(),
	actor text not null,
	step text not null,
	words text not null default ''
);
create index on yanmen.sql_step (request_id, id);

-- ---- the table of its states ----
create function yanmen.sql_may(was text, becomes text) returns bool language sql immutable as $$
	select (was, becomes) in (('asked', 'approved'), ('asked', 'refused'), ('asked', 'withdrawn'), ('asked', 'expired'),
		('approved', 'running'), ('approved', 'refused'), ('approved', 'withdrawn'), ('approved', 'expired'),
		('running', 'done'), ('running', 'failed'), ('running', 'unknown'))
$$;
create function yanmen.sql_statement_may(was text, becomes text) returns bool language sql immutable as $$
	select (was, becomes) in (('PENDING', 'RUNNING'), ('PENDING', 'SKIPPED'), ('RUNNING', 'OK'), ('RUNNING', 'FAILED'), ('RUNNING', 'SKIPPED'),
		('RUNNING', 'UNKNOWN'))
$$;
create function yanmen.sql_request_guard() returns trigger language plpgsql as $$
begin
	if new.state <> old.state and not yanmen.sql_may(old.state, new.state) then
		raise exception 'SQL request % is %: it cannot become %', old.id, old.state, new.state using errcode = 'YM409';
	elsif (to_jsonb(new) - '{state,until,decided_at,decided_by,answer,row_limit,session_id,started_at,ended_at,say}'::text[])
		is distinct from (to_jsonb(old) - '{state,until,decided_at,decided_by,answer,row_limit,session_id,started_at,ended_at,say}'::text[]) then
		raise exception 'what SQL request % asks for never changes', old.id using errcode = 'YM409';
	elsif old.state <> 'asked' and (new.until, new.row_limit) is distinct from (old.until, old.row_limit) then
		raise exception 'what was approved of SQL request % never changes', old.id using errcode = 'YM409';
	end if;
	return new;
end
$$;
create trigger guard before update on yanmen.sql_request for each row execute function yanmen.sql_request_guard();
create function yanmen.sql_statement_guard() returns trigger language plpgsql as $$
begin
	if new.state <> old.state and not yanmen.sql_statement_may(old.state, new.state) then
		raise exception 'statement % of SQL request % is %: it cannot become %', old.n, old.request_id, old.state, new.state using errcode = 'YM409';
	elsif (to_jsonb(new) - '{state,rows,us,code,sqlstate,words}'::text[]) is distinct from (to_jsonb(old) - '{state,rows,us,code,sqlstate,words}'::text[]) then
		raise exception 'what SQL request % asks for never changes', old.request_id using errcode = 'YM409';
	end if;
	return new;
end
$$;
create trigger guard before update on yanmen.sql_statement for each row execute function yanmen.sql_statement_guard();

-- ---- what is said of one ----
-- The clock counts, not whether the timer came by.
create function yanmen.sql_state(r yanmen.sql_request) returns text language sql stable as $$
	select case when r.state in ('asked', 'approved') and r.until <= now() then 'expired' else r.state end
$$;
create function yanmen.sql_user(r yanmen.sql_request) returns text language sql stable as $$
	select u.name from yanmen.users u where u.id = r.user_id
$$;
create function yanmen.sql_target(r yanmen.sql_request) returns text language sql stable as $$
	select t.name from yanmen.target t where t.id = r.target_id
$$;
create function yanmen.sql_facts(r yanmen.sql_request) returns jsonb language sql stable as $$
	select jsonb_build_object('id', r.id, 'user', yanmen.sql_user(r), 'target', yanmen.sql_target(r), 'account', r.account, 'database', r.database,
		'sha256', encode(r.sha256, 'hex'), 'bytes', octet_length(r.text), 'mode', r.mode, 'reason', r.reason, 'starts', yanmen.time_text(r.starts_at),
		'until', yanmen.time_text(r.until), 'stop_on_error', case when r.stop_on_error then 'on' else 'off' end, 'rows', r.row_limit,
		'classes', r.findings -> 'classes', 'flags', r.findings -> 'flags', 'tables', r.findings -> 'tables', 'verdict', r.findings ->> 'verdict',
		'statements', (select count(*) from yanmen.sql_statement s where s.request_id = r.id), 'revises', r.revises,
		'revised_by', (select x.id from yanmen.sql_request x where x.revises = r.id), 'state', yanmen.sql_state(r),
		'asked', yanmen.time_text(r.asked_at), 'decided', yanmen.time_text(r.decided_at), 'decided_by', r.decided_by, 'answer', r.answer,
		'session', r.session_id, 'started', yanmen.time_text(r.started_at), 'ended', yanmen.time_text(r.ended_at), 'say', r.say)
$$;
create function yanmen.sql_statements(r yanmen.sql_request) returns jsonb language sql stable as $$
	select coalesce(jsonb_agg(jsonb_build_object('n', s.n, 'text', s.text, 'classes', s.classes, 'flags', s.flags, 'tables', s.tables,
		'tables_known', s.tables_known, 'estimate', coalesce(s.estimate::text, 'unknown'), 'verdict', s.verdict, 'rule', s.rule_id, 'rule_name', s.rule,
		'state', s.state, 'rows', s.rows, 'us', s.us, 'code', s.code, 'sqlstate', s.sqlstate, 'words', s.words,
		'over', coalesce(s.rows > r.row_limit, false)) order by s.n), '[]')
	from yanmen.sql_statement s where s.request_id = r.id
$$;
create function yanmen.sql_steps(r yanmen.sql_request) returns jsonb language sql stable as $$
	select coalesce(jsonb_agg(jsonb_build_object('at', yanmen.time_text(s.at), 'actor', s.actor, 'step', s.step, 'words', s.words) order by s.id), '[]')
	from yanmen.sql_step s where s.request_id = r.id
$$;
-- The text, if it is the one that was asked for.
create function yanmen.sql_text(r yanmen.sql_request) returns text language plpgsql stable as $$
begin
	if sha256(convert_to(r.text, 'UTF8')) <> r.sha256 then
		raise exception 'the text of SQL request % is not the one that was asked for: it is not used', r.id using errcode = 'YM409';
	end if;
	return r.text;
end
$$;
-- What whoever decides should know of who asks.
create function yanmen.sql_risk(r yanmen.sql_request) returns jsonb language sql stable as $$
	select jsonb_build_object('role', (select u.role from yanmen.users u where u.id = r.user_id),
		'online', (select count(*) from yanmen.session s where s.user_id = r.user_id and s.state = 'online'),
		'refused', (select count(*) from yanmen.sql_request o where o.user_id = r.user_id and o.state = 'refused' and o.decided_at > now() - interval '30 days'),
		'failed', (select count(*) from yanmen.sql_request o where o.user_id = r.user_id and o.state in ('failed', 'unknown')
			and o.ended_at > now() - interval '30 days'),
		'done', (select count(*) from yanmen.sql_request o where o.user_id = r.user_id and o.target_id = r.target_id and o.state = 'done'))
$$;

-- ---- who sees and decides ----
-- Who has the right: where the target names approvers, its group's admins; else who has it over the target.
create function yanmen.sql_approves(caller jsonb, target bigint) returns bool language plpgsql stable as $$
declare
	own bigint[];
	approvers bigint := (select t.sql_approvers from yanmen.target t where t.id = target);
begin
	own := yanmen.reach(caller, 'sql.decide');
	if approvers is null or caller ->> 'actor' like 'local:%' then
		return own is null or target = any (own);
	end if;
	return exists (select from yanmen.group_admin a join yanmen.users u on u.id = a.user_id
		where a.group_id = approvers and u.name = substr(caller ->> 'actor', 6));
exception when sqlstate 'YM403' then
	return false;
end
$$;
-- Never his own.
create function yanmen.sql_decides(caller jsonb, r yanmen.sql_request) returns bool language sql stable as $$
	select caller ->> 'actor' <> 'user:' || yanmen.sql_user(r) and yanmen.sql_approves(caller, r.target_id)
$$;
create function yanmen.sql_sees(caller jsonb, r yanmen.sql_request) returns bool language sql stable as $$
	select caller ->> 'actor' = 'user:' || yanmen.sql_user(r) or yanmen.reach(caller, 'sql.list') is null or yanmen.sql_decides(caller, r)
$$;
-- The people who may, but for the one who asks.
create function yanmen.sql_approvers(target bigint, author bigint) returns bigint[] language sql stable as $$
	select array(select u.id from yanmen.users u where u.state = 'active' and u.id <> author
		and exists (select from yanmen.role_permission p where p.role = u.role and p.permission = 'sql.decide')
		and yanmen.sql_approves(jsonb_build_object('actor', 'user:' || u.name), target) order by u.name)
$$;
-- Locked: of two who are at it at once the second finds what the first did.
create function yanmen.find_sql_request(caller jsonb, i text) returns yanmen.sql_request language plpgsql as $$
declare
	r yanmen.sql_request;
begin
	select * into r from yanmen.sql_request x where x.id = case when i ~ '^[0-9]{1,18}$' then i::bigint end for update;
	if not found or not yanmen.sql_sees(caller, r) then
		raise exception 'no SQL request %; see: sql-request list', left(i, 40) using errcode = 'YM404';
	end if;
	return r;
end
$$;
create function yanmen.need_sql_decider(caller jsonb, r yanmen.sql_request) returns void language plpgsql stable as $$
begin
	if caller ->> 'actor' = 'user:' || yanmen.sql_user(r) then
		raise exception 'not allowed: nobody decides his own request' using errcode = 'YM403';
	elsif not yanmen.sql_decides(caller, r) then
		raise exception 'not allowed: you do not approve SQL for %', yanmen.sql_target(r) using errcode = 'YM403';
	end if;
end
$$;
create function yanmen.need_sql_state(r yanmen.sql_request, variadic wanted text[]) returns void language plpgsql stable as $$
begin
	if yanmen.sql_state(r) = any (wanted) then
		return;
	elsif r.state in ('approved', 'refused') and yanmen.sql_state(r) = r.state then
		raise exception 'SQL request % was % already, by %', r.id, r.state, regexp_replace(r.decided_by, '^user:', '') using errcode = 'YM409';
	end if;
	raise exception 'SQL request % is %', r.id, case yanmen.sql_state(r) when 'asked' then 'not decided yet' when 'running' then 'running already'
		when 'done' then 'over: it has run' when 'failed' then 'over: it has failed' when 'unknown' then 'over: nobody knows how it ended'
		when 'expired' then 'over: its time has passed' else 'over: it was withdrawn' end using errcode = 'YM409';
end
$$;

-- ---- every step passes here: the log of the request, the audit, the outbox ----
create or replace function notify.events() returns text[] language sql immutable as $$
	select array['request.asked', 'request.nobody', 'request.approved', 'request.refused', 'request.ending', 'request.ended',
		'session.ended', 'alert', 'sql.asked', 'sql.nobody', 'sql.approved', 'sql.refused', 'sql.ended']
$$;
create or replace function notify.page(kind text) returns text language sql immutable as $$
	select case when kind in ('request.asked', 'request.nobody') then '/approve' when kind like 'request.%' then '/requests'
		when kind like 'sql.%' then '/sql' when kind = 'session.ended' then '/my-sessions' when kind = 'alert' then '/audit' else '/' end
$$;
create function notify.sql(r yanmen.sql_request, actor text, step text, words text) returns void language plpgsql as $$
declare
	people bigint[] := array[r.user_id];
	kind text := case when step in ('done', 'failed', 'unknown', 'expired') then 'sql.ended' else 'sql.' || step end;
begin
	if step = 'asked' then
		people := yanmen.sql_approvers(r.target_id, r.user_id);
		if people = '{}' then
			kind := 'sql.nobody';
			people := r.user_id || notify.keepers();
		end if;
	elsif kind not in ('sql.approved', 'sql.refused', 'sql.ended') or actor = 'user:' || yanmen.sql_user(r) then
		return;
	end if;
	perform notify.tell(kind, kind || '/' || r.id, people, array[r.target_id], null, jsonb_strip_nulls(jsonb_build_object('number', r.id,
		'who', yanmen.sql_user(r), 'targets', yanmen.sql_target(r), 'account', r.account, 'reason', r.reason, 'what', step,
		'by', regexp_replace(coalesce(r.decided_by, ''), '^user:', ''), 'answer', words, 'until', notify.time_text(r.until))));
end
$$;
create function yanmen.sql_note(caller jsonb, r yanmen.sql_request, step text, words text, more jsonb default '{}') returns void language plpgsql as $$
begin
	insert into yanmen.sql_step (request_id, actor, step, words) values (r.id, caller ->> 'actor', step, left(words, 2000));
	perform yanmen.note(caller, 'sql_request.' || step, jsonb_strip_nulls(jsonb_build_object('request', r.id, 'target', yanmen.sql_target(r),
		'user', yanmen.sql_user(r), 'account', r.account, 'database', r.database, 'sha256', encode(r.sha256, 'hex'), 'mode', r.mode,
		'session', r.session_id, 'why', nullif(words, '')) || more));
	perform notify.sql(r, caller ->> 'actor', step, words);
end
$$;

-- ---- asking ----
-- The target and account as who asks may use them now.
create function yanmen.need_sql_target(caller jsonb, args jsonb) returns jsonb language plpgsql stable as $$
declare
	f record;
	wanted text := yanmen.need_arg(args, 'target');
	as_ text := coalesce(yanmen.arg(args, 'account'), '');
begin
	if caller ->> 'actor' not like 'user:%' then
		raise exception 'whoever signs in asks; on the gateway itself nobody does' using errcode = 'YM403';
	end if;
	select t.id as target_id, t.name as target, t.kind, a.name as account, u.id as user_id, u.role into f
	from yanmen.granted v join yanmen.access_grant g on g.id = v.grant_id and (g.until is null or g.until > now())
	join yanmen.account a on a.id = v.account_id join yanmen.target t on t.id = v.target_id join yanmen.users u on u.id = v.user_id
	where u.name = substr(caller ->> 'actor', 6) and t.name = wanted and as_ in ('', a.name)
	order by a.is_default desc, a.name limit 1;
	if f.target_id is null then
		raise exception 'you have no account % on a target named %', left(as_, 80), left(wanted, 80) using errcode = 'YM404';
	elsif f.kind not in ('mysql', 'sqlserver') then
		raise exception '% is no database', f.target using errcode = 'YM400';
	end if;
	return to_jsonb(f);
end
$$;
create function yanmen.sql_database(args jsonb) returns text language plpgsql immutable as $$
declare
	n text := coalesce(yanmen.arg(args, 'database'), '');
begin
	if octet_length(n) > 128 or n ~ '[\x01-\x1f\x7f]' then
		raise exception '"%" is no name of a database', left(n, 60) using errcode = 'YM400';
	end if;
	return n;
end
$$;
-- The old one of what is asked anew: his, and not running.
create function yanmen.need_sql_revisable(caller jsonb, args jsonb) returns yanmen.sql_request language plpgsql as $$
declare
	r yanmen.sql_request := yanmen.find_sql_request(caller, yanmen.need_arg(args, 'id'));
begin
	if caller ->> 'actor' <> 'user:' || yanmen.sql_user(r) then
		raise exception 'not allowed: this is not your request' using errcode = 'YM403';
	elsif exists (select from yanmen.sql_request x where x.revises = r.id) then
		raise exception 'SQL request % was asked anew already, as %', r.id, (select x.id from yanmen.sql_request x where x.revises = r.id) using errcode = 'YM409';
	end if;
	perform yanmen.need_sql_state(r, 'asked', 'approved', 'refused', 'withdrawn', 'expired', 'failed', 'unknown');
	return r;
end
$$;
-- What the broker needs for judging a text: args target, account, database; or id of the request that is asked anew.
create function api.sql_request_check(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	old yanmen.sql_request;
	f jsonb;
	t yanmen.target;
begin
	perform api.need(caller, 'sql.ask');
	if args ? 'id' then
		old := yanmen.need_sql_revisable(caller, args);
		args := args || jsonb_build_object('target', yanmen.sql_target(old), 'account', old.account)
			|| case when args ? 'database' then '{}' else jsonb_build_object('database', old.database) end;
	end if;
	f := yanmen.need_sql_target(caller, args);
	select * into t from yanmen.target x where x.id = (f ->> 'target_id')::bigint;
	return jsonb_build_object('rules', (select coalesce(jsonb_agg(yanmen.sql_rule_facts(r) order by yanmen.sql_rule_rank(r)), '[]')
			from yanmen.sql_rule r where r.enabled and (r.scope = 'all' or r.cluster_id = t.cluster_id or r.target_id = t.id
				or exists (select from yanmen.group_target m where m.group_id = r.group_id and m.target_id = t.id))),
		'default', t.sql_default, 'approval', t.sql_approval, 'dialect', case t.kind when 'sqlserver' then 'tsql' else 'mysql' end,
		'user', substr(caller ->> 'actor', 6), 'role', f ->> 'role', 'target', t.name, 'account', f ->> 'account', 'database', yanmen.sql_database(args),
		'approvers_group', (select g.name from yanmen.resource_group g where g.id = t.sql_approvers),
		'approvers', array(select u.name from yanmen.users u where u.id = any (yanmen.sql_approvers(t.id, (f ->> 'user_id')::bigint)) order by u.name));
end
$$;
create function yanmen.words_of(j jsonb) returns text[] language sql immutable as $$
	select array(select jsonb_array_elements_text(case jsonb_typeof(j) when 'array' then j else '[]' end))
$$;
create function yanmen.sql_request_new(caller jsonb, args jsonb, bytes bytea, findings jsonb, old bigint) returns jsonb language plpgsql as $$
declare
	f jsonb := yanmen.need_sql_target(caller, args);
	r yanmen.sql_request;
begin
	r.reason := yanmen.request_text(args, 'reason', 2000);
	r.mode := coalesce(nullif(yanmen.arg(args, 'mode'), ''), 'client');
	r.starts_at := greatest(yanmen.request_time(args, 'starts'), now());
	r.until := yanmen.request_time(args, 'until');
	r.row_limit := case when coalesce(yanmen.arg(args, 'rows'), '') <> '' then yanmen.arg_number(args, 'rows', 1000000000000) end;
	begin
		r.text := convert_from(bytes, 'UTF8');
	exception when data_exception then
		raise exception 'the SQL is not UTF-8' using errcode = 'YM400';
	end;
	if btrim(r.text, E' \t\r\n;') = '' then
		raise exception 'there is no SQL in this' using errcode = 'YM400';
	elsif octet_length(r.text) > 1048576 then
		raise exception 'the SQL is longer than 1 MiB' using errcode = 'YM400';
	elsif r.reason = '' then
		raise exception 'reason is missing: what do you need it for?' using errcode = 'YM400';
	elsif r.mode not in ('client', 'job') then
		raise exception 'no mode %; there are: client, job', left(r.mode, 40) using errcode = 'YM400';
	elsif r.mode = 'job' then
		raise exception 'the gateway does not run SQL by itself yet: mode client, and send it by your own client' using errcode = 'YM400';
	elsif findings ->> 'verdict' = 'deny' then
		raise exception 'refused by %: no approval can let it pass', coalesce(nullif('rule ' || (findings ->> 'rule_name'), 'rule '), 'the default of the target')
			using errcode = 'YM409';
	end if;
	perform yanmen.need_term(r.starts_at, r.until);
	perform from yanmen.users u where u.id = (f ->> 'user_id')::bigint for no key update;
	if (select count(*) from yanmen.sql_request x where x.user_id = (f ->> 'user_id')::bigint and x.state = 'asked' and x.until > now()) >= 20 then
		raise exception '20 SQL requests of yours wait for an answer: withdraw some first' using errcode = 'YM409';
	end if;
	insert into yanmen.sql_request (user_id, target_id, account, database, text, sha256, digest, mode, reason, starts_at, until, stop_on_error,
		row_limit, findings, revises)
	values ((f ->> 'user_id')::bigint, (f ->> 'target_id')::bigint, f ->> 'account', yanmen.sql_database(args), r.text, sha256(bytes),
		decode(findings ->> 'digest', 'hex'), r.mode, r.reason, r.starts_at, r.until, yanmen.arg_switch(args, 'stop_on_error', true),
		r.row_limit, findings - '{statements,approvers,approvers_group}'::text[], old) returning * into r;
	insert into yanmen.sql_statement (request_id, n, text, digest, classes, flags, tables, tables_known, verdict, rule_id, rule)
	select r.id, n, s ->> 'text', decode(s ->> 'digest', 'hex'), yanmen.words_of(s -> 'classes'), yanmen.words_of(s -> 'flags'), yanmen.words_of(s -> 'tables'),
		(s ->> 'tables_known')::bool, s ->> 'verdict', (s ->> 'rule')::bigint, coalesce(s ->> 'rule_name', '')
	from jsonb_array_elements(findings -> 'statements') with ordinality x (s, n);
	perform yanmen.sql_note(caller, r, 'asked', r.reason, jsonb_build_object('classes', findings -> 'classes', 'flags', findings -> 'flags',
		'revises', old, 'until', yanmen.time_text(r.until)));
	return yanmen.sql_facts(r);
end
$$;
-- args: target*, account, database, reason*, until*, starts, mode, stop_on_error, rows.
create function api.sql_request_add(caller jsonb, args jsonb, bytes bytea, findings jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'sql.ask');
	return yanmen.sql_request_new(caller, args, bytes, findings, null);
end
$$;
-- args: id*, and as above; what is not given is as it was.
create function api.sql_request_revise(caller jsonb, args jsonb, bytes bytea, findings jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	old yanmen.sql_request;
	was jsonb;
begin
	perform api.need(caller, 'sql.ask');
	old := yanmen.need_sql_revisable(caller, args);
	if yanmen.sql_state(old) in ('asked', 'approved') then
		update yanmen.sql_request set state = 'withdrawn', ended_at = now(), say = 'asked anew' where id = old.id returning * into old;
		perform yanmen.sql_note(caller, old, 'withdrawn', 'asked anew');
	end if;
	was := jsonb_build_object('reason', old.reason, 'database', old.database, 'mode', old.mode, 'until', yanmen.time_text(old.until),
		'stop_on_error', case when old.stop_on_error then 'on' else 'off' end) || jsonb_strip_nulls(jsonb_build_object('rows', old.row_limit::text));
	return yanmen.sql_request_new(caller, was || (args - '{id,target,account}'::text[])
		|| jsonb_build_object('target', yanmen.sql_target(old), 'account', old.account), bytes, findings, old.id);
end
$$;

-- ---- deciding ----
create function yanmen.sql_decided(caller jsonb, r yanmen.sql_request, becomes text, why text) returns jsonb language plpgsql as $$
begin
	update yanmen.sql_request x set state = becomes, decided_at = now(), decided_by = caller ->> 'actor', answer = why, until = r.until,
		row_limit = r.row_limit, ended_at = case becomes when 'refused' then now() end where x.id = r.id returning * into r;
	perform yanmen.sql_note(caller, r, becomes, why, jsonb_strip_nulls(jsonb_build_object('rows', r.row_limit, 'until', yanmen.time_text(r.until))));
	return yanmen.sql_facts(r);
end
$$;
-- args: id*, reason, until (earlier than asked for), rows (fewer than asked for), sha256 (the text that he has read).
create function api.sql_request_approve(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.sql_request;
	to_ timestamptz := yanmen.request_time(args, 'until');
	fewer bigint := case when coalesce(yanmen.arg(args, 'rows'), '') <> '' then yanmen.arg_number(args, 'rows', 1000000000000) end;
begin
	perform api.need(caller, 'sql.decide');
	r := yanmen.find_sql_request(caller, yanmen.need_arg(args, 'id'));
	perform yanmen.need_sql_decider(caller, r);
	perform yanmen.need_sql_state(r, 'asked');
	perform yanmen.sql_text(r);
	if to_ > r.until then
		raise exception 'that is longer than was asked for' using errcode = 'YM400';
	elsif fewer > r.row_limit then
		raise exception 'that is more rows than were asked for' using errcode = 'YM400';
	elsif coalesce(yanmen.arg(args, 'sha256'), '') not in ('', encode(r.sha256, 'hex')) then
		raise exception 'this is not the text of SQL request %', r.id using errcode = 'YM409';
	elsif to_ <= greatest(r.starts_at, now()) then
		raise exception 'the end lies before the beginning, or has passed' using errcode = 'YM400';
	end if;
	r.until := coalesce(to_, r.until);
	r.row_limit := coalesce(fewer, r.row_limit);
	return yanmen.sql_decided(caller, r, 'approved', yanmen.request_text(args, 'reason', 2000));
end
$$;
-- args: id*, reason*.  Also what was approved and has not begun.
create function api.sql_request_refuse(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.sql_request;
	why text := yanmen.request_text(args, 'reason', 2000);
begin
	perform api.need(caller, 'sql.decide');
	r := yanmen.find_sql_request(caller, yanmen.need_arg(args, 'id'));
	perform yanmen.need_sql_decider(caller, r);
	perform yanmen.need_sql_state(r, 'asked', 'approved');
	if why = '' then
		raise exception 'reason is missing: who asked will read it' using errcode = 'YM400';
	end if;
	return yanmen.sql_decided(caller, r, 'refused', why);
end
$$;
-- args: id*, reason.  Who asked takes it back.
create function api.sql_request_withdraw(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.sql_request;
	why text := yanmen.request_text(args, 'reason', 2000);
begin
	perform api.need(caller, 'sql.list');
	r := yanmen.find_sql_request(caller, yanmen.need_arg(args, 'id'));
	if caller ->> 'actor' <> 'user:' || yanmen.sql_user(r) then
		raise exception 'not allowed: this is not your request; who decides refuses it' using errcode = 'YM403';
	end if;
	perform yanmen.need_sql_state(r, 'asked', 'approved');
	update yanmen.sql_request set state = 'withdrawn', ended_at = now(), say = why where id = r.id returning * into r;
	perform yanmen.sql_note(caller, r, 'withdrawn', why);
	return yanmen.sql_facts(r);
end
$$;
create function api.sql_request_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	wanted text := coalesce(yanmen.arg(args, 'state'), '');
begin
	perform api.need(caller, 'sql.list');
	return (select coalesce(jsonb_agg(yanmen.sql_facts(r) order by r.id), '[]') from (select * from yanmen.sql_request x
		where yanmen.sql_sees(caller, x) and wanted in ('', yanmen.sql_state(x)) order by x.id desc limit 1000) r);
end
$$;
-- With everything that there is of it; `before` is the text that it revises, for the broker, which makes a diff of it.
create function api.sql_request_show(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.sql_request;
	old yanmen.sql_request;
begin
	perform api.need(caller, 'sql.list');
	r := yanmen.find_sql_request(caller, yanmen.need_arg(args, 'id'));
	select * into old from yanmen.sql_request x where x.id = r.revises;
	return yanmen.sql_facts(r) || jsonb_build_object('text', yanmen.sql_text(r), 'list', yanmen.sql_statements(r), 'steps', yanmen.sql_steps(r),
		'decidable', yanmen.sql_state(r) in ('asked', 'approved') and yanmen.sql_decides(caller, r),
		'mine', caller ->> 'actor' = 'user:' || yanmen.sql_user(r), 'fingerprint', r.findings ->> 'fingerprint',
		'approvers', array(select u.name from yanmen.users u where u.id = any (yanmen.sql_approvers(r.target_id, r.user_id)) order by u.name),
		'before', case when old.id is not null then yanmen.sql_text(old) end,
		'risk', case when yanmen.sql_decides(caller, r) then yanmen.sql_risk(r) end);
end
$$;
grant execute on all functions in schema api to yanmen_broker;
