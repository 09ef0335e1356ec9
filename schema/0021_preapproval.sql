-- What is approved at once, the clock of the requests, and what the console reads of them.

create function yanmen.preapproval_facts(p yanmen.preapproval) returns jsonb language sql stable as $$
	select jsonb_build_object('id', p.id, 'name', p.name, 'kind', p.kind, 'role', p.role,
		'user', (select u.name from yanmen.users u where u.id = p.user_id),
		'group', (select g.name from yanmen.resource_group g where g.id = p.group_id), 'account', p.account, 'longest', p.longest_s,
		'created_by', p.created_by)
$$;
-- args: name, kind, role or user, group, account, longest (seconds).
create function api.preapproval_add(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	p yanmen.preapproval;
	u text := nullif(yanmen.arg(args, 'user'), '');
begin
	perform api.need(caller, 'request.policy');
	p.name := yanmen.need_name(args, 'name', 'policy');
	p.kind := coalesce(nullif(yanmen.arg(args, 'kind'), ''), 'access');
	p.role := nullif(yanmen.arg(args, 'role'), '');
	p.longest_s := yanmen.arg_number(args, 'longest', 31536000);
	p.account := case when coalesce(yanmen.arg(args, 'account'), '') = '' then '' else yanmen.need_name(args, 'account', 'account') end;
	if p.kind not in ('access', 'software') then
		raise exception 'no kind %; there are: access, software', left(p.kind, 40) using errcode = 'YM400';
	elsif num_nonnulls(p.role, u) <> 1 then
		raise exception 'give a role or a user' using errcode = 'YM400';
	elsif not exists (select from yanmen.role r where r.name = p.role) and u is null then
		raise exception 'no role %; there are: %', left(p.role, 40), (select string_agg(name, ', ' order by name) from yanmen.role)
			using errcode = 'YM400';
	elsif p.longest_s < 60 then
		raise exception 'longest is a number of seconds, at least 60' using errcode = 'YM400';
	elsif caller ->> 'actor' = 'user:' || u then
		raise exception 'not allowed: nobody approves himself' using errcode = 'YM403';
	end if;
	p.group_id := (yanmen.find_group(yanmen.need_arg(args, 'group'))).id;
	begin
		insert into yanmen.preapproval (name, kind, role, user_id, group_id, account, longest_s, created_by)
		values (p.name, p.kind, p.role, case when u is not null then (yanmen.find_user(u)).id end, p.group_id, p.account, p.longest_s,
			caller ->> 'actor') returning * into p;
	exception when unique_violation then
		raise exception 'there is a policy named % already', p.name using errcode = 'YM409';
	end;
	perform yanmen.note(caller, 'preapproval.added', yanmen.preapproval_facts(p));
	return yanmen.preapproval_facts(p);
end
$$;
create function api.preapproval_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	p yanmen.preapproval;
	facts jsonb;
begin
	perform api.need(caller, 'request.policy');
	select * into p from yanmen.preapproval x where x.name = yanmen.need_arg(args, 'name');
	if not found then
		raise exception 'no policy named %; see: preapproval list', left(yanmen.arg(args, 'name'), 80) using errcode = 'YM404';
	end if;
	facts := yanmen.preapproval_facts(p);
	delete from yanmen.preapproval x where x.id = p.id;
	perform yanmen.note(caller, 'preapproval.removed', facts);
	return facts;
end
$$;
create function api.preapproval_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'request.policy_list');
	return (select coalesce(jsonb_agg(yanmen.preapproval_facts(p) order by p.name), '[]') from yanmen.preapproval p);
end
$$;

-- ---- the clock: the broker asks each quarter of a minute; `at` is for tests ----
create function yanmen.requests_close(at timestamptz) returns int language plpgsql as $$
declare
	r yanmen.request;
	n int := 0;
begin
	for r in select x.* from yanmen.request x join yanmen.users u on u.id = x.user_id
		where x.state = 'asked' and (x.until <= at or u.state <> 'active') order by x.id limit 500 for update of x skip locked
	loop
		n := n + 1;
		perform yanmen.request_decide(r, 'system', case when r.until <= at then 'refused' else 'withdrawn' end,
			case when r.until <= at then 'nobody decided before its end' else 'who asked was disabled' end, '{}');
	end loop;
	for r in select x.* from yanmen.request x
		where x.state = 'approved' and x.ended_at is null and x.extends is null and (x.until <= at or (x.account is not null
			and not exists (select from yanmen.access_grant g where g.request_id = x.id and g.removed_at is null)))
		order by x.id limit 500 for update of x skip locked
	loop
		n := n + 1;
		update yanmen.request set ended_at = at where id = r.id returning * into r;
		perform yanmen.request_note(r, 'system', 'request.ended', jsonb_build_object('why',
			case when r.until <= at then 'its term is over' else 'its grants were removed' end, 'by', 'system'));
	end loop;
	return n;
