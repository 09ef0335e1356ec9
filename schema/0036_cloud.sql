-- Accounts of cloud consoles: which a customer has, what their secrets are, who may open one, who did.
--
-- yanmen.cloud          an account: its provider, name there, page, whether it operates or only reads; in a resource group
-- yanmen.cloud_secret   its password, and the secret of its access key: sealed by the vault, bound to the account and what it is
-- yanmen.cloud_user     who may open the passwords of a group's accounts, until when
-- yanmen.cloud_opening  who opened which, when and why: told on the account's page
--
-- A secret goes in by `cloud secret`.  A password comes out by `cloud open` alone: the broker says who may, the vault gives it to
-- yanmen-web for this one answer.  The secret of an access key is for programs of the gateway: no person is shown it, and the vault
-- gives it to nobody so far.  No list, export, log or history has either.

insert into yanmen.role_permission (role, permission, scope)
select r.name, 'cloud.list', case when r.name in ('admin', 'auditor', 'system_admin', 'security_admin', 'audit_admin') then 'all'
	else 'own' end from yanmen.role r
union all
select r.name, 'cloud.open', 'all' from yanmen.role r where r.name not in ('auditor', 'audit_admin')
union all
values ('admin', 'cloud.manage', 'all'), ('system_admin', 'cloud.manage', 'all'),
	('admin', 'cloud.allow', 'all'), ('security_admin', 'cloud.allow', 'all');
insert into yanmen.duty (permission, duty) values ('cloud.manage', 'system'), ('cloud.allow', 'security');

create table yanmen.cloud (
	id bigint generated always as identity primary key,
	version int not null default 1,
	name text not null check (yanmen.is_name(name, 64)),
	provider text not null check (provider in ('aliyun', 'tencent', 'huawei', 'aws', 'other')),
	kind text not null check (kind in ('operate', 'readonly')),
	login text not null check (octet_length(login) between 1 and 255 and login !~ '[[:cntrl:]]'), -- the account's name or id at the provider
	url text not null default '' check (url ~ '^(https://[^[:space:][:cntrl:]]+)?$' and octet_length(url) <= 500),
	key_id text not null default '' check (key_id ~ '^[A-Za-z0-9._-]{0,128}$'), -- of the access key: no secret
	group_id bigint not null references yanmen.resource_group,
	remind_days int not null default 90 check (remind_days between 0 and 3650), -- 0 = never
	password_at timestamptz,
	key_at timestamptz,
	created_at timestamptz not null default now(),
	removed_at timestamptz
);
create unique index cloud_name on yanmen.cloud (name) where removed_at is null;
create table yanmen.cloud_secret (
	id bigint generated always as identity primary key,
	cloud_id bigint not null references yanmen.cloud,
	what text not null check (what in ('password', 'key')),
	sealed bytea not null check (octet_length(sealed) <= 4096),
	bound text not null,
	unique (cloud_id, what)
);
create table yanmen.cloud_user (
	id bigint generated always as identity primary key,
	group_id bigint not null references yanmen.resource_group,
	user_id bigint not null references yanmen.users,
	until timestamptz,
	created_at timestamptz not null default now(),
	created_by text not null,
	unique (group_id, user_id)
);
create index on yanmen.cloud_user (user_id);
create table yanmen.cloud_opening (
	id bigint generated always as identity primary key,
	cloud_id bigint not null references yanmen.cloud,
	name text not null, -- at that time
	user_name text not null,
	address text not null,
	reason text not null,
	at timestamptz not null default now()
);
create index on yanmen.cloud_opening (cloud_id, at);
create trigger count_version before update on yanmen.cloud for each row execute function yanmen.count_version();
create trigger track after insert or update or delete on yanmen.cloud for each row execute function yanmen.track('cloud');

-- ---- who ----
create function yanmen.cloud_uid(caller jsonb) returns bigint language sql stable as $$
	select u.id from yanmen.users u where u.name = substr(caller ->> 'actor', 6) and caller ->> 'actor' like 'user:%' and u.state = 'active'
$$;
-- May he open what is in that group, now?
create function yanmen.cloud_opens(uid bigint, gid bigint) returns bool language sql stable as $$
	select exists (select from yanmen.cloud_user c where c.user_id = uid and c.group_id = gid and (c.until is null or c.until > now()))
$$;
-- Those that he sees: all, or those of groups that he administers or may open.
create function yanmen.cloud_of(caller jsonb) returns setof yanmen.cloud language sql stable as $$
	select c.* from yanmen.cloud c
	where c.removed_at is null and (yanmen.reach(caller, 'cloud.list') is null or yanmen.cloud_opens(yanmen.cloud_uid(caller), c.group_id)
		or exists (select from yanmen.group_admin a where a.group_id = c.group_id and a.user_id = yanmen.cloud_uid(caller)))
