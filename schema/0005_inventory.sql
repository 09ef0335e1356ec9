-- Clusters, targets, accounts.
create function api.cluster_add(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	n text;
	nets cidr[];
	cid bigint;
begin
	perform api.need(caller, 'cluster.manage');
	n := yanmen.need_name(args, 'name', 'cluster');
	nets := yanmen.arg_nets(args, 'network');
	if cardinality(nets) = 0 then
		raise exception 'network is missing: targets outside a cluster''s networks are never dialled' using errcode = 'YM400';
	end if;
	begin
		insert into yanmen.cluster (name, networks) values (n, nets) returning id into cid;
	exception when unique_violation then
		raise exception 'there is a cluster named % already', n using errcode = 'YM409';
	end;
	perform yanmen.note(caller, 'cluster.added', jsonb_build_object('cluster', n, 'networks', nets::text[]));
	return jsonb_build_object('id', cid, 'name', n, 'networks', nets::text[]);
end
$$;

create function api.cluster_put(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c yanmen.cluster;
	t yanmen.target;
	n text;
	names text[] := yanmen.arg_list(args, 'target');
begin
	perform api.need(caller, 'cluster.put');
	c := yanmen.find_cluster(yanmen.need_arg(args, 'cluster'));
	perform yanmen.need_cluster(caller, 'cluster.put', c.id);
	if cardinality(names) = 0 then
		raise exception 'target is missing' using errcode = 'YM400';
	end if;
	foreach n in array names loop
		t := yanmen.find_target(n);
		perform api.need(caller, 'cluster.put', t.id);
		update yanmen.target set cluster_id = c.id where id = t.id;
		perform yanmen.note(caller, 'cluster.put', jsonb_build_object('cluster', c.name, 'target', t.name,
			'before', (select o.name from yanmen.cluster o where o.id = t.cluster_id)));
	end loop;
	return jsonb_build_object('id', c.id, 'name', c.name, 'targets', cardinality(names));
end
$$;

create function api.cluster_admin(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c yanmen.cluster;
	u yanmen.users;
begin
	perform api.need(caller, 'cluster.manage');
	c := yanmen.find_cluster(yanmen.need_arg(args, 'cluster'));
	u := yanmen.find_user(yanmen.need_arg(args, 'user'));
	insert into yanmen.cluster_admin values (c.id, u.id) on conflict do nothing;
	perform yanmen.note(caller, 'cluster.admin', jsonb_build_object('cluster', c.name, 'user', u.name));
	return jsonb_build_object('id', c.id, 'name', c.name, 'user', u.name);
end
$$;

create function api.cluster_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	own bool := yanmen.reach(caller, 'cluster.list') is not null;
begin
	return (select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'version', c.version, 'name', c.name, 'networks', c.networks::text[],
			'targets', array(select t.name from yanmen.target t where t.cluster_id = c.id and t.removed_at is null
				order by t.name),
			'admins', array(select u.name from yanmen.cluster_admin a join yanmen.users u on u.id = a.user_id
				where a.cluster_id = c.id order by u.name)) order by c.name), '[]')
		from yanmen.cluster c where c.removed_at is null and (not own or c.id = any (yanmen.clusters_of(caller))));
end
$$;

-- What is needed to dial a target outside a session (probe); also the answer of target add, test and repin.
create function yanmen.dial_facts(t yanmen.target) returns jsonb language sql stable as $$
	select jsonb_build_object('id', t.id, 'name', t.name, 'kind', t.kind, 'host', t.host, 'port', t.port,
		'cluster', c.name, 'networks', array_to_string(c.networks, ','), 'samples', c.name = 'samples',
		'pinned', t.host_key is not null, 'host_key', replace(encode(t.host_key, 'base64'), E'\n', ''),
		'charset', t.charset, 'legacy', t.legacy, 'tls', t.tls)
	from yanmen.cluster c where c.id = t.cluster_id
$$;

-- HOST:PORT or [IPV6]:PORT
create function yanmen.arg_address(args jsonb, key text, out host text, out port int) language plpgsql immutable as $$
declare
	a text := yanmen.need_arg(args, key);
	part text[] := coalesce(regexp_match(a, '^\[([0-9A-Fa-f:.]{2,45})\]:([0-9]{1,5})$'),
		regexp_match(a, '^([A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?):([0-9]{1,5})$'));
begin
	if part is null or part[cardinality(part)]::int not between 1 and 65535 then
		raise exception '"%" is no address: HOST:PORT or [IPV6]:PORT', left(a, 80) using errcode = 'YM400';
	end if;
	host := part[1];
	port := part[cardinality(part)]::int;
end
$$;
-- What an odd target says of itself: the value, or the fallback when none was given.
create function yanmen.arg_charset(args jsonb, fallback text) returns text language plpgsql immutable as $$
declare
	c text := coalesce(nullif(lower(yanmen.arg(args, 'charset')), ''), fallback);
