-- Second factors: a TOTP secret that only the vault opens, single-use recovery codes, who was asked lately.

create table yanmen.factor (
	user_id bigint primary key references yanmen.users,
	sealed bytea not null check (octet_length(sealed) <= 512),
	bound text not null check (octet_length(bound) <= 64),
	last_step bigint not null, -- the last time step whose code was used: no code works twice
	enrolled_at timestamptz not null default now()
);
-- A hash with the TOTP secret as its key: worth nothing without the vault.
create table yanmen.factor_code (
	user_id bigint not null references yanmen.factor on delete cascade,
	hash bytea not null check (octet_length(hash) = 32),
	used_at timestamptz,
	primary key (user_id, hash)
);
-- Asked lately: the same user, client address and door class are not asked again until then.
create table yanmen.factor_seen (
	user_id bigint not null references yanmen.users,
	address text not null,
	door text not null,
	until timestamptz not null,
	primary key (user_id, address, door)
);
-- A passkey: the authenticator data of its registration, with its key in them (policy/pwhash/passkey.h); no secret.
create table yanmen.passkey (
	id uuid primary key default gen_random_uuid(),
	user_id bigint not null references yanmen.users,
	name text not null check (octet_length(name) between 1 and 200),
	credential bytea not null unique check (octet_length(credential) between 1 and 1023),
	authdata bytea not null check (octet_length(authdata) between 37 and 4096),
	rp text not null, -- the host name it is good for
	counter bigint not null, -- goes up with each use, or stays 0
	created_at timestamptz not null default now(),
	used_at timestamptz
);
create index on yanmen.passkey (user_id);
-- A browser that was remembered with the second factor: the hash of its token.
create table yanmen.device (
	id uuid primary key default gen_random_uuid(),
	user_id bigint not null references yanmen.users,
	hash bytea not null unique check (octet_length(hash) = 32),
	address text not null,
	agent text not null,
	created_at timestamptz not null default now(),
	until timestamptz not null
);
create index on yanmen.device (user_id);
-- From where a user has logged in: strangers do not slow him there (policy/login/backoff.h).
create table yanmen.login_known (
	user_id bigint not null references yanmen.users,
	address text not null,
	last_at timestamptz not null,
	primary key (user_id, address)
);
alter table yanmen.users add factor text not null default '' check (factor in ('', 'off', 'enrolled', 'required', 'passkey'));

insert into yanmen.setting (key, value, form, most, about) values
	('login.backoff', '16', '^[0-9]{1,2}$', 2,
		'seconds: the longest delay between two guesses at a password; 0 = no delays'),
	('factor.policy', 'enrolled', '^(off|enrolled|required)$', 8,
		'the second factor: off, enrolled = asked of users who have one, required = of all; user factor sets it for one user'),
	('factor.remember', '900', '^[0-9]{1,7}$', 7,
		'seconds in which the same user from the same address is not asked for a code again; 0 = always asked'),
	('login.passkey_only', '', '^([a-z_][a-z0-9_]{0,31}(,[a-z_][a-z0-9_]{0,31})*)?$', 400,
		'roles, with commas between, whose users sign in at the console by passkey alone; who has none yet sets one up first'),
	('login.passkey_only_ssh', 'off', '^(on|off)$', 3,
		'on: who signs in at the console by passkey alone has no password at SSH either, but keys and certificates');

insert into yanmen.role_permission (role, permission)
values ('admin', 'factor.manage'), ('admin', 'factor.list'), ('auditor', 'factor.list');

-- Does he sign in at the console by passkey alone?  It is said of him, or of his role.
create function yanmen.passkey_only(u yanmen.users) returns bool language sql stable as $$
	select u.factor = 'passkey' or exists (select from yanmen.setting s where s.key = 'login.passkey_only'
		and u.role = any (string_to_array(s.value, ',')))
$$;
-- ... and has none yet (any more): his password lets him in to set one up, and to nothing else.
create function yanmen.passkey_due(u yanmen.users) returns bool language sql stable as $$
	select yanmen.passkey_only(u) and not exists (select from yanmen.passkey k where k.user_id = u.id)
$$;
-- The password that counts at that door; '' = none does.
create function yanmen.password_at(u yanmen.users, door text) returns text language sql stable as $$
	select case when u.pwhash is null or yanmen.passkey_only(u) and case door when 'web' then not yanmen.passkey_due(u)
			else exists (select from yanmen.setting s where s.key = 'login.passkey_only_ssh' and s.value = 'on') end
		then '' else u.pwhash end
