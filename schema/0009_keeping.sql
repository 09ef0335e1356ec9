-- Keys: the generations of the master key, and what is still sealed under an older one.

insert into yanmen.role_permission (role, permission, scope) values ('admin', 'key.rotate', 'all'), ('admin', 'backup.run', 'all');

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
		'host', yanmen.arg(args, 'host') = '1'));
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

-- ---- doctor ----
create function yanmen.doctor_keeping() returns jsonb language plpgsql stable as $$
declare
	newest int := (select max(e.generation) from yanmen.evidence_key e);
	old bigint := (select count(*) from yanmen.sealed_all s where s.generation <> newest);
begin
	return jsonb_build_array(jsonb_build_object('name', 'master key',
		'state', case when newest is null or old > 0 then 'warn' else 'ok' end,
		'say', case when newest is null then 'the vault has not told its keys yet'
			when old > 0 then format('generation %s, %s credential(s) sealed by an older one: wait a minute, else enter them again',
				newest, old)
			else format('generation %s, all credentials are sealed by it', newest) end));
end
$$;
grant execute on all functions in schema api to yanmen_broker;
