-- Users and resource groups.
create function api.user_add(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	n text;
	r text;
	uid bigint;
	keys text[] := yanmen.arg_list(args, 'key');
	blobs text[] := yanmen.arg_list(args, 'key_blob');
begin
	perform api.need(caller, 'user.manage');
	n := yanmen.need_name(args, 'name', 'user');
	r := yanmen.need_arg(args, 'role');
	if not exists (select from yanmen.role where name = r) then
		raise exception 'no role %; there are: %', left(r, 40), (select string_agg(name, ', ' order by name) from yanmen.role)
			using errcode = 'YM400';
	end if;
	if coalesce(yanmen.arg(args, 'lang'), '') not in ('', 'en', 'zh') then
		raise exception 'lang is en or zh' using errcode = 'YM400';
	end if;
	begin
		insert into yanmen.users (name, role, pwhash, lang)
		values (n, r, nullif(yanmen.arg(args, 'pwhash'), ''), coalesce(yanmen.arg(args, 'lang'), '')) returning id into uid;
	exception when unique_violation then
		raise exception 'there is a user named % already', n using errcode = 'YM409';
	end;
	for i in 1 .. cardinality(blobs) loop
		insert into yanmen.user_key (user_id, blob, comment)
		values (uid, yanmen.arg_blob(blobs[i], 'key_blob', 16384),
			coalesce(left(substring(keys[i] from '^\S+\s+\S+\s+(.*\S)\s*$'), 200), ''))
		on conflict do nothing;
	end loop;
	perform yanmen.note(caller, 'user.added', jsonb_build_object('user', n, 'role', r,
		'password', coalesce(yanmen.arg(args, 'pwhash'), '') <> '',
		'keys', array(select yanmen.fingerprint(k.blob) from yanmen.user_key k where k.user_id = uid)));
	return jsonb_build_object('id', uid, 'name', n, 'role', r);
end
$$;

-- His sessions, for the broker to end.
create function yanmen.user_online(uid bigint) returns jsonb language sql stable as $$
	select coalesce(jsonb_agg(jsonb_build_object('session', s.id, 'worker', s.worker)), '[]')
	from yanmen.session s where s.user_id = uid and s.state = 'online'
$$;

-- Answers the sessions that the broker now ends.
create function api.user_disable(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
	online jsonb;
	rotated int;
begin
	perform api.need(caller, 'user.manage');
	u := yanmen.find_user(yanmen.need_arg(args, 'name'));
	if caller ->> 'actor' = 'user:' || u.name then
		raise exception 'nobody disables himself' using errcode = 'YM403';
	end if;
	perform yanmen.need_version(args, 'user', u.id::text);
	rotated := yanmen.rotation_left(caller, args, u.id); -- rotation
	update yanmen.users set state = 'disabled', disabled_at = coalesce(disabled_at, now()) where id = u.id;
	perform yanmen.forget_devices(u.id);
	online := yanmen.user_online(u.id);
	perform yanmen.note(caller, 'user.disabled', jsonb_build_object('user', u.name,
		'sessions', jsonb_array_length(online), 'rotated', nullif(rotated, 0)));
	return jsonb_build_object('id', u.id, 'name', u.name, 'state', 'disabled', 'sessions', online, 'rotated', rotated);
end
$$;

create function api.user_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'user.list');
	return (select coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'version', u.version, 'name', u.name, 'role', u.role, 'state', u.state,
			'password', u.pwhash is not null, 'lang', u.lang, 'mail', u.mail,
			'keys', array(select yanmen.fingerprint(k.blob) from yanmen.user_key k where k.user_id = u.id order by k.created_at),
			'created', yanmen.time_text(u.created_at)) order by u.name), '[]')
		from yanmen.users u where u.removed_at is null);
end
$$;