$$;
-- What he does not see does not exist.
create function yanmen.find_cloud(caller jsonb, n text) returns yanmen.cloud language plpgsql stable as $$
declare
	c yanmen.cloud;
begin
	select * into c from yanmen.cloud_of(caller) x where x.name = n;
	if not found then
		raise exception 'no cloud account named %; see: cloud list', left(n, 80) using errcode = 'YM404';
	end if;
	return c;
end
$$;
create function yanmen.cloud_due(c yanmen.cloud) returns bool language sql stable as $$
	select c.remind_days > 0 and coalesce(least(c.password_at, c.key_at) < now() - c.remind_days * interval '1 day', false)
$$;
create function yanmen.cloud_facts(c yanmen.cloud) returns jsonb language sql stable as $$
	select jsonb_build_object('id', c.id, 'version', c.version, 'name', c.name, 'provider', c.provider, 'kind', c.kind, 'login', c.login,
		'url', c.url, 'key_id', c.key_id, 'group', (select g.name from yanmen.resource_group g where g.id = c.group_id),
		'remind_days', c.remind_days, 'password_at', yanmen.time_text(c.password_at), 'key_at', yanmen.time_text(c.key_at),
		'due', yanmen.cloud_due(c),
		'users', array(select u.name from yanmen.cloud_user x join yanmen.users u on u.id = x.user_id
			where x.group_id = c.group_id and (x.until is null or x.until > now()) and u.removed_at is null order by u.name),
		'opened', (select max(yanmen.time_text(o.at)) from yanmen.cloud_opening o where o.cloud_id = c.id))
$$;

-- ---- registering ----
-- What is given; `none` takes away what there is.
create function yanmen.cloud_word(args jsonb, key text) returns text language sql stable as $$
	select case yanmen.arg(args, key) when 'none' then '' else yanmen.arg(args, key) end
$$;
-- What is given of these takes the place of what there is.
create function yanmen.cloud_put(args jsonb, c yanmen.cloud) returns yanmen.cloud language plpgsql stable as $$
begin
	c.provider := coalesce(nullif(yanmen.arg(args, 'provider'), ''), c.provider);
	c.kind := coalesce(nullif(yanmen.arg(args, 'kind'), ''), c.kind);
	c.login := coalesce(nullif(yanmen.arg(args, 'login'), ''), c.login);
	c.url := coalesce(yanmen.cloud_word(args, 'url'), c.url, '');
	c.key_id := coalesce(yanmen.cloud_word(args, 'key_id'), c.key_id, '');
	if coalesce(yanmen.arg(args, 'group'), '') <> '' then
		c.group_id := (yanmen.find_group(yanmen.arg(args, 'group'))).id;
	end if;
	if coalesce(yanmen.arg(args, 'remind'), '') <> '' then
		c.remind_days := yanmen.arg_number(args, 'remind', 3650);
	end if;
	if c.provider not in ('aliyun', 'tencent', 'huawei', 'aws', 'other') then
		raise exception 'no provider %; there are: aliyun, tencent, huawei, aws, other', left(c.provider, 40) using errcode = 'YM400';
	elsif c.kind not in ('operate', 'readonly') then
		raise exception 'kind is operate or readonly, not "%"', left(c.kind, 40) using errcode = 'YM400';
	elsif c.url !~ '^(https://[^[:space:][:cntrl:]]+)?$' then
		raise exception '"%" is no address of a page: https://…', left(c.url, 80) using errcode = 'YM400';
	elsif c.login ~ '[[:cntrl:]]' then
		raise exception 'a login is one line of text' using errcode = 'YM400';
	elsif c.key_id !~ '^[A-Za-z0-9._-]{0,128}$' then
		raise exception 'the id of an access key has letters, digits, . _ and - alone' using errcode = 'YM400';
	end if;
	return c;