begin
	if c not in ('utf-8', 'gbk', 'gb18030', 'big5') then
		raise exception 'no character set %; there are: utf-8, gbk, gb18030, big5', left(c, 40) using errcode = 'YM400';
	end if;
	return c;
end
$$;
create function yanmen.arg_switch(args jsonb, key text, fallback bool) returns bool language plpgsql immutable as $$
declare
	v text := coalesce(nullif(yanmen.arg(args, key), ''), case when fallback then 'on' else 'off' end);
begin
	if v not in ('on', 'off') then
		raise exception '% is on or off, not "%"', key, left(v, 40) using errcode = 'YM400';
	end if;
	return v = 'on';
end
$$;

-- What a database has besides; nothing, of others.
create function yanmen.database_facts(t yanmen.target) returns jsonb language sql immutable as $$
	select case when t.kind in ('mysql', 'sqlserver') then jsonb_build_object('tls', t.tls, 'database', t.database) else '{}' end
$$;
create function yanmen.need_database(args jsonb, kind text) returns void language plpgsql immutable as $$
begin
	if kind not in ('mysql', 'sqlserver') and (yanmen.arg(args, 'tls') is not null or coalesce(yanmen.arg(args, 'database'), '') <> '') then
		raise exception 'tls and database are of a database: kind mysql or sqlserver' using errcode = 'YM400';
	elsif coalesce(yanmen.arg(args, 'database'), '') !~ '^[^[:cntrl:]]{0,64}$' then
		raise exception 'the name of a database is one line of at most 64 characters' using errcode = 'YM400';
	end if;
end
$$;

create function api.target_add(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	n text;
	k text;
	a record;
	c yanmen.cluster;
	t yanmen.target;
begin
	perform api.need(caller, 'target.manage');
	n := yanmen.need_name(args, 'name', 'target');
	k := yanmen.need_arg(args, 'kind');
	if k not in ('linux', 'windows', 'mysql', 'sqlserver') then
		raise exception 'no kind %; there are: linux, windows, mysql, sqlserver', left(k, 40) using errcode = 'YM400';
	end if;
	perform yanmen.need_database(args, k);
	a := yanmen.arg_address(args, 'address');
	c := yanmen.find_cluster(yanmen.need_arg(args, 'cluster'));
	perform yanmen.need_cluster(caller, 'target.manage', c.id);
	begin
		insert into yanmen.target (name, kind, host, port, cluster_id, charset, legacy, tls, database)
		values (n, k, a.host, a.port, c.id, yanmen.arg_charset(args, 'utf-8'), yanmen.arg_switch(args, 'legacy', false),
			yanmen.arg_switch(args, 'tls', true), coalesce(yanmen.arg(args, 'database'), ''))
		returning * into t;
	exception when unique_violation then
		raise exception 'there is a target named % already', n using errcode = 'YM409';
	end;
	perform yanmen.note(caller, 'target.added', jsonb_build_object('target', n, 'kind', k,
		'target_address', yanmen.address(t.host, t.port), 'cluster', c.name, 'charset', t.charset, 'legacy', t.legacy) || yanmen.database_facts(t));
	return yanmen.dial_facts(t);
end
$$;

create function api.target_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	own bigint[] := yanmen.reach(caller, 'target.list');
begin
	return (select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'version', t.version, 'name', t.name, 'kind', t.kind,
			'address', yanmen.address(t.host, t.port), 'host', t.host, 'port', t.port, 'cluster', c.name,
			'pinned', t.host_key is not null, 'host_key', yanmen.fingerprint(t.host_key),
			'pinned_at', yanmen.time_text(t.pinned_at), 'charset', t.charset, 'legacy', t.legacy,
			'accounts', (select coalesce(jsonb_agg(jsonb_build_object('name', a.name, 'auth', a.auth, 'default', a.is_default,
					'suspended', a.suspended, 'public_key', a.public_key) order by a.name), '[]')
				from yanmen.account_view a where a.target_id = t.id),
			'groups', array(select g.name from yanmen.group_target m join yanmen.resource_group g on g.id = m.group_id
				where m.target_id = t.id order by g.name)) order by t.name), '[]')
		from yanmen.target t join yanmen.cluster c on c.id = t.cluster_id
		where t.removed_at is null and (own is null or t.id = any (own)));
end
$$;

