-- Rotation: policies as people change them, what they look at, what the console reads.

create function yanmen.find_policy(n text) returns yanmen.rotation_policy language plpgsql stable as $$
declare
	p yanmen.rotation_policy;
begin
	select * into p from yanmen.rotation_policy x where x.name = n and x.removed_at is null;
	if not found then
		raise exception 'no rotation policy named %; see: rotation list', left(n, 80) using errcode = 'YM404';
	end if;
	return p;
end
$$;
-- Only as far as he reads: a policy is shown whole.
create function yanmen.policy_facts(p yanmen.rotation_policy) returns jsonb language sql stable as $$
	select jsonb_build_object('id', p.id, 'version', p.version, 'name', p.name,
		'group', (select g.name from yanmen.resource_group g where g.id = p.group_id),
		'cluster', (select c.name from yanmen.cluster c where c.id = p.cluster_id),
		'target', (select t.name from yanmen.target t where t.id = p.target_id), 'account', p.account, 'via', p.via, 'every', p.every_days,
		'at', to_char(p.at_min / 60, 'FM00') || ':' || to_char(p.at_min % 60, 'FM00'), 'length', p.length, 'keep', p.keep_days,
		'accounts', (select count(*) from yanmen.rotation_of o where o.policy_id = p.id))
$$;
create function yanmen.arg_within(args jsonb, key text, least_ int, most int, otherwise int) returns int language plpgsql immutable as $$
declare
	v text := coalesce(nullif(yanmen.arg(args, key), ''), otherwise::text);
begin
	if v is null or v !~ '^[0-9]{1,6}$' or v::int not between least_ and most then
		raise exception '% is a number from % to %', key, least_, most using errcode = 'YM400';
	end if;
	return v::int;
end
$$;
create function yanmen.arg_minute(args jsonb, otherwise int) returns int language plpgsql immutable as $$
declare
	v text := coalesce(yanmen.arg(args, 'at'), '');
begin
	if v = '' then
		return otherwise;
	elsif v !~ '^([01][0-9]|2[0-3]):[0-5][0-9]$' then
		raise exception 'at is a time of the day in UTC, such as 03:30' using errcode = 'YM400';
	end if;
	return split_part(v, ':', 1)::int * 60 + split_part(v, ':', 2)::int;
end
$$;
-- An account's name, or none.
create function yanmen.arg_account(args jsonb, key text, otherwise text) returns text language sql immutable as $$
	select case when args -> key is null then otherwise when yanmen.arg(args, key) = '' then '' else yanmen.need_name(args, key, 'account') end
$$;

