-- The web console: who is signed in there, and what he may read.
--
-- A console session is a row with the hash of its token; the broker makes it when a login has passed (api.console_enter) and asks
-- whose a token is for each command (api.console_caller).  yanmen-web reads by console.read alone: docs/API.md.

create table yanmen.console_session (
	id uuid primary key default gen_random_uuid(),
	token_hash bytea not null unique check (octet_length(token_hash) = 32),
	user_id bigint not null references yanmen.users,
	address text not null, -- where it was seen last
	agent text not null check (octet_length(agent) <= 200),
	origin text not null default '', -- of the page
	created_at timestamptz not null default now(),
	confirmed_at timestamptz, -- when the password was given again
	seen_at timestamptz not null default now(),
	ended_at timestamptz,
	reason text not null default ''
);
create index on yanmen.console_session (user_id) where ended_at is null;
create index on yanmen.console_session (created_at);

insert into yanmen.setting (key, value, form, most, about) values
	('console.idle', '3600', '^(0|[1-9][0-9]{2,6})$', 7,
		'seconds without a click after which the console asks to sign in again, at least 100; 0 = no limit'),
	('console.longest', '43200', '^(0|[1-9][0-9]{2,6})$', 7,
		'seconds after which the console asks to sign in again in any case, at least 100; 0 = no limit'),
	('console.away', '300', '^[1-9][0-9]{0,4}$', 5,
		'seconds that a terminal waits for its browser when the console''s server was restarted; then it ends'),
	('console.watermark', 'watch', '^(off|watch|all)$', 5,
		'where the console shows across the page who looks, when and from where: watch = live pictures, replays, documents and secrets; all = terminals too; off');

insert into yanmen.role_permission (role, permission, scope)
select r.name, p, 'all' from yanmen.role r, unnest(array['console.list', 'console.end']) p;

-- Still good?  (Whether its user is one of us is looked at apart.)
create function yanmen.console_lives(c yanmen.console_session) returns bool language sql stable as $$
	select c.ended_at is null and not exists (select from yanmen.setting s where s.value <> '0' and
		(s.key = 'console.idle' and c.seen_at <= now() - s.value::bigint * interval '1 second'
		or s.key = 'console.longest' and c.created_at <= now() - s.value::bigint * interval '1 second'))
$$;

-- A login at the console has passed: a session for it.  What is older than 90 days is nobody's business any more.
-- device: the hash of a token by which this browser may be remembered, or ''.  days: how long it is; 0 = it is not.
create function api.console_enter(user_id bigint, hash bytea, address text, agent text, origin text default '', device bytea default '')
returns table (session uuid, name text, role text, lang text, days int)
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
	c yanmen.console_session;
begin
	select * into u from yanmen.users x where x.id = console_enter.user_id and x.state = 'active' for share;
	if not found then
		raise exception 'your account was disabled' using errcode = 'YM403';
	end if;
	delete from yanmen.console_session x where x.created_at < now() - interval '90 days';
	update yanmen.console_session x set ended_at = now(), reason = 'expired'
	where x.user_id = u.id and x.ended_at is null and not yanmen.console_lives(x);
	insert into yanmen.console_session (token_hash, user_id, address, agent, origin)
	values (hash, u.id, left(console_enter.address, 64), left(console_enter.agent, 200), left(console_enter.origin, 300)) returning * into c;
	perform audit.add('user:' || u.name, 'console.login', jsonb_build_object('user', u.name, 'address', c.address,
		'agent', c.agent, 'console', c.id));
	return query select c.id, u.name, u.role, u.lang, yanmen.device_remember(c, device);
end
$$;

-- Whose token is it?  YM401: nobody's, or not any more.  A session that is in use is noted once a minute.
create function api.console_caller(hash bytea, address text)
returns table (session uuid, user_id bigint, name text, role text, lang text, due bool)
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c yanmen.console_session;
	u yanmen.users;
