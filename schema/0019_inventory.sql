-- Changing what stands in the inventory: versions, what each command changed (history), new names, users and clusters set.
--
-- Every row that people edit has a version, which each change of it raises.  A command that is given the version that its
-- caller saw is refused (YM409) when somebody changed the row since.
-- What a command changed is collected by triggers while it runs and goes, as `changes`, into the command's own audit row
-- (yanmen.note): the audit log is the history, yanmen.change only says where in it an object's changes stand.

create table yanmen.change (
	id bigint generated always as identity primary key,
	kind text not null,
	object text not null, -- its id; of a setting its key
	at timestamptz not null,
	uid uuid not null,    -- (uid, at): the audit row
	n int not null        -- which of its changes
);
create index on yanmen.change (kind, object, id);

-- The names that something had, each until then.
create table yanmen.former_name (
	kind text not null,
	object bigint not null,
	name text not null,
	until timestamptz not null default now()
);
create index on yanmen.former_name (kind, object);
create index on yanmen.former_name (kind, name);
create index on yanmen.target (name);

create function yanmen.table_of(kind text) returns text language sql immutable as $$
	select case kind when 'user' then 'users' when 'group' then 'resource_group' when 'grant' then 'access_grant' else kind end
$$;

-- ---- what a command changed ----
-- At most 500 a command: what is more stands in the command's own words alone.  As text, since parsing it each time would be dear.
create function yanmen.changes_full() returns bool language sql stable as $$
	select coalesce(nullif(current_setting('yanmen.changes_n', true), '')::int, 0) >= 500
$$;
create function yanmen.changed(kind text, object text, name text, before jsonb, after jsonb) returns void language plpgsql as $$
declare
	n int := coalesce(nullif(current_setting('yanmen.changes_n', true), '')::int, 0);
begin
	if n < 500 then
		perform set_config('yanmen.changes_n', (n + 1)::text, true),
			set_config('yanmen.changes', case n when 0 then '' else current_setting('yanmen.changes') || ',' end
				|| jsonb_build_object('kind', kind, 'object', object, 'name', name, 'before', jsonb_strip_nulls(before),
					'after', jsonb_strip_nulls(after)), true);
	end if;
end
$$;

create function yanmen.told_scope(r jsonb) returns jsonb language sql stable as $$
	select jsonb_build_object('cluster', (select c.name from yanmen.cluster c where c.id = (r ->> 'cluster_id')::bigint),
		'group', (select g.name from yanmen.resource_group g where g.id = (r ->> 'group_id')::bigint),
		'of_target', (select t.name from yanmen.target t where t.id = (r ->> 'target_id')::bigint))
$$;
-- What of a row people may read: names for ids, no secret.
create function yanmen.told(kind text, r jsonb) returns jsonb language sql stable as $$
	select case when r is null then '{}' else r - array['id', 'version', 'created_at', 'created_by', 'disabled_at', 'updated_at',
			'pinned_at', 'removed_at', 'pwhash', 'sealed', 'bound', 'host_key', 'cluster_id', 'target_id', 'template_id', 'user_id', 'group_id',
			'form', 'most', 'about', 'set_by', 'scope', 'place', 'sql_approvers']
		|| case when r ->> 'removed_at' is null then '{}' else '{"removed": true}'::jsonb end
		|| case kind when 'user' then jsonb_build_object('password', r ->> 'pwhash' is not null)
			when 'target' then jsonb_build_object('host_key', yanmen.fingerprint((r ->> 'host_key')::bytea), 'cluster',
				(select c.name from yanmen.cluster c where c.id = (r ->> 'cluster_id')::bigint),
				'sql_approvers', (select g.name from yanmen.resource_group g where g.id = (r ->> 'sql_approvers')::bigint))
			when 'account' then jsonb_build_object('target',
				(select t.name from yanmen.target t where t.id = (r ->> 'target_id')::bigint))
			when 'grant' then jsonb_build_object('user', (select u.name from yanmen.users u where u.id = (r ->> 'user_id')::bigint),
				'target', (select t.name from yanmen.target t where t.id = (r ->> 'target_id')::bigint),
				'group', (select g.name from yanmen.resource_group g where g.id = (r ->> 'group_id')::bigint))
			when 'command_rule' then yanmen.told_scope(r) when 'sql_rule' then yanmen.told_scope(r)
			when 'cloud' then jsonb_build_object('group', (select g.name from yanmen.resource_group g where g.id = (r ->> 'group_id')::bigint))
			else '{}' end end
