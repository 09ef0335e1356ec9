-- Audit export and verification, settings, escrow, samples, doctor, upkeep.

-- The right and the audit row; the broker then reads audit.export and audit.heads, or audit.verify, piece by piece.
create function api.audit_export(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'audit.read');
	perform yanmen.note(caller, 'audit.exported', '{}');
	return (select jsonb_build_object('last_seq', coalesce(max(s.seq), 0)) from audit.seal s);
end
$$;
create function api.audit_verify(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'audit.read');
	perform yanmen.arg_number(args, 'limit', 1000000000);
	if yanmen.arg_number(args, 'after', 999999999999999) = 0 then -- the later pieces of one verification are not written down
		perform yanmen.note(caller, 'audit.verified', '{}');
	end if;
	return (select jsonb_build_object('last_seq', coalesce(max(s.seq), 0)) from audit.seal s);
end
$$;

-- ---- settings ----
create function api.settings() returns table (key text, value text)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select s.key, s.value from yanmen.setting s order by s.key
$$;
create function api.settings_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'settings.read');
	return (select jsonb_agg(jsonb_build_object('name', s.key, 'value', s.value, 'about', s.about) order by s.key)
		from yanmen.setting s);
end
$$;
create function yanmen.find_setting(k text) returns yanmen.setting language plpgsql stable as $$
declare
	s yanmen.setting;
begin
	select * into s from yanmen.setting x where x.key = k;
	if not found then
		raise exception 'no setting named %; see: settings list', left(k, 80) using errcode = 'YM404';
	end if;
	return s;
end
$$;
create function api.settings_get(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	s yanmen.setting;
begin
	perform api.need(caller, 'settings.read');
	s := yanmen.find_setting(yanmen.need_arg(args, 'key'));
	return jsonb_build_object('name', s.key, 'value', s.value, 'about', s.about);
end
$$;
create function yanmen.set_setting(caller jsonb, args jsonb, k text, v text, command text) returns jsonb language plpgsql as $$
declare
	s yanmen.setting := yanmen.find_setting(k);
begin
	if s.set_by <> command then
		raise exception '% is changed by: %', s.key, s.set_by using errcode = 'YM400';
	end if;
	if v !~ s.form or octet_length(v) > s.most then
		raise exception 'this is no value for % (%)', s.key, s.about using errcode = 'YM400';
	end if;
	perform yanmen.need_version(args, 'setting', s.key);
	update yanmen.setting set value = v where key = s.key;
	perform pg_notify('yanmen_settings', s.key);
	perform yanmen.note(caller, 'setting.changed', jsonb_build_object('key', s.key, 'value', v, 'before', s.value));
	return jsonb_build_object('name', s.key, 'value', v);
end
$$;
create function api.settings_set(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'settings.set');
	return yanmen.set_setting(caller, args, yanmen.need_arg(args, 'key'), coalesce(yanmen.arg(args, 'value'), ''),
		'settings set');
end
$$;
create function api.escrow_set(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'escrow.set');
	return yanmen.set_setting(caller, args, 'escrow.public', yanmen.need_arg(args, 'public_key'), 'escrow set');
end
$$;

-- ---- samples: what lives in the cluster "samples" ----
create function api.samples_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c yanmen.cluster;
	gone bigint[];
begin
	perform api.need(caller, 'samples.remove');
	select * into c from yanmen.cluster x where x.name = 'samples' and x.removed_at is null;
	if not found then
		raise exception 'there are no samples' using errcode = 'YM404';
	end if;
	gone := array(select t.id from yanmen.target t where t.cluster_id = c.id and t.removed_at is null);
	update yanmen.access_grant set removed_at = now() where target_id = any (gone) and removed_at is null;
	delete from yanmen.account where target_id = any (gone);
	delete from yanmen.group_member where target_id = any (gone);
	update yanmen.target set removed_at = now() where id = any (gone);
	update yanmen.cluster set removed_at = now() where id = c.id;
	perform yanmen.note(caller, 'samples.removed', jsonb_build_object('targets', cardinality(gone)));
	return jsonb_build_object('name', 'samples', 'targets', cardinality(gone));
end
$$;

-- ---- doctor: what the database knows; the broker adds its own.  args, by the broker: siem (the sinks of the configuration) ----
create function api.doctor(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	waiting bigint;
	names text;
	r jsonb := '[]';
begin
	perform api.need(caller, 'doctor.run');
	r := r || jsonb_build_object('name', 'schema', 'state', 'ok',
		'say', (select 'version ' || max(version) from yanmen.schema_version));
	select count(*) into waiting from (select from audit.event e, audit.cursor c
		where (e.xid, e.id) > (c.xid, c.id) and e.id > c.floor and e.at < now() - interval '1 minute' limit 10000) w;
	r := r || jsonb_build_object('name', 'audit chain', 'state', case when waiting > 0 then 'fail' else 'ok' end,
		'say', case when waiting > 0 then waiting || ' events have waited for more than a minute' else 'up to date' end);
	select string_agg(t.name || '/' || a.name, ', ') into names from yanmen.account_view a
	join yanmen.target t on t.id = a.target_id where a.suspended and t.removed_at is null;
	r := r || jsonb_build_object('name', 'accounts', 'state', case when names is null then 'ok' else 'warn' end,
		'say', coalesce('suspended, their target changed: ' || left(names, 500) || '; enter them again or: target repin',
			'none suspended'));
	select string_agg(t.name, ', ') into names from yanmen.target t
	where t.kind = 'linux' and t.host_key is null and t.removed_at is null;
	r := r || jsonb_build_object('name', 'host keys', 'state', case when names is null then 'ok' else 'warn' end,
		'say', coalesce('not pinned yet: ' || left(names, 500) || '; run: target test', 'all pinned'));
	select string_agg(t.name, ', ' order by t.name) into names from yanmen.target t where t.legacy and t.removed_at is null;
	r := r || jsonb_build_object('name', 'legacy targets', 'state', case when names is null then 'ok' else 'warn' end,
		'say', coalesce('weak algorithms are allowed for: ' || left(names, 500) || '; when mended: target set NAME --legacy off',
			'none'));
	r := r || (select jsonb_build_object('name', 'samples', 'state', case when count(*) > 0 then 'warn' else 'ok' end,
			'say', case when count(*) > 0 then 'sample targets exist; for real use run: samples remove' else 'none' end)
		from yanmen.cluster c where c.name = 'samples' and c.removed_at is null);
	r := r || (select jsonb_build_object('name', 'second factor', 'state', case value when 'required' then 'ok' else 'warn' end,
			'say', case value when 'required' then 'required'
				else 'not required of everybody; when all can: settings set factor.policy required' end)
		from yanmen.setting where key = 'factor.policy');
	r := r || (select jsonb_build_object('name', 'escrow', 'state', case when value = '' then 'warn' else 'ok' end, 'say',
			case when value = '' then 'no auditor key: of what is typed only the length is kept; see: escrow init'
				else 'set' end)
		from yanmen.setting where key = 'escrow.public');
	r := r || search.doctor() || siem.doctor(args -> 'siem') || notify.doctor(); -- 0014, 0017, 0029
	return r || yanmen.doctor_keeping(); -- 0009
end
$$;

-- Partitions of this and the next two months, ahead of time.
create function api.maintain() returns void
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform audit.need_month(now() + m * interval '1 month') from generate_series(0, 2) m;
end
$$;
select api.maintain();
grant execute on all functions in schema api to yanmen_broker;