begin
	select * into c from yanmen.console_session x where x.token_hash = hash;
	select * into u from yanmen.users x where x.id = c.user_id and x.state = 'active';
	if u.id is null or not yanmen.console_lives(c) then
		raise exception 'please sign in again' using errcode = 'YM401';
	end if;
	-- Without an address yanmen-web asks whether somebody still is: he did nothing.
	if console_caller.address <> '' and c.seen_at < now() - interval '1 minute' then
		update yanmen.console_session x set seen_at = now(), address = left(console_caller.address, 64) where x.id = c.id;
	end if;
	return query select c.id, u.id, u.name, u.role, u.lang, yanmen.password_due(u) or yanmen.passkey_due(u);
end
$$;

-- Which of these were ended, or are of somebody who is not here any more?  Their terminals end.
create function api.console_gone(ids uuid[]) returns table (session uuid)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select i from unnest(ids) i where not exists (select from yanmen.console_session c join yanmen.users u on u.id = c.user_id
		where c.id = i and c.ended_at is null and u.state = 'active')
$$;

-- ---- commands: one's own sessions are everybody's, others' need user.manage ----
create function yanmen.console_all(caller jsonb) returns bool language sql stable as $$
	select exists (select from yanmen.permissions(caller) p
		where p.role = yanmen.role_of(caller) and p.permission = 'user.manage' and p.scope = 'all')
		and yanmen.token_may(caller, 'user.manage')
$$;
create function yanmen.console_of(caller jsonb) returns setof yanmen.console_session language sql stable as $$
	select c.* from yanmen.console_session c join yanmen.users u on u.id = c.user_id
	where yanmen.console_lives(c) and u.state = 'active'
		and (yanmen.console_all(caller) or caller ->> 'actor' = 'user:' || u.name)
$$;
create function yanmen.console_facts(c yanmen.console_session, caller jsonb) returns jsonb language sql stable as $$
	select jsonb_build_object('id', c.id, 'user', (select u.name from yanmen.users u where u.id = c.user_id),
		'address', c.address, 'agent', c.agent, 'created', yanmen.time_text(c.created_at),
		'seen', yanmen.time_text(c.seen_at), 'current', coalesce(c.id::text = caller ->> 'console', false))
$$;
create function api.console_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'console.list');
	return (select coalesce(jsonb_agg(yanmen.console_facts(c, caller) order by c.created_at, c.id), '[]')
		from yanmen.console_of(caller) c);
end
$$;
create function yanmen.console_end(caller jsonb, sid uuid, kind text, why text) returns jsonb language plpgsql as $$
declare
	c yanmen.console_session;
	answer jsonb;
begin
	update yanmen.console_session x set ended_at = now(), reason = why where x.id = sid and x.ended_at is null returning * into c;
	if not found then
		raise exception 'no console session %; see: console list', sid using errcode = 'YM404';
	end if;
	answer := yanmen.console_facts(c, caller);
	perform yanmen.note(caller, kind, jsonb_build_object('user', answer ->> 'user', 'console', c.id));
	return answer;