$$;
create function yanmen.track() returns trigger language plpgsql as $$
declare
	kind text := tg_argv[0];
	o jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
	n jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
	r jsonb := coalesce(n, o);
	before jsonb;
	after jsonb;
	same text[];
begin
	if yanmen.changes_full() or n ->> 'version' = o ->> 'version' then -- the same version: sealed anew
		return null;
	end if;
	before := yanmen.told(kind, o);
	after := yanmen.told(kind, n);
	if tg_op = 'UPDATE' then
		same := array(select b.key from jsonb_each(before) b where after -> b.key = b.value);
		before := before - same;
		after := after - same;
		if o ->> 'pwhash' <> n ->> 'pwhash' then
			after := after || '{"password": "new"}';
		elsif o ->> 'sealed' <> n ->> 'sealed' then
			after := after || '{"credential": "new"}';
		end if;
	end if;
	perform yanmen.changed(kind, coalesce(r ->> 'id', r ->> 'key'), coalesce(r ->> 'name', r ->> 'key', r ->> 'id'), before, after);
	return null;
end
$$;
-- Sealed anew by a newer master key is no change, nor is another place among the rules (0028).
create function yanmen.count_version() returns trigger language plpgsql as $$
begin
	if to_jsonb(new) - array['sealed', 'version', 'place', 'scope'] is distinct from to_jsonb(old) - array['sealed', 'version', 'place', 'scope'] then
		new.version := old.version + 1;
	end if;
	return new;
end
$$;
do $$
declare
	k text;
begin
	foreach k in array array['user', 'group', 'cluster', 'target', 'account', 'grant', 'setting'] loop
		execute format('create trigger count_version before update on yanmen.%I for each row execute function yanmen.count_version()',
			yanmen.table_of(k));
		execute format('create trigger track after insert or update or delete on yanmen.%I for each row '
			'execute function yanmen.track(%L)', yanmen.table_of(k), k);
	end loop;
end
$$;

-- Who is in a group, who administers, whose key: a change of both sides.
create function yanmen.track_member() returns trigger language plpgsql as $$
declare
	r jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
	owner jsonb;
	part jsonb;
	whose text := tg_argv[0]; -- group, cluster or user
begin
	if yanmen.changes_full() then
		return null;
	end if;
	execute format('select jsonb_build_object(%L, x.name) from yanmen.%I x where x.id = $1', whose, yanmen.table_of(whose))
		into owner using (r ->> (whose || '_id'))::bigint;
	if whose = 'user' then
		part := jsonb_build_object('key', yanmen.fingerprint((r ->> 'blob')::bytea));
	elsif r ? 'target_id' then
		part := jsonb_build_object('target', (select t.name from yanmen.target t where t.id = (r ->> 'target_id')::bigint));
		perform yanmen.changed('target', r ->> 'target_id', part ->> 'target', case tg_op when 'DELETE' then owner else '{}' end,
			case tg_op when 'INSERT' then owner else '{}' end);
	else
		part := jsonb_build_object('admin', (select u.name from yanmen.users u where u.id = (r ->> 'user_id')::bigint));
		perform yanmen.changed('user', r ->> 'user_id', part ->> 'admin',
			case tg_op when 'DELETE' then jsonb_build_object('admin_of', owner) else '{}' end,
			case tg_op when 'INSERT' then jsonb_build_object('admin_of', owner) else '{}' end);
	end if;
	perform yanmen.changed(whose, r ->> (whose || '_id'), owner ->> whose, case tg_op when 'DELETE' then part else '{}' end,
		case tg_op when 'INSERT' then part else '{}' end);
	return null;