end
$$;
create function api.cloud_add(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c yanmen.cloud;
	k text;
begin
	perform api.need(caller, 'cloud.manage');
	c.name := yanmen.need_name(args, 'name', 'cloud account');
	foreach k in array array['provider', 'kind', 'login', 'group'] loop
		perform yanmen.need_arg(args, k);
	end loop;
	c.remind_days := 90;
	c := yanmen.cloud_put(args, c);
	begin
		insert into yanmen.cloud (name, provider, kind, login, url, key_id, group_id, remind_days)
		values (c.name, c.provider, c.kind, c.login, c.url, c.key_id, c.group_id, c.remind_days) returning * into c;
	exception when unique_violation then
		raise exception 'there is a cloud account named % already', c.name using errcode = 'YM409';
	end;
	perform yanmen.note(caller, 'cloud.added', yanmen.cloud_facts(c) - array['id', 'version', 'users', 'due', 'opened', 'password_at', 'key_at']);
	return yanmen.cloud_facts(c);
end
$$;
create function api.cloud_set(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c yanmen.cloud;
begin
	perform api.need(caller, 'cloud.manage');
	c := yanmen.find_cloud(caller, yanmen.need_arg(args, 'name'));
	perform yanmen.need_version(args, 'cloud', c.id::text);
	c := yanmen.cloud_put(args, c);
	update yanmen.cloud x set provider = c.provider, kind = c.kind, login = c.login, url = c.url, key_id = c.key_id,
		group_id = c.group_id, remind_days = c.remind_days
	where x.id = c.id returning * into c;
	perform yanmen.note(caller, 'cloud.changed', jsonb_build_object('name', c.name));
	return yanmen.cloud_facts(c);
end
$$;
create function api.cloud_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c yanmen.cloud;
begin
	perform api.need(caller, 'cloud.manage');
	c := yanmen.find_cloud(caller, yanmen.need_arg(args, 'name'));
	perform yanmen.need_version(args, 'cloud', c.id::text);
	delete from yanmen.cloud_secret s where s.cloud_id = c.id;
	update yanmen.cloud x set removed_at = now() where x.id = c.id;
	perform yanmen.note(caller, 'cloud.removed', jsonb_build_object('name', c.name));
	return jsonb_build_object('name', c.name, 'removed', true);
end
$$;
create function api.cloud_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'cloud.list');
	return (select coalesce(jsonb_agg(yanmen.cloud_facts(c) order by c.name), '[]') from yanmen.cloud_of(caller) c);
end
$$;

-- ---- secrets in ----
-- What one is bound to; no row: no such account.
create function api.cloud_binding(name text, kind text) returns text
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select 'cloud=' || c.id || E'\nwhat=' || cloud_binding.kind from yanmen.cloud c
	where c.name = cloud_binding.name and c.removed_at is null and cloud_binding.kind in ('password', 'key')
$$;
-- args: those of the command, and `sealed` and `bound`, which the broker adds.
create function api.cloud_secret(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c yanmen.cloud;
	k text;
begin
	perform api.need(caller, 'cloud.manage');
	c := yanmen.find_cloud(caller, yanmen.need_arg(args, 'name'));
	k := yanmen.need_arg(args, 'kind');
	perform yanmen.need_version(args, 'cloud', c.id::text);
	if api.cloud_binding(c.name, k) is distinct from yanmen.need_arg(args, 'bound') then
		raise exception '% is another cloud account by now; try again', c.name using errcode = 'YM409';
	end if;
	insert into yanmen.cloud_secret (cloud_id, what, sealed, bound) values (c.id, k, yanmen.arg_hex(args, 'sealed'), yanmen.arg(args, 'bound'))
	on conflict (cloud_id, what) do update set sealed = excluded.sealed, bound = excluded.bound;
	update yanmen.cloud x set password_at = case k when 'password' then now() else x.password_at end,
		key_at = case k when 'key' then now() else x.key_at end
	where x.id = c.id returning * into c;
	perform yanmen.note(caller, 'cloud.secret', jsonb_build_object('name', c.name, 'kind', k));
	return yanmen.cloud_facts(c);
end
$$;

-- ---- who may open them ----
create function api.cloud_allow(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	g yanmen.resource_group;
	u yanmen.users;
	ends timestamptz;
begin
	perform api.need(caller, 'cloud.allow');
	g := yanmen.find_group(yanmen.need_arg(args, 'group'));
	u := yanmen.find_user(yanmen.need_arg(args, 'user'));
	if caller ->> 'actor' = 'user:' || u.name and yanmen.duties_separate() then
		raise exception 'while duties are separate nobody gives himself a right' using errcode = 'YM403';
	elsif not exists (select from yanmen.role_permission p where p.role = u.role and p.permission = 'cloud.open') then
		raise exception 'the role % opens no cloud account', u.role using errcode = 'YM409';
	end if;
	if coalesce(yanmen.arg(args, 'until'), '') <> '' then
		ends := yanmen.request_time(args, 'until');
	end if;
	insert into yanmen.cloud_user (group_id, user_id, until, created_by) values (g.id, u.id, ends, caller ->> 'actor')
	on conflict (group_id, user_id) do update set until = excluded.until, created_by = excluded.created_by;
	perform yanmen.note(caller, 'cloud.allowed', jsonb_build_object('user', u.name, 'group', g.name, 'until', yanmen.time_text(ends)));
	return jsonb_build_object('user', u.name, 'group', g.name, 'until', yanmen.time_text(ends));
end
$$;
create function api.cloud_forbid(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	g yanmen.resource_group;
	u yanmen.users;
begin
	perform api.need(caller, 'cloud.allow');
	g := yanmen.find_group(yanmen.need_arg(args, 'group'));
	u := yanmen.find_user(yanmen.need_arg(args, 'user'));
	delete from yanmen.cloud_user c where c.group_id = g.id and c.user_id = u.id;
	if not found then
		raise exception '% opens no cloud account of %', u.name, g.name using errcode = 'YM404';
	end if;
	perform yanmen.note(caller, 'cloud.forbidden', jsonb_build_object('user', u.name, 'group', g.name));
	return jsonb_build_object('user', u.name, 'group', g.name);
end
$$;

-- ---- passwords out ----
-- For who is signed in at the console since five minutes at most, or gave his password again within them: what is sealed, which the
-- broker has the vault give to yanmen-web.  That it was opened stands in the audit log before it is.
create function api.cloud_open(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
	c yanmen.cloud;
	why text;
	s yanmen.cloud_secret;
begin
	perform api.need(caller, 'cloud.open');
	u := yanmen.self_fresh(caller);
	why := btrim(yanmen.need_arg(args, 'reason'));
	if length(why) < 3 then
		raise exception 'say why, in a few words' using errcode = 'YM400';
	end if;
	c := yanmen.find_cloud(caller, yanmen.need_arg(args, 'name'));
	if not yanmen.cloud_opens(u.id, c.group_id) then
		raise exception 'not allowed: you open no cloud account of %; ask a security administrator', (select g.name
			from yanmen.resource_group g where g.id = c.group_id) using errcode = 'YM403';
	end if;
	select * into s from yanmen.cloud_secret x where x.cloud_id = c.id and x.what = 'password';
	if not found then
		raise exception '% has no password here; see: cloud secret', c.name using errcode = 'YM404';
	end if;
	insert into yanmen.cloud_opening (cloud_id, name, user_name, address, reason)
	values (c.id, c.name, u.name, coalesce(caller ->> 'address', ''), why);
	perform yanmen.note(caller, 'cloud.opened', jsonb_build_object('user', u.name, 'name', c.name, 'reason', why));
	return jsonb_build_object('name', c.name, 'login', c.login, 'url', c.url, 'sealed', encode(s.sealed, 'hex'), 'bound', s.bound);
end
$$;
create function api.cloud_openings(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'cloud.list');
	return (select coalesce(jsonb_agg(jsonb_build_object('at', yanmen.time_text(o.at), 'name', o.name, 'user', o.user_name,
			'address', o.address, 'reason', o.reason) order by o.id desc), '[]')
		from (select x.* from yanmen.cloud_opening x where x.cloud_id in (select c.id from yanmen.cloud_of(caller) c)
			and coalesce(yanmen.arg(args, 'name'), '') in ('', x.name) order by x.id desc limit 1000) o);
end
$$;
grant execute on all functions in schema api to yanmen_broker;

-- ---- what the console reads, and is told ----
insert into console.collection (name, needs) values ('clouds', 'cloud.list'), ('cloud_openings', 'cloud.list'),
	('cloud_users', 'cloud.allow');
create view console.clouds as
	select c.id, c.version, c.name, c.provider, c.kind, c.login, c.url, c.key_id, g.name as "group", c.remind_days::text as remind,
		c.password_at, c.key_at, yanmen.cloud_due(c) as due,
		(select max(o.at) from yanmen.cloud_opening o where o.cloud_id = c.id) as opened,
		(select string_agg(x, ', ' order by x) from jsonb_array_elements_text(f -> 'users') x) as users,
		yanmen.cloud_opens(yanmen.cloud_uid(console.caller()), c.group_id) as opens
	from yanmen.cloud_of(console.caller()) c join yanmen.resource_group g on g.id = c.group_id, yanmen.cloud_facts(c) f;
create view console.cloud_openings as
	select o.id, o.at, o.name, o.user_name as "user", o.address, o.reason
	from yanmen.cloud_opening o where o.cloud_id in (select c.id from yanmen.cloud_of(console.caller()) c);
create view console.cloud_users as
	select x.id, u.name || ' – ' || g.name as name, u.name as "user", g.name as "group", x.until, x.created_at as at, x.created_by
	from yanmen.cloud_user x join yanmen.users u on u.id = x.user_id join yanmen.resource_group g on g.id = x.group_id
	where u.removed_at is null;
create trigger tell_console after insert or update or delete on yanmen.cloud for each statement
	execute function yanmen.tell_console('clouds');
create trigger tell_console after insert or update or delete on yanmen.cloud_user for each statement
	execute function yanmen.tell_console('cloud_users');
create trigger tell_console after insert on yanmen.cloud_opening for each statement
	execute function yanmen.tell_console('cloud_openings');