end
$$;
create function api.console_end(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	word text;
	sid uuid;
begin
	perform api.need(caller, 'console.end');
	word := yanmen.need_arg(args, 'id');
	sid := (select c.id from yanmen.console_of(caller) c where c.id::text = lower(word));
	if sid is null then
		raise exception 'no console session %; see: console list', left(word, 40) using errcode = 'YM404';
	end if;
	return yanmen.console_end(caller, sid, 'console.ended', 'ended by ' || (caller ->> 'actor'));
end
$$;
create function api.console_logout(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'console.end');
	if caller ->> 'console' is null then
		raise exception 'this is for who is signed in at the console; others: console end' using errcode = 'YM400';
	end if;
	return yanmen.console_end(caller, (caller ->> 'console')::uuid, 'console.logout', 'signed out');
end
$$;
grant execute on all functions in schema api to yanmen_broker;

-- ---- what can be read: a collection is a view ----
-- Each shows what the caller may see and no more; the right that it needs is that of the CLI's list, and without it nothing is
-- answered (YM403).  The views belong to the owner and nobody else reads them: console.read, below, asks them with operators
-- and constants alone.  They are no security barriers, since those keep an index from giving the rows in order.
create schema console;

create function console.caller() returns jsonb language sql stable as $$
	select current_setting('console.caller')::jsonb
$$;
-- The targets for which he has that right: null = all.  In a view as (select console.own(...)): asked once, not once a row.
create function console.own(permission text) returns bigint[] language sql stable as $$
	select yanmen.reach(console.caller(), permission)
$$;
-- The same as rows: (select console.own(...)) is null or x in (select console.mine(...)) looks them up in a hash table.
create function console.mine(permission text) returns setof bigint language sql stable as $$
	select unnest(console.own(permission))
$$;
-- The collections and the right that each needs: '' none.
create table console.collection (
	name text primary key,
	needs text not null
);
insert into console.collection (name, needs) values
	('me', ''), ('reachable', ''), ('console_sessions', ''),
	('sessions', 'session.list'), ('recordings', 'recording.list'), ('files', 'file.list'), ('audit', 'audit.search'),
	('targets', 'target.list'), ('accounts', 'target.list'), ('users', 'user.list'), ('roles', 'user.list'),
	('groups', 'group.list'), ('clusters', 'cluster.list'), ('grants', 'grant.list'), ('settings', 'settings.read');
-- null: there is no such collection.
create function console.needs(collection text) returns text language sql stable as $$
	select c.needs from console.collection c where c.name = needs.collection
$$;
create function console.is_me(name text) returns bool language sql stable as $$
	select console.caller() ->> 'actor' = 'user:' || name
$$;

create index on yanmen.resource_group (kind) where kind = 'network_default';
create index on yanmen.session (user_name, started_at);
create index on yanmen.session (target_name, started_at);
create index on yanmen.session (user_id, target_id, started_at);
create index on yanmen.session (started_at) where state = 'online';
create index on yanmen.session (target_id, started_at);
create unique index on yanmen.file ((session_id::text || ':' || number::text));
create index on yanmen.access_grant (target_id) where removed_at is null;
create index on yanmen.access_grant (group_id) where removed_at is null;

create view console.me as
	select u.id, u.name as "user", u.role, u.lang, (console.caller() ->> 'console')::uuid as session,
		array(select p.permission from yanmen.role_permission p
			where p.role = u.role and yanmen.token_may(console.caller(), p.permission) order by p.permission) as permissions
	from yanmen.users u where u.name = substr(console.caller() ->> 'actor', 6);

-- What of a session deserves a look: facts, no judgement.
--   privileged  the account may do everything on its target
--   temporary   the grant was asked for, and ends
--   lends       the grant lends the target something of the client's: -R, agent, X11
--   locked      an admin froze its input
create function yanmen.session_marks(s yanmen.session) returns text[] language sql stable as $$
	select array_remove(array[
		case when lower(s.account_name) in ('root', 'administrator', 'sa', 'sys', 'system', 'postgres') then 'privileged' end,
		case when g.request_id is not null then 'temporary' end,
		case when g.features && array['reverse', 'agent', 'x11'] then 'lends' end,
		case when s.locked then 'locked' end], null)
	from yanmen.access_grant g where g.id = s.grant_id
$$;
create view console.sessions as
	select s.id, s.user_name as "user", s.target_name as target, s.cluster_name as cluster, s.account_name as account,
		s.protocol, s.state, s.locked, s.address, s.rule, s.layer, s.started_at as started, s.reached_at as reached,
		s.ended_at as ended, s.reason, s.bytes_in, s.bytes_out,
		(select r.state from yanmen.recording r where r.session_id = s.id) as recording,
		(select c.secure from yanmen.target t join yanmen.cluster c on c.id = t.cluster_id where t.id = s.target_id) as secure,
		-- As console.targets has it.
		(select coalesce(nullif(array(select g.name from yanmen.group_member m join yanmen.resource_group g on g.id = m.group_id
				where m.target_id = t.id order by g.name), '{}'),
			array(select g.name from yanmen.resource_group g where g.kind = 'network_default' and g.removed_at is null
				and yanmen.inside(t.host, c.networks) order by g.name))
			from yanmen.target t join yanmen.cluster c on c.id = t.cluster_id where t.id = s.target_id) as groups,
		yanmen.session_marks(s) as marks
	from yanmen.session s
	where (select console.own('session.list')) is null or s.target_id in (select console.mine('session.list'));

create view console.recordings as
	select s.id, s.user_name as "user", s.target_name as target, s.cluster_name as cluster, s.account_name as account,
		s.protocol, s.state, s.address, s.started_at as started, s.ended_at as ended, s.reason, r.state as recording,
		r.bytes as size, r.removed_at as removed, r.hold_reason as hold, r.held_by, r.reason as recording_reason
	from yanmen.session s left join yanmen.recording r on r.session_id = s.id -- each has one; a page that asks nothing of it is found without
	where (select console.own('recording.list')) is null or s.target_id in (select console.mine('recording.list'));

create view console.files as
	select f.session_id::text || ':' || f.number::text as id, f.session_id as session, f.number, s.user_name as "user",
		s.target_name as target, s.account_name as account, f.protocol, f.op, f.state, f.path, f.path_to as "to", f.size,
		encode(f.sha256, 'hex') as sha256, f.kept, f.why, f.started_at as started, f.ended_at as ended
	from yanmen.file f join yanmen.session s on s.id = f.session_id
	where (select console.own('file.list')) is null or s.target_id in (select console.mine('file.list'));

create view console.audit as
	select e.id, e.at, e.kind, e.actor, e.user_name as "user", e.target_name as target, e.session,
		e.body::jsonb ->> 'address' as address, left(e.search, 300) as text, e.body::jsonb as body
	from audit.event e
	where (select console.own('audit.search')) is null or (e.target_name is not null
		and search.target_of(e) in (select console.mine('audit.search')));

create view console.targets as
	select t.id, t.version, t.name, t.kind, yanmen.address(t.host, t.port) as address, t.host, t.port, c.name as cluster,
		t.host_key is not null as pinned, yanmen.fingerprint(t.host_key) as host_key, t.pinned_at, t.charset, t.legacy, t.tls, t.database,
		t.created_at as created,
		(select coalesce(jsonb_agg(jsonb_build_object('name', a.name, 'auth', a.auth, 'default', a.is_default,
			'suspended', a.suspended) order by a.name), '[]') from yanmen.account_view a where a.target_id = t.id) as accounts,
		-- As yanmen.group_target has it, written so that a row costs two index look-ups: who is in none is in the network-default ones.
		coalesce(nullif(array(select g.name from yanmen.group_member m join yanmen.resource_group g on g.id = m.group_id
				where m.target_id = t.id order by g.name), '{}'),
			array(select g.name from yanmen.resource_group g where g.kind = 'network_default' and g.removed_at is null
				and yanmen.inside(t.host, c.networks) order by g.name)) as groups
	from yanmen.target t join yanmen.cluster c on c.id = t.cluster_id
	where t.removed_at is null
		and ((select console.own('target.list')) is null or t.id in (select console.mine('target.list')));

-- What the SSH menu shows him (yanmen.menu_row), and when he was there last.
create view console.reachable as
	select m.target_id || ':' || m.account_id as id, m.target, m.account, m.kind, m.cluster, m.address, m.is_default as "default",
		(select max(s.started_at) from yanmen.session s where s.user_id = m.user_id and s.target_id = m.target_id) as recent,
		array(select g.name from yanmen.group_target x join yanmen.resource_group g on g.id = x.group_id
			where x.target_id = m.target_id order by g.name) as groups,
		(select c.secure from yanmen.target t join yanmen.cluster c on c.id = t.cluster_id where t.id = m.target_id) as secure
	from yanmen.menu_row m
	where m.user_id = (select u.id from yanmen.users u where u.name = substr(console.caller() ->> 'actor', 6));

create view console.accounts as
	select a.id, a.version, t.name as target, a.name, a.auth as kind, a.is_default as "default", a.suspended, a.public_key,
		a.updated_at as updated
	from yanmen.account_view a join yanmen.target t on t.id = a.target_id
	where t.removed_at is null
		and ((select console.own('target.list')) is null or t.id in (select console.mine('target.list')));

create view console.users as
	select u.id, u.version, u.name, u.role, u.state, u.lang, u.mail, u.pwhash is not null as password, u.factor,
		exists (select from yanmen.factor f where f.user_id = u.id) as enrolled, u.created_at as created,
		(select max(k.last_at) from yanmen.login_known k where k.user_id = u.id) as seen,
		array(select yanmen.fingerprint(k.blob) from yanmen.user_key k where k.user_id = u.id order by k.created_at) as keys,
		exists (select from yanmen.factor f where f.user_id = u.id) or exists (select from yanmen.passkey k where k.user_id = u.id) as second
	from yanmen.users u
	where u.removed_at is null and (select console.own('user.list')) is null;

create view console.roles as
	select r.name as id, r.name, r.about,
		(select coalesce(jsonb_object_agg(p.permission, p.scope), '{}') from yanmen.role_permission p
			where p.role = r.name) as permissions
	from yanmen.role r where (select console.own('user.list')) is null;

create view console.groups as
	select g.id, g.version, g.name, g.kind, g.retention_days, g.requestable, g.created_at as created,
		-- The members of an ordinary one are counted as such: yanmen.group_target works a network-default one out.
		case g.kind when 'ordinary' then (select count(*) from yanmen.group_member m join yanmen.target t on t.id = m.target_id
			where m.group_id = g.id and t.removed_at is null)
			else (select count(*) from yanmen.group_target m where m.group_id = g.id) end as targets,
		array(select u.name from yanmen.group_admin a join yanmen.users u on u.id = a.user_id where a.group_id = g.id
			order by u.name) as admins
	from yanmen.resource_group g
	where g.removed_at is null and ((select console.own('group.list')) is null or exists (select from yanmen.group_admin a
		join yanmen.users u on u.id = a.user_id where a.group_id = g.id and console.is_me(u.name)));

create view console.clusters as
	select c.id, c.version, c.name, c.networks::text[] as networks, c.created_at as created,
		(select count(*) from yanmen.target t where t.cluster_id = c.id and t.removed_at is null) as targets,
		array(select u.name from yanmen.cluster_admin a join yanmen.users u on u.id = a.user_id where a.cluster_id = c.id
			order by u.name) as admins,
		c.secure
	from yanmen.cluster c
	where c.removed_at is null and ((select console.own('cluster.list')) is null
		or c.id = any ((select yanmen.clusters_of(console.caller()))::bigint[]));

create view console.grants as
	select g.id, g.version, u.name as "user", g.account, t.name as target, r.name as "group", g.from_nets::text[] as "from", g.hours,
		g.until, g.features, g.idle_s as idle, g.total_s as total, g.concurrent, g.paste, g.paste_max, g.copy, g.created_by, g.created_at as created,
		coalesce(g.until <= now(), false) as expired,
		(select count(*) from yanmen.session s where s.grant_id = g.id and s.state = 'online') as online
	from yanmen.access_grant g join yanmen.users u on u.id = g.user_id
	left join yanmen.target t on t.id = g.target_id
	left join yanmen.resource_group r on r.id = g.group_id
	where g.removed_at is null and ((select console.own('grant.list')) is null
		or g.target_id in (select console.mine('grant.list')));

create view console.settings as
	select s.key as id, s.version, s.key as name, s.value, s.about, s.set_by
	from yanmen.setting s where (select console.own('settings.read')) is null;

create view console.console_sessions as
	select c.id, u.name as "user", c.address, c.agent, c.created_at as created, c.seen_at as seen,
		c.id::text = console.caller() ->> 'console' as current
	from yanmen.console_of(console.caller()) c join yanmen.users u on u.id = c.user_id;

-- ---- reading ----
-- A condition that the query gives: column, or column.from, column.to; a value, or an array of them of which one fits.
create function console.condition(collection text, key text, v jsonb) returns text language plpgsql stable as $$
declare
	part text[] := coalesce(regexp_match(key, '^(.+)\.(from|to)$'), array[key, '']);
	kind text := (select format_type(a.atttypid, null) from pg_attribute a
		where a.attrelid = format('console.%I', collection)::regclass and a.attname = part[1] and a.attnum > 0);
	one text := case jsonb_typeof(v) when 'array' then null else v #>> '{}' end;
begin
	if kind is null or kind = 'jsonb' or jsonb_typeof(v) = 'object' then
		raise exception '% have no %', collection, left(key, 60) using errcode = 'YM400';
	elsif part[2] <> '' and kind not in ('timestamp with time zone', 'bigint', 'integer') then
		raise exception '% is no time and no number: it has no %', part[1], part[2] using errcode = 'YM400';
	elsif part[2] <> '' then
		return format('v.%I %s %L::%s', part[1], case part[2] when 'from' then '>=' else '<=' end, coalesce(one, ''), kind);
	elsif kind = 'text[]' then
		return format('v.%I && %L::text[]', part[1],
			case when one is null then array(select jsonb_array_elements_text(v)) else array[one] end::text);
	elsif one is not null then
		return format('v.%I = %L::%s', part[1], one, kind);
	end if;
	return format('v.%I = any (%L::%s[])', part[1], array(select jsonb_array_elements_text(v))::text, kind);
end
$$;

-- The text that is looked for stands in one of the view's texts; not in those that are one of a few words, or dear.
create function console.containing(collection text, q text) returns text language plpgsql stable as $$
declare
	columns text := (select string_agg(format('v.%I', a.attname), ', ' order by a.attnum) from pg_attribute a
		where a.attrelid = format('console.%I', collection)::regclass and a.attnum > 0 and a.atttypid = 'text'::regtype
			and a.attname <> all (array['state', 'recording', 'protocol', 'op', 'sha256', 'host_key', 'public_key', 'set_by', 'rule', 'lang', 'hold',
				'held_by', 'recording_reason']));
begin
	if octet_length(q) > 400 then
		raise exception 'q is longer than 400 bytes' using errcode = 'YM400';
	end if;
	if to_regproc('console.find_' || collection) is not null then -- it knows better: the ids of what has these words
		return format('v.id in (select console.%I(%L))', 'find_' || collection, q);
	end if;
	return format('concat_ws('' '', %s) ilike %L', columns, yanmen.containing(q));
end
$$;

-- "started", "-started".  Without one: the newest first, else by name.  id makes it one order.
create function console.order_of(collection text, sort text) returns text language plpgsql stable as $$
declare
	names text[] := (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
		where a.attrelid = format('console.%I', collection)::regclass and a.attnum > 0
			and format_type(a.atttypid, null) not in ('jsonb', 'text[]'));
	col text := ltrim(sort, '-');
	way text := case when left(sort, 1) = '-' then 'desc' else 'asc' end;
begin
	if coalesce(sort, '') = '' then
		col := (select x from unnest(array['started', 'at', 'recent', 'name', 'seen', 'id']) with ordinality o (x, n)
			where x = any (names) order by n limit 1);
		way := case when col in ('started', 'at', 'recent', 'seen') then 'desc' else 'asc' end;
	end if;
	if not col = any (names) then
		raise exception '% are not sorted by %', collection, left(col, 60) using errcode = 'YM400';
	end if;
	return format('v.%I %s%s, v.id %s', col, way, case when col in ('started', 'at', 'id') then '' else ' nulls last' end, way);
end
$$;
create function console.number(query jsonb, key text, fallback int, least_ int, most int) returns int
language plpgsql immutable as $$
declare
	t text := coalesce(nullif(query ->> key, ''), fallback::text);
begin
	if t !~ '^[0-9]{1,7}$' or t::int not between least_ and most then
		raise exception '% is a number from % to %', key, least_, most using errcode = 'YM400';
	end if;
	return t::int;
end
$$;

-- The page: first its ids, then what belongs to them, so that what is dear is worked out for a page and not for all.
-- total: counted up to 10,000; more: there are more than that.
create function console.page(collection text, query jsonb) returns jsonb language plpgsql stable as $$
declare
	most constant int := 10000;
	lim int := console.number(query, 'limit', 50, 1, 500);
	off int := console.number(query, 'offset', 0, 0, 1000000);
	id_type text := (select format_type(a.atttypid, null) from pg_attribute a
		where a.attrelid = format('console.%I', collection)::regclass and a.attname = 'id');
	cond text := coalesce((select string_agg(console.condition(collection, e.key, e.value), ' and ')
		from jsonb_each(query) e where e.key <> all (array['q', 'sort', 'limit', 'offset']) and e.value <> '""' and e.value <> 'null'),
		'true');
	ids text[];
	found_rows jsonb;
	total bigint;
begin
	if coalesce(query ->> 'q', '') <> '' then
		cond := cond || ' and ' || console.containing(collection, query ->> 'q');
	end if;
	execute format('select array(select v.id::text from console.%I v where %s order by %s limit %s offset %s)', collection,
		cond, console.order_of(collection, query ->> 'sort'), lim, off) into ids;
	execute format('select coalesce(jsonb_agg(to_jsonb(v) order by array_position($1, v.id::text)), ''[]'') '
		'from console.%I v where v.id = any ($1::%s[])', collection, id_type) into found_rows using ids;
	total := off + cardinality(ids);
	if cardinality(ids) = lim or (cardinality(ids) = 0 and off > 0) then
		execute format('select count(*) from (select from console.%I v where %s limit %s) x', collection, cond, most + 1) into total;
	end if;
	return jsonb_build_object('rows', found_rows, 'total', least(total, most), 'more', total > most);
end
$$;

-- query: {"q", "sort", "limit", "offset", "<column>", "<column>.from", "<column>.to"}, all optional.
-- YM403 not allowed, YM404 no such collection, YM400 a query that makes no sense.
create function console.answer(caller jsonb, collection text, query jsonb) returns jsonb language plpgsql as $$
begin
	if console.needs(collection) is null then
		raise exception 'there is no %', left(collection, 60) using errcode = 'YM404';
	elsif jsonb_typeof(query) is distinct from 'object' then
		raise exception 'the query is no object' using errcode = 'YM400';
	end if;
	perform set_config('console.caller', caller::text, true);
	if console.needs(collection) <> '' then
		perform api.need(caller, console.needs(collection));
	elsif collection <> 'me' and not yanmen.token_may(caller, 'own.read') then
		raise exception 'not allowed: this token has no scope for %', 'read' using errcode = 'YM403';
	elsif collection not in ('me', 'passkeys', 'console_sessions') then
		perform yanmen.need_sign_in(caller);
	end if;
	return console.page(collection, query);
exception when data_exception then
	if query ? 'id' then -- nothing can be called so
		return '{"rows": [], "total": 0, "more": false}';
	end if;
	raise exception 'a value of the query makes no sense' using errcode = 'YM400';
end
$$;
-- hash: SHA-256 of the token of a console session.  YM401 signed out.
create function console.read(hash bytea, address text, collection text, query jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c record;
begin
	select * into c from api.console_caller(hash, address);
	return console.answer(jsonb_build_object('actor', 'user:' || c.name, 'role', c.role, 'address', address, 'console', c.session),
		collection, query);
end
$$;
grant usage on schema console to yanmen_web;
grant execute on function console.read to yanmen_web;

-- ---- telling: look again ----
create function yanmen.tell_console() returns trigger language plpgsql as $$
begin
	perform pg_notify('yanmen_console', tg_argv[0]);
	return null;
end
$$;
do $$
declare
	t text[];
begin
	foreach t slice 1 in array array[['session', 'sessions'], ['recording', 'recordings'], ['users', 'users'], ['target', 'targets'],
		['resource_group', 'groups'], ['group_member', 'groups'], ['group_admin', 'groups'], ['cluster', 'clusters'],
		['cluster_admin', 'clusters'], ['access_grant', 'grants'], ['account', 'accounts'], ['setting', 'settings']]
	loop
		execute format('create trigger tell_console after insert or update or delete on yanmen.%I for each statement '
			'execute function yanmen.tell_console(%L)', t[1], t[2]);
	end loop;
end
$$;
-- Not when it is only seen again.
create trigger tell_console after insert or delete or update of ended_at on yanmen.console_session for each statement
	execute function yanmen.tell_console('console_sessions');
