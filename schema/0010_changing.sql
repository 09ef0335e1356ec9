-- Changing and removing what stands in the inventory.

-- args: name, and what is to change: address, charset, legacy (on, off).  Another address suspends the target's accounts:
-- their credentials are bound to the one before (yanmen.account_view).
create function api.target_set(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	old yanmen.target;
	t yanmen.target;
	a record;
begin
	perform api.need(caller, 'target.manage');
	old := yanmen.find_target(yanmen.need_arg(args, 'name'));
	perform api.need(caller, 'target.manage', old.id);
	if num_nonnulls(yanmen.arg(args, 'address'), yanmen.arg(args, 'charset'), yanmen.arg(args, 'legacy'), yanmen.arg(args, 'tls_key'),
		yanmen.arg(args, 'tls'), yanmen.arg(args, 'database')) = 0
	then
		raise exception 'nothing to change: give address, charset, legacy, or of a database tls-key, tls, database' using errcode = 'YM400';
	end if;
	perform yanmen.need_database(args, old.kind);
	perform yanmen.need_version(args, 'target', old.id::text);
	select old.host, old.port into a;
	if yanmen.arg(args, 'address') is not null then
		a := yanmen.arg_address(args, 'address');
	end if;
	update yanmen.target set host = a.host, port = a.port, charset = yanmen.arg_charset(args, old.charset),
		legacy = yanmen.arg_switch(args, 'legacy', old.legacy), tls = yanmen.arg_switch(args, 'tls', old.tls),
		database = coalesce(yanmen.arg(args, 'database'), old.database)
	where id = old.id returning * into t;
	if yanmen.arg(args, 'tls_key') is not null then -- rotation
		update yanmen.target set host_key = yanmen.arg_tls_key(args, t.kind), pinned_at = now() where id = t.id returning * into t;
	end if;
	perform yanmen.note(caller, 'target.changed', jsonb_build_object('target', t.name,
		'target_address', yanmen.address(t.host, t.port), 'charset', t.charset, 'legacy', t.legacy, 'host_key', yanmen.fingerprint(t.host_key)) || yanmen.database_facts(t) || jsonb_build_object('before', jsonb_build_object('target_address', yanmen.address(old.host, old.port),
		'charset', old.charset, 'legacy', old.legacy, 'host_key', yanmen.fingerprint(old.host_key)) || yanmen.database_facts(old)));
	return jsonb_build_object('id', t.id, 'name', t.name, 'address', yanmen.address(t.host, t.port), 'charset', t.charset,
		'legacy', t.legacy, 'tls', t.tls, 'database', t.database,
		'suspended', array(select v.name from yanmen.account_view v where v.target_id = t.id and v.suspended order by v.name));
end
$$;
grant execute on all functions in schema api to yanmen_broker;
