-- How a person signs in, as he sees and changes it himself: password, passkeys, remembered browsers, keys.  The tables stand in 0011.

insert into yanmen.setting (key, value, form, most, about) values
	('factor.remember_device', '0', '^[0-9]{1,3}$', 3,
		'days in which a browser that its user wants remembered is not asked for a second factor again; 0 = none is'),
	('login.password_age', '0', '^[0-9]{1,4}$', 4,
		'days after which a password must be changed at the next sign-in at the console; 0 = never'),
	('password.least', '8', '^([89]|[1-9][0-9])$', 2, 'characters that a new password has at least'),
	('password.mixed', 'on', '^(on|off)$', 3, 'on: a new password has letters, digits and other characters');
insert into yanmen.role_permission (role, permission, scope)
select r, 'password.set', 'all' from unnest(array['admin', 'security_admin']) r;
insert into yanmen.duty (permission, duty) values ('password.set', 'security');

-- ---- passwords that are too old ----
create function yanmen.password_due(u yanmen.users) returns bool language sql stable as $$
	select u.pwhash is not null and not yanmen.passkey_only(u) and (u.pw_due or exists (select from yanmen.setting s
		where s.key = 'login.password_age' and s.value <> '0' and u.pw_at < now() - s.value::int * interval '1 day'))
$$;
-- Who is signed in at the console with one does nothing else before he has changed it.
create function yanmen.need_password(caller jsonb) returns void language plpgsql stable as $$
begin
	if coalesce(caller ->> 'console', '') <> '' and exists (select from yanmen.users u
		where u.name = substr(caller ->> 'actor', 6) and yanmen.password_due(u))
	then
		raise exception 'change your password first: it is too old, or was chosen by somebody else' using errcode = 'YM403';
	end if;
end
$$;
-- ... nor before he has the passkey that he is to sign in with.
create function yanmen.need_sign_in(caller jsonb) returns void language plpgsql stable as $$
begin
	perform yanmen.need_password(caller);
	if coalesce(caller ->> 'console', '') <> '' and exists (select from yanmen.users u
		where u.name = substr(caller ->> 'actor', 6) and yanmen.passkey_due(u))
	then
		raise exception 'set up a passkey first: you sign in by passkey alone' using errcode = 'YM403';
	end if;
end
$$;
-- What a new password must be, for who hashes it: "8 on".
create function api.password_rule() returns text
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select string_agg(s.value, ' ' order by s.key) from yanmen.setting s where s.key in ('password.least', 'password.mixed')
$$;

-- ---- who asks ----
-- The user who is signed in at the console.
create function yanmen.self(caller jsonb) returns yanmen.users language plpgsql stable as $$
declare
	u yanmen.users;
begin
	select * into u from yanmen.users x where x.name = substr(caller ->> 'actor', 6) and x.state = 'active';
	if u.id is null or coalesce(caller ->> 'console', '') = '' or caller ->> 'actor' not like 'user:%' then
		raise exception 'this is for who is signed in at the console' using errcode = 'YM403';
	end if;
	return u;
end
$$;
-- Until when his sign-in is fresh enough to change how he signs in: five minutes after it, or after his password was given again.
create function yanmen.fresh_until(caller jsonb) returns timestamptz language sql stable as $$
	select greatest(c.created_at, c.confirmed_at) + interval '5 minutes' from yanmen.console_session c
	where c.id = nullif(caller ->> 'console', '')::uuid
$$;
create function yanmen.self_fresh(caller jsonb) returns yanmen.users language plpgsql stable as $$
declare
	u yanmen.users := yanmen.self(caller);
begin
	if coalesce(yanmen.fresh_until(caller) < now(), true) then
		raise exception 'please give your password again, or sign in anew: this needs a sign-in of the last five minutes'
			using errcode = 'YM403';
	end if;
	return u;
end
$$;
-- The password that `me confirm` is compared with; '' = there is none.
create function api.me_hash(caller jsonb) returns table (name text, pwhash text, known bool)
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users := yanmen.self(caller);
begin
	return query select u.name, coalesce(u.pwhash, ''), exists (select from yanmen.login_known k
		where k.user_id = u.id and k.address = caller ->> 'address');
