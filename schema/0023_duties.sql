-- Separation of duties (三员分立): system, security and audit administration by three people.
--
-- Each permission belongs to a duty, or to none (reading that everybody needs; what concerns only oneself).  A role that has more
-- than one duty over all targets, as admin has, is set aside while duties are separate: it keeps what belongs to none.  Who
-- acts on the gateway itself (the local socket: root, the service's user) stays what he is.

create table yanmen.duty (
	permission text primary key,
	duty text not null check (duty in ('system', 'security', 'audit'))
);
insert into yanmen.duty (permission, duty)
select p, 'system' from unnest(array['group.manage', 'group.put', 'cluster.manage', 'cluster.put', 'target.manage', 'target.test',
	'account.set', 'settings.set', 'samples.remove', 'backup.run', 'key.rotate', 'retention.run', 'audit.reindex']) p
union all
select p, 'security' from unnest(array['user.manage', 'factor.manage', 'certificate.manage', 'grant.manage', 'request.decide',
	'request.policy', 'session.control', 'escrow.set']) p
union all
select p, 'audit' from unnest(array['audit.read', 'audit.search', 'recording.list', 'recording.read', 'recording.verify',
	'recording.hold', 'file.list', 'session.watch']) p;

insert into yanmen.role (name, about) values
	('system_admin', 'inventory, credentials, settings, upkeep; no users, no grants, no audit'),
	('security_admin', 'users, grants, approvals, ending sessions; no settings, no audit'),
	('audit_admin', 'the audit log and recordings; changes nothing');
-- What every role has so far, these have too.
insert into yanmen.role_permission (role, permission, scope)
select n.name, p.permission, 'all' from yanmen.role n, (select x.permission from yanmen.role_permission x where x.scope = 'all'
	group by x.permission having count(*) = (select count(*) - 3 from yanmen.role)) p
where n.name in ('system_admin', 'security_admin', 'audit_admin');
insert into yanmen.role_permission (role, permission, scope)
select d.duty || '_admin', d.permission, 'all' from yanmen.duty d
union all
select r, p, 'all' from unnest(array['system_admin', 'security_admin', 'audit_admin']) r, unnest(array['user.list', 'group.list',
	'cluster.list', 'target.list', 'grant.list', 'session.list', 'settings.read', 'factor.list', 'certificate.list',
	'request.policy_list']) p
union all
values ('audit_admin', 'doctor.run', 'all'), ('system_admin', 'doctor.run', 'all'), ('audit_admin', 'request.list', 'all'), ('security_admin', 'request.list', 'all'),
	('system_admin', 'request.list', 'own'), ('system_admin', 'request.ask', 'all'), ('security_admin', 'request.ask', 'all'),
	('admin', 'duty.manage', 'all');

insert into yanmen.setting (key, value, form, most, about, set_by) values
	('duty.separate', 'off', '^(on|off)$', 3, 'on: system, security and audit administration are three people''s, and no role has two of them',
		'duty separate');

create function yanmen.duties_separate() returns bool language sql stable as $$
	select exists (select from yanmen.setting s where s.key = 'duty.separate' and s.value = 'on')
$$;
-- The duties that a role has over all targets; what is set aside counts.
create function yanmen.duties_of(role text) returns text[] language sql stable as $$
	select array(select distinct d.duty from yanmen.duty d join (select * from yanmen.role_permission
			union all select * from yanmen.role_aside) p on p.permission = d.permission
		where p.role = duties_of.role and p.scope = 'all' order by 1)
$$;

-- The duty that a role carries: it has this one alone, and its heart.  An operator, who may test a target, carries none.
create function yanmen.duty_carried(role text) returns text language sql stable as $$
	select v.duty from (values ('system', 'settings.set'), ('security', 'user.manage'), ('audit', 'audit.search')) v (duty, heart)
	where yanmen.duties_of(duty_carried.role) = array[v.duty] and exists (select from yanmen.role_permission p
		where p.role = duty_carried.role and p.permission = v.heart and p.scope = 'all')
$$;

-- ---- while they are separate ----
create function yanmen.check_duty() returns trigger language plpgsql as $$
declare
	had text[] := case when tg_op = 'UPDATE' and old.state = 'active' then yanmen.duties_of(old.role) else '{}' end;
	has text[] := case when new.state = 'active' then yanmen.duties_of(new.role) else '{}' end;
	carried text := case when tg_op = 'UPDATE' and old.state = 'active' then yanmen.duty_carried(old.role) end;
begin
	if not yanmen.duties_separate() or (tg_op = 'UPDATE' and new.role = old.role and new.state = old.state) then
		return new;
	elsif cardinality(has) > 1 and (tg_op = 'INSERT' or new.role <> old.role) then
		raise exception 'the role % has several duties, which are separate here: system_admin, security_admin or audit_admin', new.role
			using errcode = 'YM409';
	elsif tg_op = 'UPDATE' and new.role <> old.role and cardinality(has) = 1 and had <> '{}' and had <> has then
		raise exception '% has another duty: add another user for this one', new.name using errcode = 'YM409';
	end if;
	if carried is not null and (new.state <> 'active' or yanmen.duty_carried(new.role) is distinct from carried) then
		perform pg_advisory_xact_lock(hashtext('yanmen.duty'));
		if not exists (select from yanmen.users u where u.id <> new.id and u.state = 'active' and yanmen.duty_carried(u.role) = carried) then
			raise exception '% is the last one with this duty: give it to somebody else first', old.name using errcode = 'YM409';
		end if;
	end if;
	return new;
end
$$;
create trigger check_duty before insert or update on yanmen.users for each row execute function yanmen.check_duty();

create function yanmen.check_own_grant() returns trigger language plpgsql as $$
begin
	if yanmen.duties_separate() and new.created_by = (select 'user:' || u.name from yanmen.users u where u.id = new.user_id) then
		raise exception 'not allowed: nobody grants himself' using errcode = 'YM403';
	end if;
	return new;
end
$$;
create trigger check_own_grant before insert on yanmen.access_grant for each row execute function yanmen.check_own_grant();

-- ---- commands ----
create function yanmen.duty_rows() returns jsonb language sql stable as $$
	select jsonb_agg(jsonb_build_object('duty', d, 'users', array(select u.name from yanmen.users u where u.state = 'active'
			and yanmen.duty_carried(u.role) = d order by u.name), 'roles', array(select r.name from yanmen.role r
			where yanmen.duty_carried(r.name) = d order by r.name), 'separate', yanmen.duties_separate()) order by n)
	from unnest(array['system', 'security', 'audit']) with ordinality x (d, n)
$$;
create function api.duty_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'user.list');
	return yanmen.duty_rows();