$$;

-- What comes behind a first factor that was right: '' nothing, ask, enrol.  A passkey counts at the console alone: SSH has none.
create function yanmen.factor_next(u yanmen.users, address text, door text, device bytea) returns text language sql stable as $$
	select case
		when p.policy = 'off' then ''
		when factor_next.door = 'web' and u.enrol_until > now() then 'enrol'
		when exists (select from yanmen.factor f where f.user_id = u.id)
			or factor_next.door = 'web' and exists (select from yanmen.passkey k where k.user_id = u.id) then
			case when exists (select from yanmen.factor_seen s where s.user_id = u.id and s.address = factor_next.address
					and (s.door = factor_next.door or factor_next.door = 'sql') and s.until > now())
				or exists (select from yanmen.device d where d.user_id = u.id and d.hash = factor_next.device and d.until > now())
				then '' else 'ask' end
		when factor_next.door = 'web' and yanmen.passkey_only(u) then '' -- a passkey is what he sets up: yanmen.need_sign_in
		when p.policy in ('required', 'passkey') then 'enrol'
		else '' end
	from (select coalesce(nullif(u.factor, ''), (select s.value from yanmen.setting s where s.key = 'factor.policy'))
		as policy) p
$$;

-- door: ssh, web or sql; a code at one does not count at the other, but where nobody can be asked (sql) one at either does.  device: the hash of a browser's token, or ''.  No row when the name is
-- unknown.  The broker does the same work then.
create function api.login_facts(login text, address text default '', door text default 'ssh', device bytea default '')
returns table (user_id bigint, name text, state text, role text, pwhash text, factor text, known bool)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select u.id, u.name, u.state, u.role,
		yanmen.password_at(u, login_facts.door),
		yanmen.factor_next(u, login_facts.address, login_facts.door, login_facts.device),
		exists (select from yanmen.login_known k where k.user_id = u.id and k.address = login_facts.address
			and k.last_at > now() - interval '90 days')
	from yanmen.users u where u.name = login
$$;

-- How logins went in the last hour, oldest first, for a broker that starts: guesses go on being counted.  Attempts by key alone and
-- those that were sent away unseen do not count.  A name that no user can have was not written down.
create function api.login_lately(most int)
returns table (age_us bigint, name text, address text, known bool, method text, passed bool)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select greatest(0, (extract(epoch from now() - e.at) * 1000000)::bigint), coalesce(e.body ->> 'user', ''),
		coalesce(e.body ->> 'address', ''),
		exists (select from yanmen.users u join yanmen.login_known k on k.user_id = u.id where u.name = e.body ->> 'user'
			and k.address = e.body ->> 'address' and k.last_at > now() - interval '90 days'),
		coalesce(e.body ->> 'method', ''), e.kind = 'login.ok'
	from (select x.id, x.at, x.kind, x.body::jsonb as body from audit.event x where x.at > now() - interval '1 hour'
		and (x.kind = 'login.ok' or x.kind = 'login.refused' and x.body::jsonb ->> 'why' = 'wrong')
		and x.body::jsonb ->> 'method' in ('password', 'password+code', 'password+passkey', 'key+code', 'certificate+code')
		order by x.at desc, x.id desc limit most) e
	order by e.at, e.id
$$;

-- Somebody logged in: the 64 newest addresses of a user are kept.
create function yanmen.login_remember(login text, client text, at timestamptz) returns void language sql as $$
	insert into yanmen.login_known select u.id, client, login_remember.at from yanmen.users u where u.name = login
	on conflict (user_id, address) do update set last_at = greatest(yanmen.login_known.last_at, excluded.last_at);
	delete from yanmen.login_known k using yanmen.users u
	where u.name = login and k.user_id = u.id and (k.last_at < now() - interval '90 days' or k.address not in (
		select x.address from yanmen.login_known x where x.user_id = u.id order by x.last_at desc limit 64))
$$;
create function api.factor_facts(user_id bigint) returns table (sealed bytea, last_step bigint)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select f.sealed, f.last_step from yanmen.factor f where f.user_id = factor_facts.user_id
$$;

-- Nobody is remembered any more: he is asked everywhere.
create function yanmen.forget_devices(uid bigint) returns void language sql as $$
	delete from yanmen.factor_seen s where s.user_id = uid;
	delete from yanmen.device d where d.user_id = uid