end
$$;
create function api.me_confirm(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users := yanmen.self(caller);
begin
	update yanmen.console_session set confirmed_at = now() where id = nullif(caller ->> 'console', '')::uuid;
	perform yanmen.note(caller, 'me.confirmed', jsonb_build_object('user', u.name));
	return jsonb_build_object('fresh_until', yanmen.time_text(yanmen.fresh_until(caller)));
end
$$;

-- ---- one's password ----
create function yanmen.password_put(u yanmen.users, hash text, due bool) returns void language plpgsql as $$
begin
	if coalesce(hash, '') = '' then
		raise exception 'the new password is missing' using errcode = 'YM400';
	end if;
	update yanmen.users set pwhash = hash, pw_at = now(), pw_due = due where id = u.id;
	perform yanmen.forget_devices(u.id);
end
$$;
-- The old one was given just now: a sign-in alone is not enough.  His other sessions at the console end.
create function api.me_password(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users := yanmen.self_fresh(caller);
begin
	if yanmen.passkey_due(u) then
		perform yanmen.need_sign_in(caller); -- says so: whoever has the password alone does not keep it from its owner
	elsif u.pwhash is not null and not exists (select from yanmen.console_session c where c.id = nullif(caller ->> 'console', '')::uuid
		and c.confirmed_at > now() - interval '5 minutes')
	then
		raise exception 'please give your old password first' using errcode = 'YM403';
	end if;
	perform yanmen.password_put(u, yanmen.arg(args, 'pwhash'), false);
	update yanmen.console_session set ended_at = now(), reason = 'the password was changed'
	where user_id = u.id and ended_at is null and id <> nullif(caller ->> 'console', '')::uuid;
	update yanmen.console_session set confirmed_at = null where id = nullif(caller ->> 'console', '')::uuid;
	perform yanmen.note(caller, 'password.changed', jsonb_build_object('user', u.name));
	return jsonb_build_object('user', u.name);
end
$$;
-- By an administrator: the user chooses another one at his next sign-in at the console.
create function api.user_password(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
begin
	perform api.need(caller, 'password.set');
	u := yanmen.find_user(yanmen.need_arg(args, 'name'));
	perform yanmen.password_put(u, yanmen.arg(args, 'pwhash'), true);
	update yanmen.console_session set ended_at = now(), reason = 'the password was set'
	where user_id = u.id and ended_at is null and id::text is distinct from caller ->> 'console';
	perform yanmen.note(caller, 'password.set', jsonb_build_object('user', u.name));
	return jsonb_build_object('id', u.id, 'name', u.name);
end
$$;

create function api.me_language(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users := yanmen.self(caller);
	l text := yanmen.need_arg(args, 'lang');
begin
	if l not in ('en', 'zh') then
		raise exception 'lang is en or zh' using errcode = 'YM400';
	end if;
	update yanmen.users set lang = l where id = u.id;
	perform yanmen.note(caller, 'me.language', jsonb_build_object('user', u.name, 'lang', l));
	return jsonb_build_object('user', u.name, 'lang', l);
end
$$;

-- A new authenticator app: within ten minutes his next sign-in at the console, by password, sets one up in place of the old one.
create function api.me_enrol(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users := yanmen.self_fresh(caller);
begin
	perform yanmen.need_sign_in(caller);
	if u.pwhash is null or u.factor = 'off' or yanmen.passkey_only(u) then
		raise exception 'you sign in without a password, or without a second factor: there is nothing to set up' using errcode = 'YM400';
	end if;
	update yanmen.users set enrol_until = now() + interval '10 minutes' where id = u.id;
	perform yanmen.note(caller, 'factor.renewing', jsonb_build_object('user', u.name));
	return jsonb_build_object('user', u.name);
end
$$;

-- ---- one's keys: key_blob was read from the line by the broker ----
create function api.me_key_add(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users := yanmen.self_fresh(caller);
	b bytea := yanmen.arg_blob(yanmen.need_arg(args, 'key_blob'), 'key', 16384);
begin
	perform yanmen.need_sign_in(caller);
	if (select count(*) >= 50 from yanmen.user_key k where k.user_id = u.id) then
		raise exception 'you have 50 keys already: remove one first' using errcode = 'YM400';
	end if;
	insert into yanmen.user_key (user_id, blob, comment)
	values (u.id, b, coalesce(left(substring(yanmen.arg(args, 'key') from '^\S+\s+\S+\s+(.*\S)\s*$'), 200), ''));
	perform yanmen.note(caller, 'user.key_added', jsonb_build_object('user', u.name, 'key', yanmen.fingerprint(b)));
	return jsonb_build_object('key', yanmen.fingerprint(b));
exception when unique_violation then
	raise exception 'you have that key already' using errcode = 'YM409';
end
$$;
create function api.me_key_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users := yanmen.self_fresh(caller);
	f text := yanmen.need_arg(args, 'key');
begin
	delete from yanmen.user_key k where k.user_id = u.id and yanmen.fingerprint(k.blob) = f;
	if not found then
		raise exception 'you have no key %', left(f, 60) using errcode = 'YM404';
	end if;
	perform yanmen.note(caller, 'user.key_removed', jsonb_build_object('user', u.name, 'key', f));
	return jsonb_build_object('key', f);
end
$$;

-- ---- remembered browsers and addresses ----
create function yanmen.device_remember(c yanmen.console_session, device bytea) returns int language plpgsql as $$
declare
	days int := (select s.value::int from yanmen.setting s where s.key = 'factor.remember_device');
begin
	delete from yanmen.device d where d.until <= now();
	if octet_length(device) <> 32 or days = 0 then
		return 0;
	end if;
	insert into yanmen.device (user_id, hash, address, agent, until)
	values (c.user_id, device, c.address, c.agent, now() + days * interval '1 day');
	perform audit.add('user:' || (select u.name from yanmen.users u where u.id = c.user_id), 'device.remembered',
		jsonb_build_object('user', (select u.name from yanmen.users u where u.id = c.user_id), 'address', c.address, 'days', days));
	return days;
end
$$;
-- id: of a browser, or "<address> <door>" of an address; all = every one.
create function api.device_forget(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users := yanmen.self(caller);
	which text := yanmen.need_arg(args, 'id');
	n int;
	m int;
begin
	delete from yanmen.device d where d.user_id = u.id and (which = 'all' or d.id::text = which);
	get diagnostics n = row_count;
	delete from yanmen.factor_seen s where s.user_id = u.id and (which = 'all' or s.address || ' ' || s.door = which);
	get diagnostics m = row_count;
	if n + m = 0 and which <> 'all' then
		raise exception 'nothing is remembered by that name' using errcode = 'YM404';
	end if;
	perform yanmen.note(caller, 'device.forgotten', jsonb_build_object('user', u.name, 'devices', n + m));
	return jsonb_build_object('forgotten', n + m);
end
$$;

-- ---- one's passkeys ----
-- The site that an address belongs to: its host name.  An IP address is none (WebAuthn, section 5.1.3): null.
create function yanmen.rp_of(origin text) returns text language sql immutable as $$
	select case when h ~ '^[0-9.]+$' then null else h end
	from (select substring(origin from '^https://([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::[0-9]{1,5})?$') as h) x
$$;
-- What a login may be answered with.  uid 0: nobody has said who he is.  ids: base64url, with blanks between.
create function api.passkey_ways(uid bigint, origin text) returns table (rp text, elsewhere text, ids text, totp bool, days int)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select coalesce(yanmen.rp_of(origin), ''),
		coalesce((select string_agg(distinct k.rp, ', ') from yanmen.passkey k
			where k.user_id = uid and k.rp is distinct from yanmen.rp_of(origin)), ''),
		coalesce((select string_agg(rtrim(translate(encode(k.credential, 'base64'), E'+/\n', '-_'), '='), ' ' order by k.created_at)
			from yanmen.passkey k where k.user_id = uid and k.rp = yanmen.rp_of(origin)), ''),
		exists (select from yanmen.factor f where f.user_id = uid),
		case when uid = 0 then 0 else (select s.value::int from yanmen.setting s where s.key = 'factor.remember_device') end
$$;
create function yanmen.passkey_handle(uid bigint) returns text language sql immutable as $$
	select 'yanmen:' || uid
$$;
create function api.passkey_facts(credential bytea, rp text, address text)
returns table (id uuid, user_id bigint, name text, authdata bytea, handle text, known bool)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select k.id, u.id, u.name, k.authdata, yanmen.passkey_handle(u.id), exists (select from yanmen.login_known n
		where n.user_id = u.id and n.address = passkey_facts.address and n.last_at > now() - interval '90 days')
	from yanmen.passkey k join yanmen.users u on u.id = k.user_id
	where k.credential = passkey_facts.credential and k.rp = passkey_facts.rp
$$;
-- The signature was right.  '' = he is in; else why not, for the audit.  A counter that does not go up is a copy's, or the copied one's.
create function api.passkey_pass(pid uuid, counter bigint, client text, second bool) returns text
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	k yanmen.passkey;
	u yanmen.users;
begin
	select * into k from yanmen.passkey x where x.id = pid for update;
	select * into u from yanmen.users x where x.id = k.user_id and x.state = 'active' for share;
	if u.id is null then
		return 'user is disabled';
	end if;
	if counter <= k.counter and (counter > 0 or k.counter > 0) then
		perform audit.add('system', 'passkey.cloned', jsonb_build_object('user', u.name, 'address', client, 'passkey', k.id,
			'name', k.name, 'counter', counter, 'before', k.counter));
		return 'counter went back';
	end if;
	update yanmen.passkey x set counter = passkey_pass.counter, used_at = now() where x.id = k.id;
	if second then
		perform yanmen.factor_remember(u.id, client, 'web');
	end if;
	perform audit.add('user:' || u.name, 'passkey.login', jsonb_build_object('user', u.name, 'address', client, 'passkey', k.id,
		'name', k.name, 'second', second));
	return '';
end
$$;

-- A challenge for a new one, of this console session, for two minutes and one answer.
create table yanmen.passkey_asked (
	console uuid primary key references yanmen.console_session on delete cascade,
	challenge bytea not null,
	at timestamptz not null default now()
);
create function yanmen.base64url(b bytea) returns text language sql immutable as $$
	select rtrim(translate(encode(b, 'base64'), E'+/\n', '-_'), '=')
$$;
create function api.passkey_begin(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users := yanmen.self_fresh(caller);
	site text := (select yanmen.rp_of(c.origin) from yanmen.console_session c where c.id = nullif(caller ->> 'console', '')::uuid);
	word bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
begin
	perform yanmen.need_password(caller);
	if site is null then
		raise exception 'a passkey belongs to a host name: open the console by its name, not by an IP address' using errcode = 'YM400';
	elsif (select count(*) >= 20 from yanmen.passkey k where k.user_id = u.id) then
		raise exception 'you have 20 passkeys already: remove one first' using errcode = 'YM400';
	end if;
	insert into yanmen.passkey_asked (console, challenge) values (nullif(caller ->> 'console', '')::uuid, word)
	on conflict (console) do update set challenge = excluded.challenge, at = now();
	return jsonb_build_object('challenge', yanmen.base64url(word), 'rp', site, 'user', u.name,
		'handle', yanmen.base64url(yanmen.passkey_handle(u.id)::bytea),
		'taken', (select coalesce(jsonb_agg(yanmen.base64url(k.credential)), '[]') from yanmen.passkey k where k.user_id = u.id
			and k.rp = site));
end
$$;
-- Uses the challenge up: for the helper.
create function api.passkey_pending(caller jsonb) returns table (challenge bytea, rp text, origin text)
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	a yanmen.passkey_asked;
begin
	perform yanmen.self_fresh(caller);
	delete from yanmen.passkey_asked x where x.console = nullif(caller ->> 'console', '')::uuid returning * into a;
	if a.console is null or a.at < now() - interval '2 minutes' then
		raise exception 'that took too long; please begin again' using errcode = 'YM400';
	end if;
	return query select a.challenge, yanmen.rp_of(c.origin), c.origin from yanmen.console_session c where c.id = a.console;
end
$$;
create function api.passkey_add(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users := yanmen.self_fresh(caller);
	k yanmen.passkey;
	n text := coalesce(nullif(trim(yanmen.arg(args, 'name')), ''), 'passkey');
begin
	insert into yanmen.passkey (user_id, name, credential, authdata, rp, counter)
	values (u.id, left(n, 60), yanmen.arg_hex(args, 'credential_hex'), yanmen.arg_hex(args, 'authdata_hex'), yanmen.need_arg(args, 'rp'),
		yanmen.need_arg(args, 'counter')::bigint) returning * into k;
	perform yanmen.note(caller, 'passkey.added', jsonb_build_object('user', u.name, 'passkey', k.id, 'name', k.name, 'site', k.rp));
	return jsonb_build_object('id', k.id, 'name', k.name);
exception when unique_violation then
	raise exception 'that passkey is registered already' using errcode = 'YM409';
end
$$;
-- One of his own, or anybody's for who manages second factors.
create function yanmen.passkey_of(caller jsonb, args jsonb) returns yanmen.passkey language plpgsql as $$
declare
	k yanmen.passkey;
	word text := yanmen.need_arg(args, 'id');
begin
	select * into k from yanmen.passkey x where x.id::text = lower(word);
	if k.id is not null and k.user_id = (select u.id from yanmen.users u where 'user:' || u.name = caller ->> 'actor') then
		perform yanmen.self_fresh(caller);
	else
		perform api.need(caller, 'factor.manage');
	end if;
	if k.id is null then
		raise exception 'no passkey %; see: passkey list', left(word, 40) using errcode = 'YM404';
	end if;
	return k;
end
$$;
create function api.passkey_rename(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	k yanmen.passkey := yanmen.passkey_of(caller, args);
	n text := left(trim(yanmen.need_arg(args, 'name')), 60);
begin
	if n = '' then
		raise exception 'name is missing' using errcode = 'YM400';
	end if;
	update yanmen.passkey set name = n where id = k.id;
	perform yanmen.note(caller, 'passkey.renamed', jsonb_build_object('user', (select u.name from yanmen.users u where u.id = k.user_id),
		'passkey', k.id, 'name', n, 'before', k.name));
	return jsonb_build_object('id', k.id, 'name', n);
end
$$;
create function api.passkey_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	k yanmen.passkey := yanmen.passkey_of(caller, args);
	u yanmen.users;
begin
	select * into u from yanmen.users x where x.id = k.user_id for update;
	if yanmen.passkey_only(u) and not exists (select from yanmen.passkey x where x.user_id = u.id and x.id <> k.id) then
		raise exception 'this is the last passkey of %, who signs in by passkey alone; see: user factor', u.name using errcode = 'YM409';
	end if;
	delete from yanmen.passkey where id = k.id;
	delete from yanmen.device d where d.user_id = u.id;
	perform yanmen.note(caller, 'passkey.removed', jsonb_build_object('user', u.name, 'passkey', k.id, 'name', k.name));
	return jsonb_build_object('id', k.id, 'name', k.name, 'removed', true);
end
$$;
create function api.passkey_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	whose text := coalesce(yanmen.arg(args, 'user'), '');
begin
	perform api.need(caller, 'factor.list');
	return (select coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'user', u.name, 'name', k.name, 'site', k.rp,
			'created', yanmen.time_text(k.created_at), 'used', yanmen.time_text(k.used_at)) order by u.name, k.created_at), '[]')
		from yanmen.passkey k join yanmen.users u on u.id = k.user_id where whose in ('', u.name));
end
$$;
grant execute on all functions in schema api to yanmen_broker;

-- ---- what the page shows: one's own ----
create view console.passkeys as
	select k.id, k.name, k.rp as site, k.created_at as created, k.used_at as used
	from yanmen.passkey k join yanmen.users u on u.id = k.user_id where console.is_me(u.name);
create view console.devices as
	select d.id::text as id, 'browser' as kind, d.address, d.agent, d.created_at as created, d.until
	from yanmen.device d join yanmen.users u on u.id = d.user_id where console.is_me(u.name) and d.until > now()
	union all
	select s.address || ' ' || s.door, s.door, s.address, '', null, s.until
	from yanmen.factor_seen s join yanmen.users u on u.id = s.user_id where console.is_me(u.name) and s.until > now();
create view console.keys as
	select yanmen.fingerprint(k.blob) as id, yanmen.fingerprint(k.blob) as name, k.comment, k.created_at as created
	from yanmen.user_key k join yanmen.users u on u.id = k.user_id where console.is_me(u.name);
insert into console.collection (name, needs) values ('passkeys', ''), ('devices', ''), ('keys', '');

-- ---- the first run: what an administrator is led through until he has done it, or said that he needs it not ----
create table yanmen.setup (
	id int primary key default 1 check (id = 1),
	step int not null default 0 check (step between 0 and 20),
	done_at timestamptz,
	done_by text
);
insert into yanmen.setup default values;
-- Is it led through?  Who may set settings, while nobody has ended it.
create function yanmen.setup_open(caller jsonb) returns bool language sql stable as $$
	select exists (select from yanmen.setup s where s.done_at is null) and exists (select from yanmen.role_permission p
		where p.role = yanmen.role_of(caller) and p.permission = 'settings.set' and p.scope = 'all')
$$;
create function api.setup_step(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	n int;
begin
	perform api.need(caller, 'settings.set');
	n := yanmen.arg_number(args, 'step', 20);
	update yanmen.setup set step = n where done_at is null;
	return jsonb_build_object('step', n);
end
$$;
create function api.setup_done(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'settings.set');
	update yanmen.setup set done_at = now(), done_by = caller ->> 'actor' where done_at is null;
	if found then
		perform yanmen.note(caller, 'setup.done', '{}');
	end if;
	return '{"done": true}';
end
$$;
grant execute on function api.setup_step, api.setup_done to yanmen_broker;
-- How far this gateway is: also what the home page's list of things to do is made of.
create view console.setup as
	select s.id, s.step, s.done_at is not null as done,
		(select count(*) from yanmen.target t where t.removed_at is null) as targets,
		(select count(*) from yanmen.users u where u.removed_at is null) as users,
		(select count(*) from yanmen.access_grant g where g.removed_at is null) as grants,
		(select count(*) from yanmen.session) as sessions,
		(select x.value from yanmen.setting x where x.key = 'factor.policy') as factor
	from yanmen.setup s;
insert into console.collection (name, needs) values ('setup', 'settings.set');

create or replace view console.me as
	select u.id, u.name as "user", u.role, u.lang, (console.caller() ->> 'console')::uuid as session,
		array(select p.permission from yanmen.role_permission p
			where p.role = u.role and yanmen.token_may(console.caller(), p.permission) order by p.permission) as permissions,
		yanmen.fresh_until(console.caller()) as fresh_until, yanmen.password_due(u) as due, u.pwhash is not null as password,
		exists (select from yanmen.factor f where f.user_id = u.id) as totp, u.factor as policy,
		coalesce((select yanmen.rp_of(c.origin) from yanmen.console_session c where c.id = nullif(console.caller() ->> 'console', '')::uuid), '')
			as site,
		yanmen.setup_open(console.caller()) as setup, u.mail,
		(select s.value from yanmen.setting s where s.key = 'console.watermark') as watermark, console.caller() ->> 'address' as address,
		yanmen.passkey_only(u) as passkey_only, yanmen.passkey_due(u) as passkey_due
	from yanmen.users u where u.name = substr(console.caller() ->> 'actor', 6);
