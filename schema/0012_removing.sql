-- Removing what stands in the inventory.  History stays: rows that sessions and grants refer to are marked removed.  Their names
-- are free again: a target's and a cluster's index leaves removed ones out; a user and a group give theirs up (alice#7), so
-- that nothing that looks for a name meets them.

-- The sessions that the broker now ends.
create function yanmen.sessions_to_end(target_id bigint, account text) returns jsonb language sql stable as $$
	select coalesce(jsonb_agg(jsonb_build_object('session', s.id, 'worker', s.worker)), '[]') from yanmen.session s
	where s.state = 'online' and s.target_id = sessions_to_end.target_id
		and s.account_name = coalesce(sessions_to_end.account, s.account_name)
$$;

create function api.user_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
	online jsonb;
begin
	perform api.need(caller, 'user.manage');
	u := yanmen.find_user(yanmen.need_arg(args, 'name'));
	if caller ->> 'actor' = 'user:' || u.name then
		raise exception 'nobody removes himself' using errcode = 'YM403';
	end if;
	perform yanmen.need_version(args, 'user', u.id::text);
	perform yanmen.rotation_left(caller, args, u.id); -- rotation
	perform yanmen.certificates_revoke(caller, array(select c.serial from yanmen.certificate c where c.user_id = u.id), 'user removed');
	update yanmen.users set state = 'disabled', disabled_at = coalesce(disabled_at, now()), removed_at = now(), pwhash = null,
		name = u.name || '#' || u.id
	where id = u.id;
	update yanmen.access_grant set removed_at = now() where user_id = u.id and removed_at is null;
	delete from yanmen.user_key where user_id = u.id;
	delete from yanmen.group_admin where user_id = u.id;
	delete from yanmen.cluster_admin where user_id = u.id;
	delete from yanmen.cloud_user where user_id = u.id;
	delete from yanmen.factor where user_id = u.id;
	delete from yanmen.passkey where user_id = u.id;
	perform yanmen.forget_devices(u.id);
	online := yanmen.user_online(u.id);
	perform yanmen.note(caller, 'user.removed', jsonb_build_object('user', u.name, 'sessions', jsonb_array_length(online)));
	return jsonb_build_object('id', u.id, 'name', u.name, 'removed', true, 'sessions', online);
end
$$;

-- Grants to its targets through it end; what it held is in nobody's or in the network-default group's care.
create function api.group_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	g yanmen.resource_group;
	grants int;
begin
	perform api.need(caller, 'group.manage');
	g := yanmen.find_group(yanmen.need_arg(args, 'name'));
	perform yanmen.need_version(args, 'group', g.id::text);
	if exists (select from yanmen.cloud c where c.group_id = g.id and c.removed_at is null) then
		raise exception '% has cloud accounts: put them into another group first; see: cloud set', g.name using errcode = 'YM409';
	end if;
	delete from yanmen.cloud_user where group_id = g.id;
	update yanmen.access_grant set removed_at = now() where group_id = g.id and removed_at is null;
	get diagnostics grants = row_count;
	delete from yanmen.group_member where group_id = g.id;
	delete from yanmen.group_admin where group_id = g.id;
	update yanmen.resource_group set removed_at = now(), name = g.name || '#' || g.id where id = g.id;
	perform yanmen.note(caller, 'group.removed', jsonb_build_object('group', g.name, 'grants', grants));
	return jsonb_build_object('id', g.id, 'name', g.name, 'removed', true, 'grants', grants);
end
$$;

create function api.cluster_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c yanmen.cluster;
	holds text;
begin
	perform api.need(caller, 'cluster.manage');
	c := yanmen.find_cluster(yanmen.need_arg(args, 'name'));
	perform yanmen.need_version(args, 'cluster', c.id::text); -- which locks it
	select string_agg(t.name, ', ' order by t.name) into holds from yanmen.target t
	where t.cluster_id = c.id and t.removed_at is null;
	if holds is not null then
		raise exception 'the cluster % holds targets: % (cluster put moves them, target remove removes them)', c.name, left(holds, 300)
			using errcode = 'YM409';
	end if;
	delete from yanmen.cluster_admin where cluster_id = c.id;
	update yanmen.cluster set removed_at = now() where id = c.id;
	perform yanmen.note(caller, 'cluster.removed', jsonb_build_object('cluster', c.name));
	return jsonb_build_object('id', c.id, 'name', c.name, 'removed', true);
end
$$;

-- Its credentials are deleted; its grants and sessions end.
create function api.target_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	t yanmen.target;
	online jsonb;
begin
	perform api.need(caller, 'target.manage');
	t := yanmen.find_target(yanmen.need_arg(args, 'name'));
	perform api.need(caller, 'target.manage', t.id);
	perform yanmen.need_version(args, 'target', t.id::text);
	update yanmen.target set removed_at = now() where id = t.id;
	update yanmen.access_grant set removed_at = now() where target_id = t.id and removed_at is null;
	online := yanmen.sessions_to_end(t.id, null);
	delete from yanmen.account where target_id = t.id;
	delete from yanmen.group_member where target_id = t.id;
	perform yanmen.note(caller, 'target.removed', jsonb_build_object('target', t.name,
		'target_address', yanmen.address(t.host, t.port), 'sessions', jsonb_array_length(online)));
	return jsonb_build_object('id', t.id, 'name', t.name, 'removed', true, 'sessions', online);
end
$$;

-- Its credential is deleted, its sessions end; grants that name it stay for the day when it is set again.
create function api.account_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	t yanmen.target;
	a yanmen.account;
	online jsonb;
begin
	perform api.need(caller, 'account.set');
	t := yanmen.find_target(yanmen.need_arg(args, 'target'));
	perform api.need(caller, 'account.set', t.id);
	perform yanmen.need_version(args, 'account', (select x.id::text from yanmen.account x
		where x.target_id = t.id and x.name = yanmen.arg(args, 'account')));
	delete from yanmen.account x where x.target_id = t.id and x.name = yanmen.need_arg(args, 'account') returning * into a;
	if not found then
		raise exception 'no account % on %; see: target list', left(yanmen.arg(args, 'account'), 80), t.name using errcode = 'YM404';
	end if;
	if a.is_default then
		update yanmen.account set is_default = true
		where id = (select x.id from yanmen.account x where x.target_id = t.id order by x.name limit 1);
	end if;
	online := yanmen.sessions_to_end(t.id, a.name);
	perform yanmen.note(caller, 'account.removed', jsonb_build_object('target', t.name, 'account', a.name,
		'sessions', jsonb_array_length(online)));
	return jsonb_build_object('id', a.id, 'name', a.name, 'target', t.name, 'removed', true, 'sessions', online);
end
$$;
grant execute on all functions in schema api to yanmen_broker;
