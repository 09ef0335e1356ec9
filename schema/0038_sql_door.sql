-- The door of SQL clients: access passwords, what a session's statements are held to, how a database greets.
--
-- yanmen.access_password  generated, shown once, for a door that cannot take a login password: its verifiers
-- yanmen.sql_greeting     what the server of a target said of itself the last time
--
-- A verifier is the hash of a hash of 192 random bits (MySQL's own shapes), so it needs no salt and cannot be guessed; it is worth nothing as a
-- password anywhere, but whoever has it and sees a login could go on from there (docs/SECURITY.md).

insert into yanmen.setting (key, value, form, most, about) values
	('sql.greeting', '', '^[[:print:]]{0,60}$', 60,
		'version that a MySQL door shows which is not bound to one target; empty: the gateway''s own word'),
	('access_password.longest', '7776000', '^[0-9]{1,7}$', 7,
		'seconds: the longest term of an access password, at most 90 days; 0 = none is made');

create table yanmen.access_password (
	id bigint generated always as identity primary key,
	user_id bigint not null references yanmen.users,
	door text not null check (door in ('mysql', 'tds')),
	name text not null check (yanmen.is_name(name, 64)),
	sha1 bytea not null check (octet_length(sha1) = 20),   -- SHA1(SHA1(password))
	sha2 bytea not null check (octet_length(sha2) = 32),   -- SHA256(SHA256(password))
	nets cidr[] not null default '{}' check (cardinality(nets) <= 64), -- none = from anywhere
	factored bool not null, -- whose it is had signed in with a second factor when it was made
	until timestamptz not null,
	created_at timestamptz not null default now(),
	used_at timestamptz,
	used_from text,
	revoked_at timestamptz,
	revoked_by text
);
create index on yanmen.access_password (user_id) where revoked_at is null;
create table yanmen.sql_greeting (
	target_id bigint primary key references yanmen.target on delete cascade,
	text text not null,
	at timestamptz not null
);

insert into yanmen.role_permission (role, permission, scope)
select r.name, p, 'all' from yanmen.role r, unnest(array['access_password.own', 'access_password.list']) p;

-- ---- commands: one's own are everybody's; who has user.manage sees and revokes others' ----
create function yanmen.access_state(a yanmen.access_password) returns text language sql stable as $$
	select case when a.revoked_at is not null then 'revoked' when a.until <= now() then 'expired'
		when (select u.state from yanmen.users u where u.id = a.user_id) <> 'active' then 'disabled' else 'valid' end
$$;
create function yanmen.access_facts(a yanmen.access_password) returns jsonb language sql stable as $$
	select jsonb_build_object('id', a.id, 'name', a.name, 'user', (select u.name from yanmen.users u where u.id = a.user_id), 'door', a.door,
		'networks', a.nets::text[], 'factored', a.factored, 'state', yanmen.access_state(a), 'created', yanmen.time_text(a.created_at),
		'until', yanmen.time_text(a.until), 'used', yanmen.time_text(a.used_at), 'used_from', a.used_from)
$$;
-- Those that he sees; what is over for 90 days is nobody's business any more.
create function yanmen.access_of(caller jsonb) returns setof yanmen.access_password language sql stable as $$
	select a.* from yanmen.access_password a join yanmen.users u on u.id = a.user_id
	where u.removed_at is null and coalesce(a.revoked_at, a.until) > now() - interval '90 days'
		and (yanmen.console_all(caller) or caller ->> 'actor' = 'user:' || u.name)
$$;
create function yanmen.access_term(args jsonb) returns bigint language plpgsql stable as $$
declare
	longest bigint := (select least(s.value::bigint, 7776000) from yanmen.setting s where s.key = 'access_password.longest');
	term bigint := yanmen.arg_number(args, 'for', 366 * 86400);
begin
	if coalesce(yanmen.arg(args, 'for'), '') = '' then
		term := least(30 * 86400, longest);
	end if;
	if term > longest or term = 0 then
		raise exception 'an access password is good for 1 to % s; see: settings get access_password.longest', longest using errcode = 'YM400';
	end if;
	return term;
end
$$;
-- Has he a second factor that a sign-in at the console cannot go without?
create function yanmen.access_factored(u yanmen.users) returns bool language sql stable as $$
	select coalesce(nullif(u.factor, ''), (select s.value from yanmen.setting s where s.key = 'factor.policy')) <> 'off'
		and (exists (select from yanmen.factor f where f.user_id = u.id) or exists (select from yanmen.passkey k where k.user_id = u.id))
$$;

-- args: those of the command, and `sha1` and `sha2` of the text, which the broker has made.
create function api.access_password_add(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
	a yanmen.access_password;
	title text;
	way text := coalesce(nullif(yanmen.arg(args, 'door'), ''), 'mysql');
begin
	perform api.need(caller, 'access_password.own');
	if caller ->> 'actor' like 'user:%' then
		perform yanmen.self_fresh(caller); -- it stands for him, as a password does
	end if;
	title := yanmen.need_name(args, 'name', 'access password');
	if way not in ('mysql', 'tds') then
		raise exception 'no door %; there are: mysql, tds', left(way, 40) using errcode = 'YM400';
	end if;
	u := yanmen.token_owner(caller, coalesce(yanmen.arg(args, 'user'), ''));
	update yanmen.access_password x set revoked_at = x.until, revoked_by = 'expired'
	where x.user_id = u.id and x.revoked_at is null and x.until <= now();
	if exists (select from yanmen.access_password x where x.user_id = u.id and x.revoked_at is null and x.name = title) then
		raise exception '% has an access password named % already', u.name, title using errcode = 'YM409';
	elsif (select count(*) from yanmen.access_password x where x.user_id = u.id and x.revoked_at is null) >= 20 then
		raise exception '% has 20 access passwords; revoke one first', u.name using errcode = 'YM409';
	end if;
	insert into yanmen.access_password (user_id, door, name, sha1, sha2, nets, factored, until)
	values (u.id, way, title, yanmen.arg_hex(args, 'sha1'), yanmen.arg_hex(args, 'sha2'), yanmen.arg_nets(args, 'from'),
		caller ->> 'actor' like 'user:%' and yanmen.access_factored(u), now() + yanmen.access_term(args) * interval '1 second')
	returning * into a;
	perform yanmen.note(caller, 'access_password.added', jsonb_build_object('user', u.name, 'access_password', a.id, 'name', a.name,
		'door', a.door, 'networks', a.nets::text[], 'factored', a.factored, 'until', yanmen.time_text(a.until)));
	return yanmen.access_facts(a);
end
$$;
create function api.access_password_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'access_password.list');
	return (select coalesce(jsonb_agg(yanmen.access_facts(a) order by a.created_at, a.id), '[]') from yanmen.access_of(caller) a);
end
$$;
create function api.access_password_revoke(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	word text := yanmen.need_arg(args, 'id');
	a yanmen.access_password;
begin
	perform api.need(caller, 'access_password.own');
	update yanmen.access_password x set revoked_at = now(), revoked_by = caller ->> 'actor'
	where x.id = (select o.id from yanmen.access_of(caller) o where o.id::text = word) and x.revoked_at is null returning * into a;
	if not found then
		raise exception 'no access password % that is not revoked; see: access-password list', left(word, 40) using errcode = 'YM404';
	end if;
	perform yanmen.note(caller, 'access_password.revoked', jsonb_build_object('user', (yanmen.access_facts(a)) ->> 'user',
		'access_password', a.id, 'name', a.name));
	return yanmen.access_facts(a);
end
$$;

-- ---- logging in ----
-- What a login at that door may be compared with.  The broker does the same work when there is none.
create function api.login_access(login text, door text, address text) returns table (id bigint, factored bool, sha1 bytea, sha2 bytea)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select a.id, a.factored, a.sha1, a.sha2 from yanmen.access_password a join yanmen.users u on u.id = a.user_id
	where u.name = login_access.login and u.state = 'active' and a.door = login_access.door and a.revoked_at is null and a.until > now()
		and (cardinality(a.nets) = 0 or login_access.address::inet <<= any (a.nets))
	order by a.id limit 20
$$;
create function yanmen.access_used(id bigint, address text, at timestamptz) returns void language sql as $$
	update yanmen.access_password a set used_at = access_used.at, used_from = access_used.address
	where a.id = access_used.id and (a.used_at is null or a.used_at < access_used.at)
$$;

-- ---- how a database greets ----
create function yanmen.greeting_seen(sid uuid, at timestamptz, said text) returns void language sql as $$
	insert into yanmen.sql_greeting (target_id, text, at)
	select s.target_id, left(greeting_seen.said, 255), greeting_seen.at from yanmen.session s
	where s.id = greeting_seen.sid and s.protocol in ('mysql', 'tds') and coalesce(greeting_seen.said, '') <> ''
	on conflict (target_id) do update set text = excluded.text, at = excluded.at where yanmen.sql_greeting.at < excluded.at
$$;
-- target: of a door to one target, or ''.
create function api.sql_greeting(target text) returns text
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select case when sql_greeting.target = '' then (select s.value from yanmen.setting s where s.key = 'sql.greeting')
		else coalesce((select g.text from yanmen.sql_greeting g join yanmen.target t on t.id = g.target_id
			where t.name = sql_greeting.target and t.removed_at is null), '') end
$$;

-- ---- the rules of a session ----
create function yanmen.sql_rules_of(t yanmen.target) returns setof yanmen.sql_rule language sql stable as $$
	select r.* from yanmen.sql_rule r
	where r.enabled and (r.scope = 'all' or r.cluster_id = t.cluster_id or r.target_id = t.id
		or exists (select from yanmen.group_target m where m.group_id = r.group_id and m.target_id = t.id))
$$;
-- What decides there, in short: it is another one when anything of it is.
create function yanmen.sql_rules_digest(t yanmen.target) returns text language sql stable as $$
	select encode(sha256(convert_to(concat_ws(E'\n', t.sql_default, t.sql_approval,
		(select string_agg(r.id || ':' || r.version || ':' || yanmen.sql_rule_rank(r), ',' order by yanmen.sql_rule_rank(r), r.id)
			from yanmen.sql_rules_of(t) r)), 'UTF8')), 'hex')
$$;
-- sessions: of the broker's workers.  Whose they are now, and by which rules they go.
create function api.sql_sessions(sessions uuid[]) returns table (id uuid, role text, otherwise text, approval bool, digest text)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	with used as (
		select t.id, t.sql_default, t.sql_approval, yanmen.sql_rules_digest(t) as digest from yanmen.target t
		where t.id in (select s.target_id from yanmen.session s where s.id = any (sessions))
	)
	select s.id, u.role, t.sql_default, t.sql_approval, t.digest
	from yanmen.session s join yanmen.users u on u.id = s.user_id join used t on t.id = s.target_id
	where s.id = any (sessions)
$$;
create function api.sql_rules(session uuid)
returns table (id bigint, action text, "user" text, role text, dialect text, database text, tables text, program text, from_nets text, hours text,
	classes text, flags text, without text, statements bigint, rows bigint, reason_en text, reason_zh text)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select r.id, r.action, r."user", r.role, r.dialect, r.database, r.tables, r.program, array_to_string(r.from_nets, ','), r.hours,
		array_to_string(r.classes, ' '), array_to_string(r.flags, ' '), array_to_string(r.without, ' '), r.statements, r.rows,
		r.reason_en, r.reason_zh
	from yanmen.session s join yanmen.target t on t.id = s.target_id, yanmen.sql_rules_of(t) r
	where s.id = sql_rules.session order by yanmen.sql_rule_rank(r), r.id
$$;

create function yanmen.tell_rules() returns trigger language plpgsql as $$
begin
	perform pg_notify('yanmen_rules', '');
	return null;
end
$$;
create trigger tell_rules after insert or update or delete on yanmen.sql_rule for each statement execute function yanmen.tell_rules();
create trigger tell_rules after insert or delete on yanmen.group_member for each statement execute function yanmen.tell_rules();
create trigger tell_rules after update on yanmen.resource_group for each statement execute function yanmen.tell_rules();
create trigger tell_rules after insert or update on yanmen.target for each statement execute function yanmen.tell_rules();
create trigger tell_rules after update on yanmen.cluster for each statement execute function yanmen.tell_rules();
create trigger tell_rules after update of role on yanmen.users for each statement execute function yanmen.tell_rules();
grant execute on all functions in schema api to yanmen_broker;

-- ---- what the console reads ----
create view console.access_passwords as
	select a.id, a.name, u.name as "user", a.door, a.nets::text[] as networks, a.factored, yanmen.access_state(a) as state, a.created_at as created,
		a.until, a.used_at as used, a.used_from, console.is_me(u.name) as mine
	from yanmen.access_of(console.caller()) a join yanmen.users u on u.id = a.user_id;
insert into console.collection (name, needs) values ('access_passwords', 'access_password.list');
create trigger tell_console after insert or delete or update of revoked_at on yanmen.access_password for each statement
	execute function yanmen.tell_console('access_passwords');
