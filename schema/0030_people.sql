-- Roles of one's own making; what a person has arranged for himself in the console: searches, columns, favourites; what is to be done.

-- ---- roles ----
-- A shipped role stays what it is.  One that was added is a set of permissions with the scopes that shipped roles have, and whatever all
-- shipped roles have besides.
alter table yanmen.role add custom bool not null default false, add version int not null default 1;
insert into yanmen.role_permission (role, permission, scope)
values ('admin', 'role.manage', 'all'), ('security_admin', 'role.manage', 'all'), ('admin', 'view.share', 'all'),
	('system_admin', 'view.share', 'all'), ('security_admin', 'view.share', 'all');
insert into yanmen.duty (permission, duty) values ('role.manage', 'security');

-- What no added role may have: with these somebody could become anybody else, and so have every right.
create function yanmen.role_never(permission text) returns bool language sql immutable as $$
	select permission in ('user.manage', 'password.set', 'factor.manage', 'certificate.manage', 'role.manage', 'duty.manage')
$$;
-- The permissions there are; base: every shipped role has it; own: it can be had for one's own groups and clusters alone.
create function yanmen.rights() returns table (permission text, base bool, own bool) language sql stable as $$
	select p.permission, count(*) filter (where p.scope = 'all') = (select count(*) from yanmen.role r where not r.custom),
		bool_or(p.scope = 'own') and not p.permission like 'request.%'
	from (select * from yanmen.role_permission union select * from yanmen.role_aside) p
	join yanmen.role r on r.name = p.role and not r.custom
	group by p.permission
$$;
create function yanmen.find_role(n text) returns yanmen.role language plpgsql stable as $$
declare
	r yanmen.role;
begin
	select * into r from yanmen.role x where x.name = n;
	if not found then
		raise exception 'no role named %; see: role list', left(n, 80) using errcode = 'YM404';
	end if;
	return r;
end
$$;
create function yanmen.role_rights(role text) returns jsonb language sql stable as $$
	select coalesce(jsonb_object_agg(p.permission, p.scope order by p.permission), '{}')
	from (select * from yanmen.role_permission union all select * from yanmen.role_aside) p where p.role = role_rights.role
$$;
-- right*: PERMISSION (for all) or PERMISSION:own.  What the role had already may stay; what is new the caller must have himself, as wide, and
-- his token too.
create function yanmen.arg_rights(caller jsonb, args jsonb, had jsonb) returns jsonb language plpgsql stable as $$
declare
	word text;
	p text;
	wide text;
	x record;
	found_rights jsonb := '{}';
begin
	foreach word in array yanmen.arg_list(args, 'right') loop
		p := split_part(word, ':', 1);
		wide := case when word like '%:%' then substr(word, length(p) + 2) else 'all' end;
		select * into x from yanmen.rights() r where r.permission = p;
		if x.permission is null then
			raise exception 'there is no permission %; see: role list', left(p, 60) using errcode = 'YM400';
		elsif wide not in ('all', 'own') or (wide = 'own' and not x.own) then
			raise exception 'the permission % cannot be had for "%"', p, left(wide, 20) using errcode = 'YM400';
		elsif yanmen.role_never(p) then
			raise exception 'the permission % stays with the roles that are shipped: with it one becomes anybody', p using errcode = 'YM409';
		elsif had ->> p is distinct from wide and not coalesce((select (q.scope = 'all' or q.scope = wide) and yanmen.token_may(caller, p)
			from yanmen.permissions(caller) q where q.role = yanmen.role_of(caller) and q.permission = p), false)
		then
			raise exception 'not allowed: nobody gives a right that he does not have: %', p using errcode = 'YM403';
		end if;
		found_rights := found_rights || jsonb_build_object(p, wide);
	end loop;
	return found_rights || (select coalesce(jsonb_object_agg(r.permission, 'all'), '{}') from yanmen.rights() r where r.base);
end
$$;
-- While duties are separate no role has two of them, who has one keeps it, and none is left without anybody.
create function yanmen.role_put(r yanmen.role, rights jsonb) returns void language plpgsql as $$
declare
	had text[] := yanmen.duties_of(r.name);
	staffed text[];
	has text[];
