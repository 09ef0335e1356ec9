-- Keys: the generations of the master key, and what is still sealed under an older one.

insert into yanmen.role_permission (role, permission, scope) values ('admin', 'key.rotate', 'all'), ('admin', 'backup.run', 'all'),
	('admin', 'retention.run', 'all'), ('admin', 'recording.hold', 'all'), ('auditor', 'recording.hold', 'all');

-- Public halves only.  What the vault says is compared with this: a vault that was started with another key shows.
create table yanmen.evidence_key (
	generation int primary key check (generation between 1 and 64),
	public_key text not null,
	since_us bigint not null,
	signature text not null, -- by the key before; empty for the first
	noted_at timestamptz not null default now()
);

create function api.key_rotate(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'key.rotate');
	perform yanmen.note(caller, 'key.rotation', jsonb_build_object('ca', yanmen.arg(args, 'ca') = '1',
		'host', yanmen.arg(args, 'host') = '1', 'users', yanmen.arg(args, 'users') = '1'));
	if yanmen.arg(args, 'users') = '1' then -- also when the vault then fails: what is void is void
		perform yanmen.certificates_revoke(caller, array(select c.serial from yanmen.certificate c), 'the users'' CA was changed');
	end if;
	return '{}';
end
$$;

-- keys: [{generation, public_key, since_us, signature}], all that the vault has.  Writes down what is new, with an audit row
-- each.  Whatever was known before must be the same.
create function api.keys_sync(keys jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	k record;
	known yanmen.evidence_key;
begin
	perform pg_advisory_xact_lock(hashtext('yanmen.keys_sync'));
	if (select coalesce(max(e.generation), 0) from yanmen.evidence_key e) > jsonb_array_length(keys) then
		raise exception 'the vault runs with an older key file than this database knows' using errcode = 'YM409';
	end if;
	for k in select * from jsonb_to_recordset(keys) as x(generation int, public_key text, since_us bigint, signature text)
		order by x.generation
	loop
		select * into known from yanmen.evidence_key e where e.generation = k.generation;
		if found then
			if (known.public_key, known.since_us, known.signature) is distinct from (k.public_key, k.since_us, k.signature) then
				raise exception 'the vault runs with another key file than this database knows' using errcode = 'YM409';
			end if;
			continue;
		end if;
		insert into yanmen.evidence_key (generation, public_key, since_us, signature)
		values (k.generation, k.public_key, k.since_us, k.signature);
		perform audit.add('system', case k.generation when 1 then 'key.first' else 'key.rotated' end, to_jsonb(k));
	end loop;
end
$$;

-- Everything that the vault has sealed for the database and that is not of this generation: the generation is the u32le
-- behind version and kind (policy/vault/seal.h).
create function yanmen.sealed_generation(s bytea) returns bigint language sql immutable as $$
	select case when length(s) >= 6 then get_byte(s, 2)::bigint + (get_byte(s, 3)::bigint << 8)
		+ (get_byte(s, 4)::bigint << 16) + (get_byte(s, 5)::bigint << 24) else 0 end
$$;
create view yanmen.sealed_all as
	select 'account' as what, a.id, a.sealed, a.bound, yanmen.sealed_generation(a.sealed) as generation
	from yanmen.account a join yanmen.target t on t.id = a.target_id where t.removed_at is null;
-- In the order of (what, id), behind the given one: what cannot be opened does not stop the others.
create function api.sealed_old(generation bigint, after_what text, after_id bigint, max_rows int)
returns table (what text, id bigint, sealed bytea, bound text)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select s.what, s.id, s.sealed, s.bound from yanmen.sealed_all s
	where s.generation <> sealed_old.generation and (s.what, s.id) > (after_what, after_id)
	order by s.what, s.id limit least(greatest(max_rows, 1), 1000)
$$;
-- The same secret, sealed anew.  False: it was changed meanwhile.
create function api.sealed_renew(what text, id bigint, was bytea, sealed bytea) returns bool
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	if sealed_renew.what = 'account' then
		update yanmen.account a set sealed = sealed_renew.sealed
		where a.id = sealed_renew.id and a.sealed = sealed_renew.was;
	end if;
	return found;
end
$$;
create function api.keys_resealed(generation int, resealed bigint, refused bigint) returns void
language sql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select audit.add('system', 'key.resealed',
		jsonb_build_object('generation', generation, 'resealed', resealed, 'refused', refused))
$$;

-- ---- backups: that they were made; the backup itself is a matter of the CLI ----
create table yanmen.backup (
	id bigint generated always as identity primary key,
	made_at timestamptz not null default now(),
	hash text not null,
	files bigint not null,
	bytes bigint not null,
	key text not null check (key in ('none', 'passphrase', 'escrow', 'both')),
	generation int not null
);
create function api.backup_sign(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'backup.run');
	if yanmen.arg(args, 'key') not in ('none', 'passphrase', 'escrow', 'both')
		or concat_ws('', yanmen.arg(args, 'files'), yanmen.arg(args, 'bytes'), yanmen.arg(args, 'generation')) !~ '^[0-9]+$'
	then
		raise exception 'key is none, passphrase, escrow or both; the rest are numbers' using errcode = 'YM400';
	end if;
	insert into yanmen.backup (hash, files, bytes, key, generation)
	values (yanmen.need_arg(args, 'hash'), yanmen.arg(args, 'files')::bigint, yanmen.arg(args, 'bytes')::bigint,
		yanmen.arg(args, 'key'), yanmen.arg(args, 'generation')::int);
	perform yanmen.note(caller, 'backup.made', args);
	return '{}';
end
$$;

-- ---- retention: whole recordings go after a time, a signed tombstone stays ----
alter table yanmen.resource_group add retention_days int check (retention_days between 0 and 36500); -- null = the setting
alter table yanmen.recording add removed_at timestamptz, add tombstone bytea,
	add removing_at timestamptz, -- the recorder was asked to
	add held_at timestamptz, add held_by text, add hold_reason text;
create index on yanmen.recording (started_us) where removed_at is null;
insert into yanmen.setting (key, value, form, most, about) values
	('retention.days', '180', '^[0-9]{1,5}$', 5,
		'days that recordings are kept where no group says otherwise; 0 = for ever');

-- Days for a target: the longest of its groups, 0 = for ever; without a group that says, the setting.
create function yanmen.retention_days(target bigint) returns int language sql stable as $$
	select coalesce(
		(select case when bool_or(g.retention_days = 0) then 0 else max(g.retention_days) end
			from (select x.group_id from yanmen.group_target x where x.target_id = target
				union select x.group_id from yanmen.group_member x where x.target_id = target) m -- a removed target's too
			join yanmen.resource_group g on g.id = m.group_id where g.retention_days is not null),
		(select s.value::int from yanmen.setting s where s.key = 'retention.days'))
$$;
create view yanmen.retention_due as
	select r.session_id, r.seq, r.head, r.started_us, d.days
	from yanmen.recording r join yanmen.session s on s.id = r.session_id
	cross join lateral (select yanmen.retention_days(s.target_id) as days) d
	where r.removed_at is null and r.held_at is null and s.state <> 'online' and r.state <> 'open'
		and d.days > 0 and coalesce(s.ended_at, s.started_at) < now() - make_interval(days => d.days);

-- One that is due, the oldest; it is ours for ten minutes.
create function api.retention_take() returns table (id uuid, seq bigint, head bytea, started_us bigint, reason text)
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	d yanmen.retention_due;
begin
	perform pg_advisory_xact_lock(hashtext('yanmen.retention'));
	select v.* into d from yanmen.retention_due v join yanmen.recording r on r.session_id = v.session_id
	where r.removing_at is null or r.removing_at < now() - interval '10 minutes'
	order by v.started_us limit 1;
	if not found then
		return;
	end if;
	update yanmen.recording r set removing_at = now() where r.session_id = d.session_id;
	return query select d.session_id, d.seq, d.head, d.started_us, 'retention: ' || d.days || ' days';
end
$$;
create function api.retention_kept(sid uuid) returns void
language sql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	update yanmen.recording set removing_at = null where session_id = sid and removed_at is null
$$;
create function api.retention_run(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'retention.run');
	perform yanmen.note(caller, 'retention.run', '{}');
	return '{}';
end
$$;
create function yanmen.recording_removed(sid uuid, b jsonb) returns void language sql as $$
	update yanmen.recording set state = 'removed', removed_at = yanmen.time_us(yanmen.number_of(b, 'removed_us', 0)),
		tombstone = case when b ->> 'tombstone' ~ '^([0-9a-f]{2})+$' then decode(b ->> 'tombstone', 'hex') end
	where session_id = sid and removed_at is null
$$;
create function yanmen.recording_keeping(r yanmen.recording) returns jsonb language sql stable as $$
	select jsonb_build_object('removed', yanmen.time_text(r.removed_at), 'tombstone', encode(r.tombstone, 'hex'),
		'hold', r.hold_reason, 'held_by', r.held_by)
$$;

-- args: group, days (a number, 0 = for ever, or "default").
create function api.group_retention(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	g yanmen.resource_group;
	days text := yanmen.need_arg(args, 'days');
begin
	perform api.need(caller, 'group.manage');
	g := yanmen.find_group(yanmen.need_arg(args, 'group'));
	if days !~ '^([0-9]{1,5}|default)$' or (days <> 'default' and days::int > 36500) then
		raise exception 'days is a number up to 36500, 0 for ever, or: default' using errcode = 'YM400';
	end if;
	perform yanmen.need_version(args, 'group', g.id::text);
	update yanmen.resource_group set retention_days = nullif(days, 'default')::int where id = g.id;
	perform yanmen.note(caller, 'group.retention', jsonb_build_object('group', g.name, 'days', days,
		'before', coalesce(g.retention_days::text, 'default')));
	return jsonb_build_object('name', g.name, 'days', days);
end
$$;

-- args: id, reason.  A recording that is wanted as evidence stays, however old.
create function api.recording_hold(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	s yanmen.session;
	r yanmen.recording;
begin
	perform api.need(caller, 'recording.hold');
	s := yanmen.find_session(yanmen.need_arg(args, 'id'), yanmen.reach(caller, 'recording.hold'));
	select * into r from yanmen.recording x where x.session_id = s.id for update;
	if r.removed_at is not null or r.removing_at is not null then
		raise exception 'recording % is removed already, or is being removed', s.id using errcode = 'YM404';
	end if;
	update yanmen.recording set held_at = now(), held_by = caller ->> 'actor', hold_reason = yanmen.need_arg(args, 'reason')
	where session_id = s.id returning * into r;
	perform yanmen.note(caller, 'recording.held', jsonb_build_object('session', s.id, 'user', s.user_name,
		'target', s.target_name, 'reason', r.hold_reason));
	return yanmen.recording_facts(s, r);
end
$$;
create function api.recording_release(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	s yanmen.session;
	r yanmen.recording;
begin
	perform api.need(caller, 'recording.hold');
	s := yanmen.find_session(yanmen.need_arg(args, 'id'), yanmen.reach(caller, 'recording.hold'));
	update yanmen.recording set held_at = null, held_by = null, hold_reason = null
	where session_id = s.id and held_at is not null returning * into r;
	if not found then
		raise exception 'recording % is not on hold', s.id using errcode = 'YM404';
	end if;
	perform yanmen.note(caller, 'recording.released', jsonb_build_object('session', s.id, 'user', s.user_name,
		'target', s.target_name));
	return yanmen.recording_facts(s, r);
end
$$;

-- ---- doctor ----
create function yanmen.doctor_row(name text, state text, say text) returns jsonb language sql immutable as $$
	select jsonb_build_object('name', name, 'state', state, 'say', say)
$$;
create function yanmen.doctor_keys() returns jsonb language plpgsql stable as $$
declare
	newest int := (select max(e.generation) from yanmen.evidence_key e);
	old bigint := (select count(*) from yanmen.sealed_all s where s.generation <> newest);
	wrapped timestamptz := (select max(b.made_at) from yanmen.backup b where b.key <> 'none' and b.generation = newest);
begin
	return jsonb_build_array(yanmen.doctor_row('master key', case when newest is null or old > 0 then 'warn' else 'ok' end,
		case when newest is null then 'the vault has not told its keys yet'
			when old > 0 then format('generation %s, %s credential(s) sealed by an older one: wait a minute, else enter them again',
				newest, old)
			else format('generation %s, all credentials are sealed by it', newest) end),
		yanmen.doctor_row('key backup', case when wrapped is null then 'warn' else 'ok' end,
			coalesce('in the backup of ' || yanmen.time_text(wrapped),
				'no backup holds this key: backup --passphrase-file or --escrow, or keep copies of the key file yourself')));
end
$$;
create function yanmen.doctor_backup() returns jsonb language sql stable as $$
	select yanmen.doctor_row('backup', case when max(b.made_at) > now() - interval '2 days' then 'ok' else 'warn' end,
		case when max(b.made_at) is null then 'never made; see: backup --help'
			else 'the last is of ' || yanmen.time_text(max(b.made_at)) end)
	from yanmen.backup b
$$;
create function yanmen.doctor_recordings() returns jsonb language plpgsql stable as $$
declare
	late bigint := (select count(*) from yanmen.retention_due d join yanmen.session s on s.id = d.session_id
		where coalesce(s.ended_at, s.started_at) < now() - make_interval(days => d.days + 1));
	lone bigint := (select count(*) from yanmen.recording r join yanmen.session s on s.id = r.session_id
		where r.state = 'open' and s.state <> 'online' and s.ended_at < now() - interval '5 minutes');
	failed bigint := (select count(*) from yanmen.recording r join yanmen.session s on s.id = r.session_id
		where r.state = 'failed' and s.started_at > now() - interval '30 days');
begin
	return jsonb_build_array(
		yanmen.doctor_row('overdue recordings', case when late > 0 then 'warn' else 'ok' end, case when late > 0
			then late || ' should be gone since a day: retention run, then see the log' else 'none' end),
		yanmen.doctor_row('recordings without a session', case when lone > 0 then 'warn' else 'ok' end, case when lone > 0
			then lone || ' are open though their session has ended: restart the gateway, it seals them' else 'none' end),
		yanmen.doctor_row('failed recordings', case when failed > 0 then 'warn' else 'ok' end, case when failed > 0
			then failed || ' in the last 30 days: see recording list, and the disk' else 'none' end));
end
$$;
create function yanmen.doctor_keeping() returns jsonb language sql stable as $$
	select yanmen.doctor_keys() || yanmen.doctor_backup() || yanmen.doctor_recordings()
$$;
grant execute on all functions in schema api to yanmen_broker;