end
$$;
-- args: state (on, off).  On only when somebody is there for each duty; off only on the gateway itself: who has a duty must
-- not be able to get the others.
create function api.duty_separate(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	to_ text := yanmen.need_arg(args, 'state');
	empty text;
begin
	perform api.need(caller, 'duty.manage');
	if to_ not in ('on', 'off') then
		raise exception '% is on or off, not "%"', 'state', left(to_, 40) using errcode = 'YM400';
	elsif to_ = 'off' and caller ->> 'actor' not like 'local:%' then
		raise exception 'not allowed: only on the gateway itself are duties put together again' using errcode = 'YM403';
	end if;
	perform pg_advisory_xact_lock(hashtext('yanmen.duty'));
	select string_agg(x ->> 'duty', ', ') into empty from jsonb_array_elements(yanmen.duty_rows()) x where x -> 'users' = '[]';
	if to_ = 'on' and empty is not null then
		raise exception 'nobody is there for: %; first add a user of the role of each', empty using errcode = 'YM409';
	end if;
	perform yanmen.set_setting(caller, '{}', 'duty.separate', to_, 'duty separate');
	if to_ = 'on' then
		with gone as (delete from yanmen.role_permission p using yanmen.duty d where d.permission = p.permission and p.scope = 'all'
			and cardinality(yanmen.duties_of(p.role)) > 1 returning p.role, p.permission, p.scope)
		insert into yanmen.role_aside select * from gone;
	else
		with back as (delete from yanmen.role_aside returning *)
		insert into yanmen.role_permission select * from back;
	end if;
	perform pg_notify('yanmen_console', 'users');
	return jsonb_build_object('separate', to_, 'duties', yanmen.duty_rows());
end
$$;
grant execute on all functions in schema api to yanmen_broker;

-- ---- what the console reads ----
create or replace view console.roles as
	select r.name as id, r.name, r.about,
		(select coalesce(jsonb_object_agg(p.permission, p.scope), '{}') from yanmen.role_permission p
			where p.role = r.name) as permissions,
		(select coalesce(jsonb_object_agg(p.permission, p.scope), '{}') from yanmen.role_aside p where p.role = r.name) as aside,
		yanmen.duties_of(r.name) as duties,
		(select count(*) from yanmen.users u where u.role = r.name and u.state = 'active') as users
	from yanmen.role r where (select console.own('user.list')) is null;
insert into console.collection (name, needs) values ('duties', 'user.list');
create view console.duties as
	select p.permission as id, p.permission as name, coalesce(d.duty, '') as duty
	from (select distinct permission from yanmen.role_permission union select permission from yanmen.role_aside) p
	left join yanmen.duty d on d.permission = p.permission
	where (select console.own('user.list')) is null;