begin
	perform pg_advisory_xact_lock(hashtext('yanmen.duty'));
	staffed := array(select x ->> 'duty' from jsonb_array_elements(yanmen.duty_rows()) x where x -> 'users' <> '[]');
	delete from yanmen.role_permission p where p.role = r.name;
	delete from yanmen.role_aside p where p.role = r.name;
	insert into yanmen.role_permission (role, permission, scope) select r.name, e.key, e.value from jsonb_each_text(rights) e;
	if not yanmen.duties_separate() then
		return;
	end if;
	has := yanmen.duties_of(r.name);
	if cardinality(has) > 1 then
		raise exception 'the role % would have several duties, which are separate here: %', r.name, array_to_string(has, ', ')
			using errcode = 'YM409';
	elsif had <> '{}' and has <> '{}' and had <> has and exists (select from yanmen.users u where u.role = r.name and u.state = 'active') then
		raise exception 'the users of % have another duty: add another role for this one', r.name using errcode = 'YM409';
	elsif exists (select from jsonb_array_elements(yanmen.duty_rows()) x where x -> 'users' = '[]' and x ->> 'duty' = any (staffed)) then
		raise exception 'nobody would be left with a duty that % has', r.name using errcode = 'YM409';
	end if;
end
$$;
create function yanmen.role_tell(caller jsonb, kind text, r yanmen.role, before jsonb, after jsonb) returns jsonb language plpgsql as $$
declare
	same text[] := array(select b.key from jsonb_each(before) b where after -> b.key = b.value);
begin
	perform yanmen.changed('role', r.name, r.name, before - same, after - same);
	perform yanmen.note(caller, kind, jsonb_build_object('role', r.name));
	perform pg_notify('yanmen_console', 'users');
	perform pg_notify('yanmen_access', '');
	return jsonb_build_object('name', r.name, 'version', r.version, 'permissions', yanmen.role_rights(r.name));