-- args: name, one of group, cluster, target; account, via, every (days), at (HH:MM, UTC), length, keep (days).
create function api.rotation_add(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	n text;
	g text := nullif(yanmen.arg(args, 'group'), '');
	c text := nullif(yanmen.arg(args, 'cluster'), '');
	t text := nullif(yanmen.arg(args, 'target'), '');
	p yanmen.rotation_policy;
begin
	perform api.need(caller, 'rotation.manage');
	n := yanmen.need_name(args, 'name', 'policy');
	if num_nonnulls(g, c, t) <> 1 then
		raise exception 'of what? give a group, a cluster or a target' using errcode = 'YM400';
	end if;
	begin
		insert into yanmen.rotation_policy (name, group_id, cluster_id, target_id, account, via, every_days, at_min, length, keep_days)
		values (n, case when g is not null then (yanmen.find_group(g)).id end, case when c is not null then (yanmen.find_cluster(c)).id end,
			case when t is not null then (yanmen.find_target(t)).id end, yanmen.arg_account(args, 'account', ''),
			yanmen.arg_account(args, 'via', ''), yanmen.arg_within(args, 'every', 1, 3650, null), yanmen.arg_minute(args, 180),
			yanmen.arg_within(args, 'length', 8, 64, 24), yanmen.arg_within(args, 'keep', 0, 3650, 30))
		returning * into p;
	exception when unique_violation then
		raise exception 'there is a rotation policy named % already', n using errcode = 'YM409';
	end;
	perform yanmen.note(caller, 'rotation_policy.added', yanmen.policy_facts(p) - array['id', 'version']);
	return yanmen.policy_facts(p);
end
$$;
create function api.rotation_set(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	p yanmen.rotation_policy;
	before jsonb;
begin
	perform api.need(caller, 'rotation.manage');
	p := yanmen.find_policy(yanmen.need_arg(args, 'name'));
	before := yanmen.policy_facts(p) - array['id', 'version', 'accounts'];
	perform yanmen.need_version(args, 'rotation_policy', p.id::text);
	update yanmen.rotation_policy x set account = yanmen.arg_account(args, 'account', x.account), via = yanmen.arg_account(args, 'via', x.via),
		every_days = yanmen.arg_within(args, 'every', 1, 3650, x.every_days), at_min = yanmen.arg_minute(args, x.at_min),
		length = yanmen.arg_within(args, 'length', 8, 64, x.length), keep_days = yanmen.arg_within(args, 'keep', 0, 3650, x.keep_days)
	where x.id = p.id returning * into p;
	perform yanmen.note(caller, 'rotation_policy.changed', (yanmen.policy_facts(p) - array['id', 'version']) || jsonb_build_object('before', before));
	return yanmen.policy_facts(p);
end
$$;
create function api.rotation_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	p yanmen.rotation_policy;
begin
	perform api.need(caller, 'rotation.manage');
	p := yanmen.find_policy(yanmen.need_arg(args, 'name'));
	perform yanmen.need_version(args, 'rotation_policy', p.id::text);
	update yanmen.rotation_policy set removed_at = now() where id = p.id;
	perform yanmen.note(caller, 'rotation_policy.removed', jsonb_build_object('name', p.name));
	return jsonb_build_object('id', p.id, 'name', p.name, 'removed', true);
end
$$;
create function api.rotation_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'rotation.list');
	return (select coalesce(jsonb_agg(yanmen.policy_facts(p) order by p.name), '[]') from yanmen.rotation_policy p where p.removed_at is null
		and (yanmen.reach(caller, 'rotation.list') is null or exists (select from yanmen.rotation_of o where o.policy_id = p.id
			and o.target_id = any (yanmen.reach(caller, 'rotation.list')))));
end
$$;

-- ---- runs, and how old passwords are ----
create view yanmen.rotation_run as
	select r.id, t.name as target, r.account, r.via, r.why, regexp_replace(r.asked_by, '^user:', '') as asked_by, r.state, r.say, r.started_at as started,
		r.ended_at as ended, r.keep_until, r.account_id is not null and case r.state when 'current' then r.old_sealed is not null when 'failed' then r.new_sealed is not null
			else false end as recoverable,
		r.target_id, r.account_id
	from yanmen.rotation r join yanmen.target t on t.id = r.target_id;
-- args: target, account.  The newest 500, newest first.
create function api.account_rotations(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	own bigint[] := yanmen.reach(caller, 'rotation.list');
begin
	return (select coalesce(jsonb_agg(to_jsonb(x) - array['target_id', 'account_id'] order by x.id desc), '[]') from (select * from yanmen.rotation_run v
		where (own is null or v.target_id = any (own)) and v.target = coalesce(nullif(yanmen.arg(args, 'target'), ''), v.target)
			and v.account = coalesce(nullif(yanmen.arg(args, 'account'), ''), v.account) order by v.id desc limit 500) x);
end
$$;
-- Each password: how old it is, when its policy changes it, how the last run went.
create view yanmen.password_age as
	select a.id, t.name as target, a.name as account, t.kind, coalesce(a.rotated_at, a.updated_at) as since, a.rotated_at as rotated,
		floor(extract(epoch from now() - coalesce(a.rotated_at, a.updated_at)) / 86400)::int as days, o.policy,
		o.due_utc at time zone 'UTC' as due, l.state, l.say, nullif(yanmen.rotation_hindrance(a, t), '') as hindrance, t.id as target_id
	from yanmen.account a join yanmen.target t on t.id = a.target_id and t.removed_at is null
	left join yanmen.rotation_of o on o.account_id = a.id
	left join lateral (select r.state, r.say from yanmen.rotation r where r.account_id = a.id order by r.id desc limit 1) l on true
	where a.auth = 'password';
-- args: older (days): those that are at least so old.
create function api.account_ages(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	own bigint[] := yanmen.reach(caller, 'rotation.list');
	older int := yanmen.arg_within(args, 'older', 0, 36500, 0);
begin
	return (select coalesce(jsonb_agg(to_jsonb(v) - 'target_id' order by v.days desc, v.target, v.account), '[]') from yanmen.password_age v
		where (own is null or v.target_id = any (own)) and v.days >= older);
end
$$;
grant execute on all functions in schema api to yanmen_broker;

create function yanmen.doctor_rotation() returns jsonb language sql stable as $$
	select yanmen.doctor_row('password rotation', case when n.unsure + n.late > 0 then 'warn' else 'ok' end,
		case when n.unsure > 0 then n.unsure || ' rotation(s) unsure: account rotations, and whether their targets can be reached'
			when n.late > 0 then n.late || ' password(s) a day or more past their policy: account ages, account rotations'
			else 'nothing is late' end)
	from (select (select count(*) from yanmen.rotation r where r.state = 'unsure') as unsure,
		(select count(*) from yanmen.rotation_of o where o.due_utc < now() at time zone 'UTC' - interval '1 day') as late) n
$$;
create or replace function yanmen.doctor_keeping() returns jsonb language sql stable as $$
	select yanmen.doctor_keys() || yanmen.doctor_backup() || yanmen.doctor_recordings() || yanmen.doctor_rotation()
$$;

-- ---- what the console reads, and is told ----
insert into console.collection (name, needs) values ('rotations', 'rotation.list'), ('rotation_policies', 'rotation.list'), ('passwords', 'rotation.list');
create view console.rotations as
	select v.id, v.target, v.account, v.via, v.why, v.asked_by, v.state, v.say, v.started, v.ended, v.keep_until, v.recoverable
	from yanmen.rotation_run v where (select console.own('rotation.list')) is null or v.target_id in (select console.mine('rotation.list'));
create view console.rotation_policies as
	select p.id, p.version, p.name, f.x ->> 'group' as "group", f.x ->> 'cluster' as cluster, f.x ->> 'target' as target, p.account, p.via,
		p.every_days as every, f.x ->> 'at' as at, p.length, p.keep_days as keep, (f.x ->> 'accounts')::bigint as accounts
	from yanmen.rotation_policy p cross join lateral (select yanmen.policy_facts(p) as x) f
	where p.removed_at is null and ((select console.own('rotation.list')) is null or exists (select from yanmen.rotation_of o
		where o.policy_id = p.id and o.target_id in (select console.mine('rotation.list'))));
create view console.passwords as
	select v.id, v.account as name, v.target, v.kind, v.since, v.rotated, v.days, v.policy, v.due, v.state, v.say, v.hindrance
	from yanmen.password_age v where (select console.own('rotation.list')) is null or v.target_id in (select console.mine('rotation.list'));
create trigger tell_console after insert or update or delete on yanmen.rotation for each statement execute function yanmen.tell_console('rotations');
create trigger tell_console after insert or update or delete on yanmen.rotation_policy for each statement
	execute function yanmen.tell_console('rotation_policies');