end
$$;
create trigger track after insert or delete on yanmen.group_member for each row execute function yanmen.track_member('group');
create trigger track after insert or delete on yanmen.group_admin for each row execute function yanmen.track_member('group');
create trigger track after insert or delete on yanmen.cluster_admin for each row execute function yanmen.track_member('cluster');
create trigger track after insert or delete on yanmen.user_key for each row execute function yanmen.track_member('user');

create or replace function yanmen.note(caller jsonb, kind text, body jsonb) returns void language plpgsql as $$
declare
	row_uid uuid := gen_random_uuid();
	happened timestamptz := clock_timestamp();
	changes jsonb := '[' || nullif(current_setting('yanmen.changes', true), '') || ']';
begin
	perform audit.add(caller ->> 'actor', kind, jsonb_build_object('token', caller ->> 'token') || body
		|| jsonb_build_object('address', caller ->> 'address', 'changes', changes), row_uid, happened);
	if changes is not null then
		insert into yanmen.change (kind, object, at, uid, n)
		select c ->> 'kind', c ->> 'object', happened, row_uid, i - 1 from jsonb_array_elements(changes) with ordinality x (c, i);
		perform set_config('yanmen.changes', '', true), set_config('yanmen.changes_n', '', true);
	end if;
end
$$;

-- ---- two at one object ----
-- args: version, as the caller saw it; without one, whatever it is.  The row stays locked until the command has ended.
create function yanmen.need_version(args jsonb, kind text, object text) returns void language plpgsql as $$
declare
	seen text := coalesce(yanmen.arg(args, 'version'), '');
	is_now int;
	last record;