end
$$;
-- args: name, right*, about.
create function api.role_add(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.role;
	n text;
	rights jsonb;
begin
	perform api.need(caller, 'role.manage');
	n := yanmen.need_arg(args, 'name');
	if n !~ '^[a-z_][a-z0-9_]{0,31}$' then
		raise exception '"%" is no name of a role: a-z, 0-9 and _, beginning with a letter, at most 32', left(n, 60) using errcode = 'YM400';
	elsif exists (select from yanmen.role x where x.name = n) then
		raise exception 'there is a role named % already', n using errcode = 'YM409';
	end if;
	rights := yanmen.arg_rights(caller, args, '{}');
	insert into yanmen.role (name, about, custom) values (n, left(coalesce(yanmen.arg(args, 'about'), ''), 200), true) returning * into r;
	perform yanmen.role_put(r, rights);
	return yanmen.role_tell(caller, 'role.added', r, '{}', rights || jsonb_build_object('about', r.about));
end
$$;
create function yanmen.find_custom_role(args jsonb) returns yanmen.role language plpgsql as $$
declare
	r yanmen.role := yanmen.find_role(yanmen.need_arg(args, 'name'));
begin
	if not r.custom then
		raise exception 'the role % is shipped and stays as it is: add another one', r.name using errcode = 'YM409';
	end if;
	perform yanmen.need_version(args, 'role', r.name);
	return r;
end
$$;
-- args: name, right* (all that it is to have; without any they stay), about, version.
create function api.role_set(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.role;
	rights jsonb;
	before jsonb;
begin
	perform api.need(caller, 'role.manage');
	r := yanmen.find_custom_role(args);
	before := yanmen.role_rights(r.name);
	rights := case when args ? 'right' then yanmen.arg_rights(caller, args, before) else before end;
	if args ? 'right' then
		perform yanmen.role_put(r, rights);
	end if;
	before := before || jsonb_build_object('about', r.about);
	update yanmen.role x set version = x.version + 1, about = left(coalesce(yanmen.arg(args, 'about'), x.about), 200)
	where x.name = r.name returning * into r;
	return yanmen.role_tell(caller, 'role.changed', r, before, rights || jsonb_build_object('about', r.about));
end
$$;
create function api.role_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.role;
	has_it text;
	before jsonb;
begin
	perform api.need(caller, 'role.manage');
	r := yanmen.find_custom_role(args);
	select string_agg(u.name, ', ' order by u.name) into has_it from yanmen.users u where u.role = r.name and u.removed_at is null;
	if has_it is not null then
		raise exception 'these users have the role %: %', r.name, left(has_it, 300) using errcode = 'YM409';
	end if;
	before := yanmen.role_rights(r.name);
	update yanmen.users u set role = 'user' where u.role = r.name; -- of people who were removed
	delete from yanmen.role_permission p where p.role = r.name;
	delete from yanmen.role_aside p where p.role = r.name;
	begin
		delete from yanmen.role x where x.name = r.name;
	exception when foreign_key_violation then
		raise exception 'the role % is still in use: in a document''s readers, a pre-approval or a shared view', r.name using errcode = 'YM409';
	end;
	perform yanmen.role_tell(caller, 'role.removed', r, before, '{}');
	return jsonb_build_object('name', r.name, 'removed', true);
end
$$;
create function api.role_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'user.list');
	return (select jsonb_agg(jsonb_build_object('name', r.name, 'about', r.about, 'custom', r.custom, 'version', r.version,
		'users', (select count(*) from yanmen.users u where u.role = r.name and u.state = 'active'),
		'permissions', yanmen.role_rights(r.name)) order by r.custom, r.name) from yanmen.role r);
end
$$;

create or replace view console.roles as
	select r.name as id, r.name, r.about,
		(select coalesce(jsonb_object_agg(p.permission, p.scope), '{}') from yanmen.role_permission p
			where p.role = r.name) as permissions,
		(select coalesce(jsonb_object_agg(p.permission, p.scope), '{}') from yanmen.role_aside p where p.role = r.name) as aside,
		yanmen.duties_of(r.name) as duties,
		(select count(*) from yanmen.users u where u.role = r.name and u.state = 'active') as users,
		r.custom, r.version
	from yanmen.role r where (select console.own('user.list')) is null;
-- free: an added role may have it; base: it has it in any case.
create or replace view console.duties as
	select r.permission as id, r.permission as name, coalesce(d.duty, '') as duty, not yanmen.role_never(r.permission) as free, r.base, r.own
	from yanmen.rights() r left join yanmen.duty d on d.permission = r.permission
	where (select console.own('user.list')) is null;

-- ---- searches that have a name, and the columns of a page ----
-- query: as it stands in the page's address.  role: whoever has it sees the search too.
create table yanmen.saved_view (
	id uuid primary key default gen_random_uuid(),
	user_id bigint not null references yanmen.users,
	page text not null check (page ~ '^[a-z_]{1,40}$'),
	name text not null check (octet_length(name) between 1 and 120),
	query jsonb not null check (jsonb_typeof(query) = 'object'),
	role text references yanmen.role,
	created_at timestamptz not null default now(),
	unique (user_id, page, name)
);
create index on yanmen.saved_view (role) where role is not null;
create table yanmen.page_columns (
	user_id bigint not null references yanmen.users,
	page text not null check (page ~ '^[a-z_]{1,40}$'),
	columns text[] not null check (cardinality(columns) between 1 and 40),
	primary key (user_id, page)
);
create table yanmen.favourite (
	user_id bigint not null references yanmen.users,
	target_id bigint not null references yanmen.target,
	primary key (user_id, target_id)
);
create function yanmen.arg_page(args jsonb) returns text language plpgsql immutable as $$
declare
	p text := yanmen.need_arg(args, 'page');
begin
	if p !~ '^[a-z_]{1,40}$' then
		raise exception '"%" is no page', left(p, 60) using errcode = 'YM400';
	end if;
	return p;
end
$$;
-- args: page, name, query (as in an address: a=1&b=2, but JSON).  One of that name is replaced.
create function api.view_save(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users := yanmen.self(caller);
	v yanmen.saved_view;
	p text := yanmen.arg_page(args);
	n text := left(trim(yanmen.need_arg(args, 'name')), 40);
	q jsonb;
begin
	perform yanmen.need_sign_in(caller);
	begin
		q := yanmen.need_arg(args, 'query')::jsonb;
	exception when data_exception then
		q := null;
	end;
	if n = '' or jsonb_typeof(q) is distinct from 'object' or exists (select from jsonb_each(q) e where jsonb_typeof(e.value) <> 'string') then
		raise exception 'a search is an object of texts' using errcode = 'YM400';
	elsif (select count(*) >= 200 from yanmen.saved_view x where x.user_id = u.id) then
		raise exception 'you have 200 saved searches already: remove one first' using errcode = 'YM400';
	end if;
	insert into yanmen.saved_view (user_id, page, name, query) values (u.id, p, n, q)
	on conflict (user_id, page, name) do update set query = excluded.query returning * into v;
	perform yanmen.note(caller, 'view.saved', jsonb_build_object('user', u.name, 'page', p, 'name', n, 'role', v.role));
	return jsonb_build_object('id', v.id, 'page', p, 'name', n);
end
$$;
create function yanmen.own_view(caller jsonb, args jsonb) returns yanmen.saved_view language plpgsql as $$
declare
	u yanmen.users := yanmen.self(caller);
	v yanmen.saved_view;
	word text := yanmen.need_arg(args, 'id');
begin
	select * into v from yanmen.saved_view x where x.id::text = lower(word) and x.user_id = u.id;
	if not found then
		raise exception 'you have no saved search %', left(word, 40) using errcode = 'YM404';
	end if;
	return v;
end
$$;
-- args: id, role ('' or none = nobody but oneself).
create function api.view_share(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	v yanmen.saved_view;
	r text := coalesce(yanmen.arg(args, 'role'), '');
begin
	perform api.need(caller, 'view.share');
	v := yanmen.own_view(caller, args);
	if r <> '' then
		perform yanmen.find_role(r);
	end if;
	update yanmen.saved_view x set role = nullif(r, '') where x.id = v.id;
	perform yanmen.note(caller, 'view.shared', jsonb_build_object('page', v.page, 'name', v.name, 'role', nullif(r, '')));
	return jsonb_build_object('id', v.id, 'name', v.name, 'role', r);
end
$$;
create function api.view_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	v yanmen.saved_view := yanmen.own_view(caller, args);
begin
	perform yanmen.need_sign_in(caller);
	delete from yanmen.saved_view x where x.id = v.id;
	perform yanmen.note(caller, 'view.removed', jsonb_build_object('page', v.page, 'name', v.name));
	return jsonb_build_object('id', v.id, 'removed', true);
end
$$;
-- args: page, column* (none: the page's own).  Nobody else sees it: no row in the audit log.
create function api.view_columns(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users := yanmen.self(caller);
	p text := yanmen.arg_page(args);
	names text[] := yanmen.arg_list(args, 'column');
begin
	perform yanmen.need_sign_in(caller);
	if cardinality(names) > 40 or exists (select from unnest(names) c where c !~ '^[a-z_]{1,40}$') then
		raise exception 'these are no columns' using errcode = 'YM400';
	end if;
	delete from yanmen.page_columns c where c.user_id = u.id and c.page = p;
	if names <> '{}' and (select count(*) < 100 from yanmen.page_columns c where c.user_id = u.id) then
		insert into yanmen.page_columns (user_id, page, columns) values (u.id, p, names);
	end if;
	return jsonb_build_object('page', p, 'columns', names);
end
$$;
-- args: target, state (on, off).  One that he may open; nobody else sees it: no row in the audit log.
create function api.me_favourite(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users := yanmen.self(caller);
	n text := yanmen.need_arg(args, 'target');
	s text := yanmen.need_arg(args, 'state');
	t bigint := (select m.target_id from yanmen.menu_row m where m.user_id = u.id and m.target = n limit 1);
begin
	perform yanmen.need_sign_in(caller);
	if s not in ('on', 'off') then
		raise exception '% is on or off, not "%"', 'state', left(s, 40) using errcode = 'YM400';
	elsif t is null and s = 'on' then
		raise exception 'no target named %; see: target list', left(n, 80) using errcode = 'YM404';
	end if;
	delete from yanmen.favourite f using yanmen.target x where f.user_id = u.id and x.id = f.target_id and x.name = n;
	if s = 'on' and (select count(*) < 100 from yanmen.favourite f where f.user_id = u.id) then
		insert into yanmen.favourite values (u.id, t);
	end if;
	return jsonb_build_object('target', n, 'state', s);
end
$$;
grant execute on all functions in schema api to yanmen_broker;

create view console.views as
	select v.id, v.page, v.name, v.query, coalesce(v.role, '') as role, o.name as by, console.is_me(o.name) as mine
	from yanmen.saved_view v join yanmen.users o on o.id = v.user_id
	where console.is_me(o.name) or (o.state = 'active' and v.role = (select yanmen.role_of(console.caller())));
create view console.page_columns as
	select c.page as id, c.columns from yanmen.page_columns c join yanmen.users u on u.id = c.user_id where console.is_me(u.name);
create or replace view console.reachable as
	select m.target_id || ':' || m.account_id as id, m.target, m.account, m.kind, m.cluster, m.address, m.is_default as "default",
		(select max(s.started_at) from yanmen.session s where s.user_id = m.user_id and s.target_id = m.target_id) as recent,
		array(select g.name from yanmen.group_target x join yanmen.resource_group g on g.id = x.group_id
			where x.target_id = m.target_id order by g.name) as groups,
		(select c.secure from yanmen.target t join yanmen.cluster c on c.id = t.cluster_id where t.id = m.target_id) as secure,
		exists (select from yanmen.favourite f where f.user_id = m.user_id and f.target_id = m.target_id) as favourite
	from yanmen.menu_row m
	where m.user_id = (select u.id from yanmen.users u where u.name = substr(console.caller() ->> 'actor', 6));

-- ---- what an administrator should do: a row for each, n = how many ----
create view console.checks as
	select c.id, c.n from (values
		('backup', (select (count(*) = 0)::int::bigint from yanmen.backup b where b.made_at > now() - interval '7 days')),
		('samples', (select count(*) from yanmen.target t join yanmen.cluster x on x.id = t.cluster_id
			where x.name = 'samples' and x.removed_at is null and t.removed_at is null)),
		('factor', (select count(*) from yanmen.users u where u.state = 'active'
			and not exists (select from yanmen.factor f where f.user_id = u.id) and not exists (select from yanmen.passkey k where k.user_id = u.id))),
		('pins', (select count(*) from yanmen.target t where t.kind = 'linux' and t.host_key is null and t.removed_at is null)),
		('suspended', (select count(*) from yanmen.account_view a join yanmen.target t on t.id = a.target_id
			where a.suspended and t.removed_at is null)),
		('stale', (select count(*) from yanmen.account a join yanmen.target t on t.id = a.target_id
			where t.removed_at is null and a.updated_at < now() - interval '90 days')),
		('certificates', (select count(*) from yanmen.certificate x where x.revoked_at is null
			and x.valid_before between now() and now() + interval '7 days')),
		('grants', (select count(*) from yanmen.access_grant g where g.removed_at is null
			and g.until between now() and now() + interval '7 days')),
		('idle', (select count(*) from yanmen.users u where u.state = 'active' and u.created_at < now() - interval '90 days'
			and not exists (select from yanmen.login_known k where k.user_id = u.id and k.last_at > now() - interval '90 days'))),
		('escrow', (select count(*) from yanmen.setting s where s.key = 'escrow.public' and s.value = ''))) c (id, n)
	where (select console.own('doctor.run')) is null;
insert into console.collection (name, needs) values ('views', ''), ('page_columns', ''), ('checks', 'doctor.run');