end
$$;
-- The nearest of the times before the end that has come and was not told; those that the whole term does not reach are left out.
create function yanmen.requests_remind(at timestamptz) returns int language plpgsql as $$
declare
	due record;
	r yanmen.request;
	n int := 0;
	times bigint[] := (select string_to_array(nullif(x.value, ''), ',')::bigint[] from yanmen.setting x where x.key = 'request.notice');
begin
	for due in select x.id, d.s from yanmen.request x cross join lateral (select min(t) as s from unnest(times) t
			where x.until - t * interval '1 second' <= at and x.until - greatest(x.starts_at, x.decided_at) > t * interval '1 second') d
		where x.state = 'approved' and x.ended_at is null and x.extends is null and x.account is not null and x.until > at
			and d.s < coalesce(x.reminded_s, 9223372036854775807) order by x.id limit 500 for update of x skip locked
	loop
		n := n + 1;
		update yanmen.request set reminded_s = due.s where id = due.id returning * into r;
		perform yanmen.request_note(r, 'system', 'request.ending', jsonb_build_object('left', due.s));
	end loop;
	return n;
end
$$;
create function api.requests_tick(at timestamptz default now()) returns int
language sql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select yanmen.requests_close(at) + yanmen.requests_remind(at)
$$;
grant execute on all functions in schema api to yanmen_broker;

-- ---- what the console reads, and is told ----
insert into console.collection (name, needs) values
	('requests', 'request.list'), ('requestable', 'request.ask'), ('preapprovals', 'request.policy_list');

create view console.requests as
	select r.id, u.name as "user", r.kind, yanmen.request_targets(r) as targets, r.account, r.reason, r.detail,
		r.starts_at as starts, r.until, yanmen.request_state(r) as state, r.asked_at as at, r.decided_at as decided,
		regexp_replace(r.decided_by, '^user:', '') as decided_by, r.answer, r.preapproval, r.extends, console.is_me(u.name) as mine,
		r.state = 'asked' and d.decides as decidable,
		d.decides and r.extends is null and yanmen.request_state(r) in ('approved', 'active') as endable,
		case when d.decides then yanmen.request_risk(r) end as risk, yanmen.request_told(r.id) as told
	from yanmen.request r join yanmen.users u on u.id = r.user_id
	cross join lateral (select not console.is_me(u.name) and ((select yanmen.request_reach(console.caller())) is null
		or not exists (select from yanmen.request_target x where x.request_id = coalesce(r.extends, r.id)
			and x.target_id not in (select unnest(yanmen.request_reach(console.caller()))))) as decides) d
	where console.is_me(u.name) or (select console.own('request.list')) is null or d.decides;

-- What can be asked for, and whether he has it: names alone, no address.
create view console.requestable as
	select t.id || ':' || a.id as id, t.name, a.name as account, t.kind, c.name as cluster,
		exists (select from yanmen.granted v join yanmen.access_grant g on g.id = v.grant_id and (g.until is null or g.until > now())
			where v.account_id = a.id and v.user_id = (select m.id from yanmen.users m
				where m.name = substr(console.caller() ->> 'actor', 6))) as granted,
		array(select g.name from yanmen.group_target m join yanmen.resource_group g on g.id = m.group_id
			where m.target_id = t.id and g.requestable order by g.name) as groups
	from yanmen.requestable q join yanmen.target t on t.id = q.target_id join yanmen.cluster c on c.id = t.cluster_id
	join yanmen.account a on a.target_id = t.id
	where (select console.own('request.ask')) is null;

create view console.preapprovals as
	select p.id, p.name, p.kind, p.role, u.name as "user", g.name as "group", p.account, p.longest_s as longest, p.created_by
	from yanmen.preapproval p join yanmen.resource_group g on g.id = p.group_id left join yanmen.users u on u.id = p.user_id
	where (select console.own('request.policy_list')) is null;

create trigger tell_console after insert or update or delete on yanmen.request for each statement
	execute function yanmen.tell_console('requests');
create trigger tell_console after insert or update or delete on yanmen.preapproval for each statement
	execute function yanmen.tell_console('preapprovals');
-- request.end_sessions may let sessions end, or go on.
create trigger tell_access after update on yanmen.setting for each statement execute function yanmen.tell_access();