$$;
create function yanmen.factor_remember(uid bigint, client text, way text) returns void language plpgsql as $$
declare
	seconds bigint := (select value::bigint from yanmen.setting where key = 'factor.remember');
begin
	delete from yanmen.factor_seen s where s.user_id = uid and s.until <= now();
	if seconds > 0 then
		insert into yanmen.factor_seen values (uid, client, way, now() + seconds * interval '1 second')
		on conflict (user_id, address, door) do update set until = excluded.until;
	end if;
end
$$;

-- The vault has said what the code is: the time step of the app, or a recovery code's hash (step 0).  It is used up here, so
-- of two logins with the same code one passes.  The lock on the user: a disabled one does not.
create function api.factor_pass(uid bigint, client text, step bigint, recovery bytea, door text default 'ssh') returns bool
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
	was_used bool;
begin
	select * into u from yanmen.users x where x.id = uid and x.state = 'active' for share;
	if not found then
		return false;
	end if;
	if step > 0 then
		update yanmen.factor f set last_step = step where f.user_id = uid and f.last_step < step;
	else
		update yanmen.factor_code c set used_at = now() where c.user_id = uid and c.hash = recovery and c.used_at is null;
	end if;
	was_used := found;
	if was_used then
		perform yanmen.factor_remember(uid, client, door);
		perform audit.add('user:' || u.name, 'factor.passed', jsonb_build_object('user', u.name, 'address', client,
			'by', case when step > 0 then 'app' else 'recovery code' end, 'codes_left',
			(select count(*) from yanmen.factor_code c where c.user_id = uid and c.used_at is null)));
	end if;
	return was_used;
end
$$;

create function yanmen.factor_codes_put(uid bigint, hashes bytea) returns int language plpgsql as $$
begin
	if octet_length(hashes) not between 32 and 640 or octet_length(hashes) % 32 <> 0 then
		raise exception 'no recovery codes' using errcode = 'YM400';
	end if;
	delete from yanmen.factor_code where user_id = uid;
	insert into yanmen.factor_code (user_id, hash)
	select uid, substring(hashes from 32 * i + 1 for 32) from generate_series(0, octet_length(hashes) / 32 - 1) i;
	return octet_length(hashes) / 32;
end
$$;

create function api.factor_enrol(uid bigint, client text, sealed bytea, bound text, hashes bytea, step bigint,
	door text default 'ssh') returns void
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
begin
	select * into u from yanmen.users x where x.id = uid and x.state = 'active' for update;
	if not found then
		raise exception 'the account is disabled' using errcode = 'YM403';
	end if;
	if u.enrol_until > now() then
		delete from yanmen.factor f where f.user_id = uid;
		update yanmen.users x set enrol_until = null where x.id = uid;
	end if;
	begin
		insert into yanmen.factor (user_id, sealed, bound, last_step) values (uid, sealed, bound, step);
	exception when unique_violation then
		raise exception 'a second factor is there already' using errcode = 'YM409';
	end;
	perform yanmen.factor_codes_put(uid, hashes);
	perform yanmen.factor_remember(uid, client, door);
	perform audit.add('user:' || u.name, 'factor.enrolled', jsonb_build_object('user', u.name, 'address', client));
end
$$;

-- A factor is sealed anew with the credentials when the master key rotates.
create or replace view yanmen.sealed_all as
	select 'account' as what, a.id, a.sealed, a.bound, yanmen.sealed_generation(a.sealed) as generation
	from yanmen.account a join yanmen.target t on t.id = a.target_id where t.removed_at is null
	union all
	select 'factor', f.user_id, f.sealed, f.bound, yanmen.sealed_generation(f.sealed) from yanmen.factor f;
create or replace function api.sealed_renew(what text, id bigint, was bytea, sealed bytea) returns bool
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	if sealed_renew.what = 'account' then
		update yanmen.account a set sealed = sealed_renew.sealed
		where a.id = sealed_renew.id and a.sealed = sealed_renew.was;
	elsif sealed_renew.what = 'factor' then
		update yanmen.factor f set sealed = sealed_renew.sealed
		where f.user_id = sealed_renew.id and f.sealed = sealed_renew.was;
	end if;
	return found;
end
$$;