-- Facts for the probe; the dial itself is in the audit log before it happens.
create function api.target_test(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	t yanmen.target;
begin
	perform api.need(caller, 'target.test');
	t := yanmen.find_target(yanmen.need_arg(args, 'name'));
	perform api.need(caller, 'target.test', t.id);
	perform yanmen.note(caller, 'target.tested', jsonb_build_object('target', t.name));
	return yanmen.dial_facts(t);
end
$$;

-- The same for each of several targets, for who may pin.
create function api.target_repin(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	n text;
	t yanmen.target;
	facts jsonb := '[]';
begin
	perform api.need(caller, 'target.manage');
	if cardinality(yanmen.arg_list(args, 'target')) = 0 then
		raise exception 'target is missing' using errcode = 'YM400';
	end if;
	foreach n in array yanmen.arg_list(args, 'target') loop
		t := yanmen.find_target(n);
		perform api.need(caller, 'target.manage', t.id);
		facts := facts || yanmen.dial_facts(t);
	end loop;
	return facts;
end
$$;

-- args: name, host_key (base64 blob), accounts: [{account, sealed (hex), bound}] as rebound to the new key.
-- An account that is not among them, or whose text does not match, is suspended by the change.
create function api.target_pin(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	t yanmen.target;
	old bytea;
	a jsonb;
begin
	perform api.need(caller, 'target.test');
	t := yanmen.find_target(yanmen.need_arg(args, 'name'));
	old := t.host_key;
	perform api.need(caller, case when old is null then 'target.test' else 'target.manage' end, t.id);
	update yanmen.target set pinned_at = now(),
		host_key = yanmen.arg_blob(yanmen.need_arg(args, 'host_key'), 'host_key', 2048)
	where id = t.id returning * into t;
	for a in select jsonb_array_elements(coalesce(args -> 'accounts', '[]')) loop
		update yanmen.account set sealed = yanmen.arg_hex(a, 'sealed'), bound = a ->> 'bound', updated_at = now()
		where target_id = t.id and name = a ->> 'account' and a ->> 'bound' = yanmen.bound_text(a ->> 'account', t);
	end loop;
	perform yanmen.note(caller, case when old is null then 'target.pinned' else 'target.repinned' end,
		jsonb_build_object('target', t.name, 'host_key', yanmen.fingerprint(t.host_key), 'before', yanmen.fingerprint(old)));
	return jsonb_build_object('id', t.id, 'name', t.name, 'pinned', true, 'host_key', yanmen.fingerprint(t.host_key),
		'suspended', array(select v.name from yanmen.account_view v where v.target_id = t.id and v.suspended));
end
$$;

-- The text that a credential of this account is bound to now (for sealing it); no row when there is no such target.
create function api.binding(target text, account text) returns text
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select yanmen.bound_text(binding.account, t) from yanmen.target t
	where t.name = binding.target and t.removed_at is null
$$;

-- args: target, account, kind = password|key|ca, sealed (hex), bound, public_key.  The first account is the default.
create function api.account_set(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	t yanmen.target;
	n text;
	k text;
	aid bigint;
begin
	perform api.need(caller, 'account.set');
	t := yanmen.find_target(yanmen.need_arg(args, 'target'));
	perform api.need(caller, 'account.set', t.id);
	n := yanmen.need_name(args, 'account', 'account');
	k := yanmen.need_arg(args, 'kind');
	if k not in ('password', 'key', 'ca') then
		raise exception 'kind is password, key or ca' using errcode = 'YM400';
	end if;
	if k <> 'ca' and yanmen.arg_hex(args, 'sealed') = '' then
		raise exception 'sealed is missing' using errcode = 'YM400';
	end if;
	perform from yanmen.target x where x.id = t.id for update;
	t := yanmen.find_target(t.name);
	perform yanmen.need_version(args, 'account', (select o.id::text from yanmen.account o where o.target_id = t.id and o.name = n));
	if yanmen.arg(args, 'bound') is distinct from yanmen.bound_text(n, t) then
		raise exception 'the target changed at the same moment: please try again' using errcode = 'YM409';
	end if;
	perform yanmen.rotation_entered(o.id) from yanmen.account o where o.target_id = t.id and o.name = n; -- rotation
	insert into yanmen.account (target_id, name, is_default, auth, sealed, bound, public_key, template_id)
	values (t.id, n, not exists (select from yanmen.account o where o.target_id = t.id), k, yanmen.arg_hex(args, 'sealed'),
		yanmen.arg(args, 'bound'), coalesce(yanmen.arg(args, 'public_key'), ''), (args ->> 'template_id')::bigint)
	on conflict (target_id, name) do update set auth = excluded.auth, sealed = excluded.sealed, bound = excluded.bound,
		public_key = excluded.public_key, updated_at = now(), rotated_at = null, template_id = coalesce(excluded.template_id, account.template_id)
	returning id into aid;
	perform yanmen.note(caller, 'account.set', jsonb_build_object('target', t.name, 'account', n, 'auth', k));
	return jsonb_build_object('id', aid, 'name', n, 'target', t.name, 'auth', k,
		'public_key', coalesce(yanmen.arg(args, 'public_key'), ''));
end
$$;

-- For rebinding: what is sealed at a target.
create function api.credentials(target text)
returns table (account text, sealed bytea, bound text, host text, port int, host_key bytea)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select a.name, a.sealed, a.bound, t.host, t.port, t.host_key
	from yanmen.account a join yanmen.target t on t.id = a.target_id
	where t.name = credentials.target and t.removed_at is null order by a.name
$$;
grant execute on all functions in schema api to yanmen_broker;