begin
	if seen !~ '^[0-9]{0,9}$' then
		raise exception 'version is a number, as the list has it' using errcode = 'YM400';
	end if;
	execute format('select x.version from yanmen.%I x where x.%s for update', yanmen.table_of(kind),
		case kind when 'setting' then 'key = $1' when 'role' then 'name = $1' else 'id = $1::bigint' end) into is_now using object;
	if seen = '' or seen::int = is_now then
		return;
	end if;
	select e.actor, e.at into last from yanmen.change c join audit.event e on e.uid = c.uid and e.at = c.at
	where c.kind = need_version.kind and c.object = need_version.object order by c.id desc limit 1;
	raise exception 'meanwhile changed by %, at %: look at the new state and try again', coalesce(last.actor, 'the gateway'),
		coalesce(to_char(last.at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'), '-') using errcode = 'YM409';
end
$$;

-- ---- other names ----
-- Sessions keep the name of their time.  Credentials are bound to ids and addresses: no name is in what they are sealed to.
create function yanmen.rename(caller jsonb, args jsonb, kind text, object bigint, old text) returns jsonb language plpgsql as $$
declare
	n text := yanmen.need_name(args, 'to', kind);
begin
	perform yanmen.need_version(args, kind, object::text);
	if n = old then
		raise exception '% has that name already', n using errcode = 'YM400';
	end if;
	begin
		execute format('update yanmen.%I set name = $1 where id = $2', yanmen.table_of(kind)) using n, object;
	exception when unique_violation then
		raise exception 'there is a % named % already', kind, n using errcode = 'YM409';
	end;
	insert into yanmen.former_name (kind, object, name) values (rename.kind, rename.object, rename.old);
	perform yanmen.note(caller, kind || '.renamed', jsonb_build_object(kind, n, 'before', old));
	return jsonb_build_object('id', object, 'name', n, 'before', old);
end
$$;
create function api.user_rename(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
begin
	perform api.need(caller, 'user.manage');
	u := yanmen.find_user(yanmen.need_arg(args, 'name'));
	if u.removed_at is not null then
		raise exception '% was removed; add the user anew', u.name using errcode = 'YM404';
	end if;
	return yanmen.rename(caller, args, 'user', u.id, u.name);
end
$$;
create function api.group_rename(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	g yanmen.resource_group;
begin
	perform api.need(caller, 'group.manage');
	g := yanmen.find_group(yanmen.need_arg(args, 'name'));
	return yanmen.rename(caller, args, 'group', g.id, g.name);
end
$$;
-- The cluster of samples is what it is by its name.
create function api.cluster_rename(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c yanmen.cluster;
begin
	perform api.need(caller, 'cluster.manage');
	c := yanmen.find_cluster(yanmen.need_arg(args, 'name'));
	if 'samples' in (c.name, yanmen.need_arg(args, 'to')) then
		raise exception 'the name samples is the sample targets'' own' using errcode = 'YM400';
	end if;
	return yanmen.rename(caller, args, 'cluster', c.id, c.name);
end
$$;
create function api.target_rename(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	t yanmen.target;
begin
	perform api.need(caller, 'target.manage');
	t := yanmen.find_target(yanmen.need_arg(args, 'name'));
	perform api.need(caller, 'target.manage', t.id);
	return yanmen.rename(caller, args, 'target', t.id, t.name);
end
$$;

-- Which target an event names: its session's, else the one that had the name at that time.
create function yanmen.target_named(n text, at timestamptz) returns bigint language sql stable as $$
	select x.id from (
		select t.id, greatest(t.created_at, (select max(f.until) from yanmen.former_name f
			where f.kind = 'target' and f.object = t.id)) as since, coalesce(t.removed_at, 'infinity') as until
		from yanmen.target t where t.name = n
		union all
		select f.object, greatest(t.created_at, (select max(o.until) from yanmen.former_name o
			where o.kind = 'target' and o.object = f.object and o.until < f.until)), f.until
		from yanmen.former_name f join yanmen.target t on t.id = f.object where f.kind = 'target' and f.name = n) x
	where x.since <= at and x.until >= at order by x.since desc, x.id desc limit 1
$$;
create or replace function search.target_of(e audit.event) returns bigint language plpgsql stable as $$
declare
	t bigint;
begin
	if e.session is not null then
		select s.target_id into t from yanmen.session s where s.id = e.session and s.target_name = e.target_name;
	end if;
	if t is null and e.target_name is not null then
		t := yanmen.target_named(e.target_name, e.at);
	end if;
	return t;
end
$$;

-- ---- what could not be changed before ----
-- args: name, and what is to change: role, lang (en, zh, none).
create function api.user_set(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
	r text := nullif(yanmen.arg(args, 'role'), '');
	l text := nullif(yanmen.arg(args, 'lang'), '');
	m text := nullif(yanmen.arg(args, 'mail'), '');
begin
	perform api.need(caller, 'user.manage');
	u := yanmen.find_user(yanmen.need_arg(args, 'name'));
	if u.removed_at is not null then
		raise exception '% was removed; add the user anew', u.name using errcode = 'YM404';
	elsif num_nonnulls(r, l, m) = 0 then
		raise exception 'nothing to change: give role, lang or mail' using errcode = 'YM400';
	elsif r <> u.role and caller ->> 'actor' = 'user:' || u.name then
		raise exception 'nobody changes his own role' using errcode = 'YM403';
	elsif l not in ('en', 'zh', 'none') then
		raise exception 'lang is en, zh or none' using errcode = 'YM400';
	elsif not exists (select from yanmen.role x where x.name = coalesce(r, u.role)) then
		raise exception 'no role %; there are: %', left(r, 40), (select string_agg(name, ', ' order by name) from yanmen.role)
			using errcode = 'YM400';
	end if;
	if m <> 'none' then
		perform notify.need_address(m); -- 0029
	end if;
	perform yanmen.need_version(args, 'user', u.id::text);
	update yanmen.users x set role = coalesce(r, x.role), lang = case l when 'none' then '' else coalesce(l, x.lang) end,
		mail = case m when 'none' then '' else coalesce(m, x.mail) end
	where x.id = u.id returning * into u;
	perform yanmen.note(caller, 'user.changed', jsonb_build_object('user', u.name, 'role', u.role, 'lang', u.lang, 'mail', u.mail));
	return jsonb_build_object('id', u.id, 'name', u.name, 'role', u.role, 'lang', u.lang, 'mail', u.mail, 'version', u.version);
end
$$;
-- args: name, network (all of them).  No target may be left outside.
create function api.cluster_set(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c yanmen.cluster;
	nets cidr[];
	outside text;
begin
	perform api.need(caller, 'cluster.manage');
	c := yanmen.find_cluster(yanmen.need_arg(args, 'name'));
	nets := yanmen.arg_nets(args, 'network');
	if cardinality(nets) = 0 then
		raise exception 'network is missing: targets outside a cluster''s networks are never dialled' using errcode = 'YM400';
	end if;
	perform yanmen.need_version(args, 'cluster', c.id::text);
	select string_agg(t.name, ', ' order by t.name) into outside from yanmen.target t
	where t.cluster_id = c.id and t.removed_at is null and yanmen.inside(t.host, c.networks) and not yanmen.inside(t.host, nets);
	if outside is not null then
		raise exception 'these targets would be outside: %', left(outside, 300) using errcode = 'YM409';
	end if;
	update yanmen.cluster set networks = nets where id = c.id returning * into c;
	perform yanmen.note(caller, 'cluster.changed', jsonb_build_object('cluster', c.name, 'networks', nets::text[]));
	return jsonb_build_object('id', c.id, 'name', c.name, 'networks', nets::text[], 'version', c.version);
end
$$;

-- ---- history ----
create function yanmen.history_kinds() returns text[] language sql immutable as $$
	select array['user', 'group', 'cluster', 'target', 'account', 'template', 'grant', 'setting', 'role', 'command_rule', 'sql_rule', 'cloud']
$$;
create function yanmen.history_right(kind text) returns text language sql immutable as $$
	select case when kind = 'account' then 'target.list' when kind = 'setting' then 'settings.read' when kind = 'role' then 'user.list'
		when kind in ('command_rule', 'sql_rule') then 'rule.list' else kind || '.list' end
$$;
-- args: kind, name (of an account TARGET/ACCOUNT, of a grant its id, of a setting its key).  The newest 500, newest first.
create function api.history_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	k text := yanmen.need_arg(args, 'kind');
	n text := yanmen.need_arg(args, 'name');
	which text;
begin
	if k <> all (yanmen.history_kinds()) then
		raise exception 'no kind %; there are: %', left(k, 40), array_to_string(yanmen.history_kinds(), ', ') using errcode = 'YM400';
	end if;
	perform api.need(caller, yanmen.history_right(k));
	which := case k when 'user' then (yanmen.find_user(n)).id::text when 'group' then (yanmen.find_group(n)).id::text
		when 'cluster' then (yanmen.find_cluster(n)).id::text when 'target' then (yanmen.find_target(n)).id::text
		when 'setting' then (yanmen.find_setting(n)).key when 'role' then n when 'cloud' then (yanmen.find_cloud(caller, n)).id::text when 'template' then (yanmen.find_template(n)).id::text
		when 'account' then (select a.id::text from yanmen.account a where a.name = regexp_replace(n, '^.*/', '')
			and a.target_id = (yanmen.find_target(regexp_replace(n, '/[^/]*$', ''))).id)
		when 'command_rule' then (select r.id::text from yanmen.command_rule r where r.id::text = n)
		when 'sql_rule' then (select r.id::text from yanmen.sql_rule r where r.id::text = n)
		else (select g.id::text from yanmen.access_grant g where g.id::text = n) end;
	if which is null or not yanmen.history_mine(caller, k, which) then
		raise exception 'no history of % %', k, left(n, 80) using errcode = 'YM404';
	end if;
	return (select coalesce(jsonb_agg(jsonb_build_object('at', yanmen.time_text(h.at), 'actor', h.actor, 'event', h.event,
			'before', h.before, 'after', h.after) order by h.id desc), '[]')
		from (select * from yanmen.history x where x.kind = k and x.object = which order by x.id desc limit 500) h);
end
$$;
-- May he see that object?  (The right as such is asked apart.)
create function yanmen.history_mine(caller jsonb, kind text, object text) returns bool language plpgsql stable cost 5000 as $$
declare
	s text;
begin
	select p.scope into s from yanmen.permissions(caller) p
	where p.role = yanmen.role_of(caller) and p.permission = yanmen.history_right(kind);
	if s is null or s = 'all' then
		return s is not null;
	end if;
	return case kind when 'target' then object::bigint = any (yanmen.reach(caller, 'target.list'))
		when 'account' then exists (select from yanmen.account a where a.id = object::bigint
			and a.target_id = any (yanmen.reach(caller, 'target.list')))
		when 'cluster' then object::bigint = any (yanmen.clusters_of(caller))
		when 'command_rule' then exists (select from yanmen.command_rule r where r.id = object::bigint
			and (r.cluster_id is null or r.cluster_id = any (yanmen.clusters_of(caller))))
		when 'sql_rule' then exists (select from yanmen.sql_rule r where r.id = object::bigint and yanmen.sql_rule_seen(caller, r))
		when 'group' then exists (select from yanmen.group_admin a join yanmen.users u on u.id = a.user_id
			where a.group_id = object::bigint and caller ->> 'actor' = 'user:' || u.name)
		when 'cloud' then exists (select from yanmen.cloud_of(caller) c where c.id = object::bigint)
		else false end;
end
$$;
create view yanmen.history as
	select c.id, c.at, e.actor, e.kind as event, c.kind, c.object, e.body::jsonb -> 'changes' -> c.n ->> 'name' as name,
		e.body::jsonb -> 'changes' -> c.n -> 'before' as before, e.body::jsonb -> 'changes' -> c.n -> 'after' as after,
		e.body::jsonb ->> 'address' as address
	from yanmen.change c join audit.event e on e.uid = c.uid and e.at = c.at;
create view console.history as
	select h.* from yanmen.history h where yanmen.history_mine(console.caller(), h.kind, h.object);
insert into console.collection (name, needs) values ('history', '');

-- ---- many lines of a table at once ----
-- args: line* ({"steps": [[command, {args}], …]} as text), check = on: each is tried and taken back.  A line is done whole or not at
-- all; each command asks for its own right and writes its own audit row.  The answer has {state: done|wrong, say} for each line.
create function yanmen.import_line(caller jsonb, line text, trial bool) returns jsonb language plpgsql as $$
declare
	allowed constant text[] := array['user add', 'user set', 'group add', 'group retention', 'group put', 'group take', 'cluster add',
		'cluster set', 'cluster put', 'target add', 'target set', 'grant add', 'grant remove', 'command-rule add', 'command-rule set',
		'sql-rule add', 'sql-rule set', 'cloud add', 'cloud set'];
	step jsonb;
begin
	for step in select jsonb_array_elements(line::jsonb -> 'steps') loop
		if not coalesce(step ->> 0 = any (allowed), false) or jsonb_typeof(step -> 1) is distinct from 'object' then
			raise exception 'an import does not do that' using errcode = 'YM400';
		end if;
		execute format('select api.%I($1, $2)', translate(step ->> 0, ' -', '__'))
			using caller, (step -> 1) - array['pwhash', 'key', 'key_blob']; -- a secret is given by itself
	end loop;
	if trial then
		raise exception 'taken back' using errcode = 'YMTRY';
	end if;
	return '{"state": "done", "say": ""}';
exception when others then
	if sqlstate = 'YMTRY' then
		return '{"state": "done", "say": ""}';
	end if;
	return jsonb_build_object('state', 'wrong', 'say', case when sqlstate like 'YM4%' then sqlerrm else 'this line makes no sense' end);
end
$$;
create function api.import_run(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	trial bool := yanmen.arg_switch(args, 'check', false);
	line text;
	answer jsonb := '[]';
begin
	if cardinality(yanmen.arg_list(args, 'line')) not between 1 and 100 then
		raise exception '1 to 100 lines at once' using errcode = 'YM400';
	end if;
	foreach line in array yanmen.arg_list(args, 'line') loop
		answer := answer || yanmen.import_line(caller, line, trial);
	end loop;
	return answer;
end
$$;
grant execute on all functions in schema api to yanmen_broker;