create function api.group_add(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	n text;
	k text := case when yanmen.arg(args, 'network_default') in ('1', 'true') then 'network_default' else 'ordinary' end;
	gid bigint;
begin
	perform api.need(caller, 'group.manage');
	n := yanmen.need_name(args, 'name', 'group');
	begin
		insert into yanmen.resource_group (name, kind) values (n, k) returning id into gid;
	exception when unique_violation then
		raise exception 'there is a group named % already', n using errcode = 'YM409';
	end;
	perform yanmen.note(caller, 'group.added', jsonb_build_object('group', n, 'kind', k));
	return jsonb_build_object('id', gid, 'name', n, 'kind', k);
end
$$;

-- The group for putting and taking: an ordinary one, and one's own where the role says so.
create function yanmen.group_to_change(caller jsonb, args jsonb) returns yanmen.resource_group
language plpgsql as $$
declare
	g yanmen.resource_group;
begin
	perform api.need(caller, 'group.put');
	g := yanmen.find_group(yanmen.need_arg(args, 'group'));
	if yanmen.reach(caller, 'group.put') is not null and not exists (
		select from yanmen.group_admin a join yanmen.users u on u.id = a.user_id
		where a.group_id = g.id and u.name = substr(caller ->> 'actor', 6))
	then
		raise exception 'no group named %; see: group list', g.name using errcode = 'YM404';
	end if;
	if g.kind <> 'ordinary' then
		raise exception '% is a network-default group: it fills itself with the targets that are in no other group', g.name
			using errcode = 'YM400';
	end if;
	if cardinality(yanmen.arg_list(args, 'target')) = 0 then
		raise exception 'target is missing' using errcode = 'YM400';
	end if;
	return g;
end
$$;

-- A target that is in nobody's or in one's own care may be put by a group's admin; any by an administrator.
create function api.group_put(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	g yanmen.resource_group := yanmen.group_to_change(caller, args);
	own bigint[] := yanmen.reach(caller, 'group.put');
	t yanmen.target;
	n text;
begin
	foreach n in array yanmen.arg_list(args, 'target') loop
		t := yanmen.find_target(n);
		if own is not null and not t.id = any (own) and exists (
			select from yanmen.group_member m where m.target_id = t.id)
		then
			raise exception 'no target named %; see: target list', t.name using errcode = 'YM404'; -- in another admin's group
		end if;
		insert into yanmen.group_member values (g.id, t.id) on conflict do nothing;
		perform yanmen.note(caller, 'group.put', jsonb_build_object('group', g.name, 'target', t.name));
	end loop;
	return jsonb_build_object('id', g.id, 'name', g.name, 'targets', cardinality(yanmen.arg_list(args, 'target')));
end
$$;

create function api.group_take(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	g yanmen.resource_group := yanmen.group_to_change(caller, args);
	t yanmen.target;
	n text;
begin
	foreach n in array yanmen.arg_list(args, 'target') loop
		t := yanmen.find_target(n);
		perform api.need(caller, 'group.put', t.id);
		delete from yanmen.group_member m where m.group_id = g.id and m.target_id = t.id;
		if not found then
			raise exception '% is not in the group %', t.name, g.name using errcode = 'YM404';
		end if;
		perform yanmen.note(caller, 'group.taken', jsonb_build_object('group', g.name, 'target', t.name));
	end loop;
	return jsonb_build_object('id', g.id, 'name', g.name, 'targets', cardinality(yanmen.arg_list(args, 'target')));
end
$$;

create function api.group_admin(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	g yanmen.resource_group;
	u yanmen.users;
begin
	perform api.need(caller, 'group.manage');
	g := yanmen.find_group(yanmen.need_arg(args, 'group'));
	u := yanmen.find_user(yanmen.need_arg(args, 'user'));
	insert into yanmen.group_admin values (g.id, u.id) on conflict do nothing;
	perform yanmen.note(caller, 'group.admin', jsonb_build_object('group', g.name, 'user', u.name));
	return jsonb_build_object('id', g.id, 'name', g.name, 'user', u.name);
end
$$;

create function api.group_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	own bool := yanmen.reach(caller, 'group.list') is not null;
begin
	return (select coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'version', g.version, 'name', g.name, 'kind', g.kind,
			'targets', array(select t.name from yanmen.group_target m join yanmen.target t on t.id = m.target_id
				where m.group_id = g.id order by t.name),
			'admins', array(select u.name from yanmen.group_admin a join yanmen.users u on u.id = a.user_id
				where a.group_id = g.id order by u.name)) order by g.name), '[]')
		from yanmen.resource_group g
		where g.removed_at is null and (not own or exists (select from yanmen.group_admin a join yanmen.users u on u.id = a.user_id
			where a.group_id = g.id and u.name = substr(caller ->> 'actor', 6))));
end
$$;
grant execute on all functions in schema api to yanmen_broker;