-- ---- commands ----
create function api.user_enable(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
begin
	perform api.need(caller, 'user.manage');
	u := yanmen.find_user(yanmen.need_arg(args, 'name'));
	if u.removed_at is not null then
		raise exception '% was removed; add the user anew', u.name using errcode = 'YM404';
	end if;
	perform yanmen.need_version(args, 'user', u.id::text);
	update yanmen.users set state = 'active', disabled_at = null where id = u.id;
	perform yanmen.note(caller, 'user.enabled', jsonb_build_object('user', u.name));
	return jsonb_build_object('id', u.id, 'name', u.name, 'state', 'active');
end
$$;

-- policy: off, enrolled, required, passkey = at the console by passkey alone, which he sets up at his next sign-in where he has none
-- (elsewhere as required), or default = what the setting factor.policy says.
create function api.user_factor(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
	p text := yanmen.need_arg(args, 'policy');
begin
	perform api.need(caller, 'factor.manage');
	u := yanmen.find_user(yanmen.need_arg(args, 'name'));
	if p not in ('default', 'off', 'enrolled', 'required', 'passkey') then
		raise exception 'a user''s factor is off, enrolled, required, passkey or default, not "%"', left(p, 40) using errcode = 'YM400';
	elsif p = 'passkey' and u.pwhash is null and not exists (select from yanmen.passkey k where k.user_id = u.id) then
		raise exception '% has neither a passkey nor a password to set one up with', u.name using errcode = 'YM409';
	end if;
	perform yanmen.need_version(args, 'user', u.id::text);
	update yanmen.users set factor = case p when 'default' then '' else p end where id = u.id;
	perform yanmen.note(caller, 'user.factor', jsonb_build_object('user', u.name, 'policy', p));
	return jsonb_build_object('id', u.id, 'name', u.name, 'policy', p);
end
$$;

create function api.factor_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'factor.list');
	return (select coalesce(jsonb_agg(jsonb_build_object('name', u.name, 'state', u.state,
			'policy', coalesce(nullif(u.factor, ''), 'default'), 'enrolled', f.user_id is not null,
			'since', yanmen.time_text(f.enrolled_at), 'codes_left', (select count(*) from yanmen.factor_code c
				where c.user_id = u.id and c.used_at is null),
			'passkeys', (select count(*) from yanmen.passkey k where k.user_id = u.id)) order by u.name), '[]')
		from yanmen.users u left join yanmen.factor f on f.user_id = u.id where u.removed_at is null);
end
$$;

-- A lost telephone: without a factor, a passkey and remembered browsers the user is as one who never had one; where it is required he
-- enrols again, with his password: who signs in by passkey alone had better be given a new one (user password).
create function api.factor_reset(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
	had bool;
begin
	perform api.need(caller, 'factor.manage');
	u := yanmen.find_user(yanmen.need_arg(args, 'name'));
	had := exists (select from yanmen.factor f where f.user_id = u.id) or exists (select from yanmen.passkey k where k.user_id = u.id);
	perform yanmen.forget_devices(u.id);
	delete from yanmen.factor f where f.user_id = u.id;
	delete from yanmen.passkey k where k.user_id = u.id;
	if not had then
		raise exception '% has no second factor', u.name using errcode = 'YM404';
	end if;
	perform yanmen.note(caller, 'factor.reset', jsonb_build_object('user', u.name));
	return jsonb_build_object('id', u.id, 'name', u.name, 'enrolled', false);
end
$$;

-- What the vault needs for new recovery codes: guarded like the command, which follows.
create function api.factor_sealed(caller jsonb, login text) returns table (sealed bytea, bound text)
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
begin
	perform api.need(caller, 'factor.manage');
	u := yanmen.find_user(login);
	return query select f.sealed, f.bound from yanmen.factor f where f.user_id = u.id;
	if not found then
		raise exception '% has no second factor', u.name using errcode = 'YM404';
	end if;
end
$$;
create function api.factor_codes(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
	n int;
begin
	perform api.need(caller, 'factor.manage');
	u := yanmen.find_user(yanmen.need_arg(args, 'name'));
	if not exists (select from yanmen.factor f where f.user_id = u.id) then
		raise exception '% has no second factor', u.name using errcode = 'YM404';
	end if;
	n := yanmen.factor_codes_put(u.id, yanmen.arg_hex(args, 'hashes'));
	perform yanmen.note(caller, 'factor.codes', jsonb_build_object('user', u.name, 'codes', n));
	return jsonb_build_object('id', u.id, 'name', u.name, 'codes', n);
end
$$;
grant execute on all functions in schema api to yanmen_broker;
