-- Logging in, the menu, grants, and the facts that policy/decide judges.

create function api.login_keys(login text) returns table (blob bytea)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select k.blob from yanmen.user_key k join yanmen.users u on u.id = k.user_id
	where u.name = login and u.state = 'active'
$$;

-- What a grant without a list of features allows.
create function yanmen.features_usual() returns text[] language sql immutable as $$
	select array['shell', 'exec', 'sftp', 'scp', 'upload', 'download', 'forward', 'query']
$$;

-- Which account of which target a grant opens.
create view yanmen.granted as
	select g.id as grant_id, g.user_id, a.target_id, a.id as account_id
	from (select x.id, x.user_id, x.account, x.target_id from yanmen.access_grant x
			where x.target_id is not null and x.removed_at is null and (x.since is null or x.since <= now())
		union all
		select x.id, x.user_id, x.account, m.target_id
		from yanmen.access_grant x join yanmen.group_target m on m.group_id = x.group_id
		where x.removed_at is null and (x.since is null or x.since <= now())) g
	join yanmen.users u on u.id = g.user_id and u.state = 'active'
	join yanmen.target t on t.id = g.target_id and t.removed_at is null
	join yanmen.account a on a.target_id = g.target_id and a.name = g.account;

-- What a user may choose from: a row for each account of a linux target.
create view yanmen.menu_row as
	select distinct v.user_id, t.id as target_id, a.id as account_id, t.name as target, a.name as account, t.kind,
		c.name as cluster, yanmen.address(t.host, t.port) as address, a.is_default
	from yanmen.granted v
	join yanmen.access_grant g on g.id = v.grant_id and (g.until is null or g.until > now())
	join yanmen.target t on t.id = v.target_id and t.kind = 'linux'
	join yanmen.account a on a.id = v.account_id
	join yanmen.cluster c on c.id = t.cluster_id;

-- The targets that an SSH login may choose from.
create function api.menu(user_id bigint, search text, off int, lim int)
returns table (total bigint, target text, account text, cluster text, address text)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select count(*) over (), m.target, m.account, m.cluster, m.address from yanmen.menu_row m
	where m.user_id = menu.user_id
		and concat_ws(' ', m.target, m.account, m.cluster, m.address) ilike yanmen.containing(menu.search)
	order by m.target, m.is_default desc, m.account
	offset greatest(off, 0) limit least(greatest(lim, 1), 1000)
$$;

-- When a session that it opened ends with it, in seconds since 1970; 0 = not by its term.
create function yanmen.grant_ends(g yanmen.access_grant) returns bigint language sql stable as $$
	select case when g.until is null or (g.request_id is not null and exists (select from yanmen.setting s
		where s.key = 'request.end_sessions' and s.value = 'off')) then 0 else ceil(extract(epoch from g.until))::bigint end
$$;

-- Which layer of command control is in force on it: L0 the protocol (which requests, channels and file operations there may be), L1 the command line
-- as a terminal shows it, L3 the guard on the host, SQL the rules of its door for statements.  Only L3 and SQL may be called enforced.  There is no L1 and
-- no L3 yet, and no door for SQL Server.
create function yanmen.layer_of(t yanmen.target) returns text language sql stable as $$
	select case t.kind when 'mysql' then 'SQL' else 'L0' end
$$;

-- moves: its end may still be put off, so that a session must not learn it once and for all.
-- One row for each grant of the user to this target (and account; '' = any), in the order in which they are tried:
-- the default account first, then by name, then the oldest grant.
create function api.target_facts(user_id bigint, target text, account text)
returns table (grant_id bigint, target_id bigint, target_name text, kind text, host text, port int, host_key bytea,
	cluster text, networks text, samples bool, account_id bigint, account_name text, account_default bool, auth text,
	sealed bytea, bound text, suspended bool, from_nets text, hours text, until_epoch bigint, features text, idle_s bigint,
	total_s bigint, concurrent int, online int, stream_max bigint, charset text, legacy bool, keep_max bigint, moves bool,
	ends_epoch bigint, paste text, paste_max bigint, copy bool, layer text, tls bool, database text)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select g.id, t.id, t.name, t.kind, t.host, t.port, t.host_key, c.name, array_to_string(c.networks, ','),
		c.name = 'samples', a.id, a.name, a.is_default, a.auth, a.sealed, a.bound, a.suspended,
		array_to_string(g.from_nets, ','), g.hours, coalesce(ceil(extract(epoch from g.until))::bigint, 0),
		array_to_string(g.features, ','), g.idle_s, g.total_s, g.concurrent,
		(select count(*)::int from yanmen.session s where s.grant_id = g.id and s.state = 'online'),
		(select s.value::bigint from yanmen.setting s where s.key = 'stream.max'),
		t.charset, t.legacy, (select s.value::bigint from yanmen.setting s where s.key = 'files.keep_max'),
		g.request_id is not null, yanmen.grant_ends(g), g.paste, g.paste_max, g.copy, yanmen.layer_of(t), t.tls, t.database
	from yanmen.granted v
	join yanmen.access_grant g on g.id = v.grant_id
	join yanmen.target t on t.id = v.target_id
	join yanmen.cluster c on c.id = t.cluster_id
	join yanmen.account_view a on a.id = v.account_id
	where v.user_id = target_facts.user_id and t.name = target_facts.target
		and (coalesce(target_facts.account, '') = '' or a.name = target_facts.account)
	order by a.is_default desc, a.name, g.id
$$;

-- Which target a connection through another one is to: by name (then port 22 means its SSH, whatever port that has) or by
-- address.  ssh: it is re-terminated.  A row at most, and only of a target that is granted to the user: the target itself, or
-- another port of a linux target, unless that is a target of its own.  An address of loopback is the gateway's own
-- (samples): there, no other port.
create function api.jump(user_id bigint, host text, port int) returns table (target text, port int, ssh bool)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	with mine as (
		select distinct t.id, t.name, t.kind, t.host, t.port, lower(t.name) = lower(jump.host) as named
		from yanmen.granted v
		join yanmen.access_grant g on g.id = v.grant_id and (g.until is null or g.until > now())
		join yanmen.target t on t.id = v.target_id
		where v.user_id = jump.user_id and (lower(t.name) = lower(jump.host) or lower(t.host) = lower(jump.host))
	)
	select m.name, case when m.itself then m.port else jump.port end, m.itself and m.kind = 'linux'
	from (select x.*, x.port = jump.port or (x.named and jump.port = 22 and x.kind = 'linux') as itself from mine x) m
	where m.itself or (m.kind = 'linux' and m.host !~* '^(127\.|::1$|localhost$|::ffff:127\.)'
		and not exists (select from yanmen.target o where lower(o.host) = lower(m.host) and o.port = jump.port
			and o.removed_at is null))
	order by m.name = jump.host desc, m.named desc, m.itself desc, m.name limit 1
$$;

-- What a client configuration of a user needs: his linux targets, the account that is taken first and the others.
create function api.ssh_config(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
begin
	perform api.need(caller, 'grant.list');
	u := yanmen.find_user(yanmen.need_arg(args, 'user'));
	return jsonb_build_object('user', u.name, 'targets', (select coalesce(jsonb_agg(jsonb_build_object('name', x.name,
			'address', yanmen.address(x.host, x.port), 'accounts', x.accounts) order by x.name), '[]')
		from (select t.name, t.host, t.port, coalesce(jsonb_agg(distinct a.name) filter (where a.is_default), '[]')
				|| coalesce(jsonb_agg(distinct a.name) filter (where not a.is_default), '[]') as accounts
			from yanmen.granted v
			join yanmen.access_grant g on g.id = v.grant_id and (g.until is null or g.until > now())
			join yanmen.target t on t.id = v.target_id and t.kind = 'linux'
			join yanmen.account a on a.id = v.account_id
			where v.user_id = u.id group by t.id) x));
end
$$;

-- The grammar of policy/decide/hours.h, so that a wrong text is told when it is entered.
create function yanmen.need_hours(args jsonb) returns text language plpgsql immutable as $$
declare
	h text := coalesce(yanmen.arg(args, 'hours'), '');
	d constant text := '(mon|tue|wed|thu|fri|sat|sun)';
	t constant text := '([01]?[0-9]|2[0-3]):[0-5][0-9]';
	zone constant text := '(-(0[0-9]|1[01]):[0-5][0-9]|-12:00|\+(0[0-9]|1[0-3]):[0-5][0-9]|\+14:00)';
	item text := format('(%1$s(-%1$s)?( *, *%1$s(-%1$s)?)* +)?%2$s *- *(%2$s|24:00)', d, t);
begin
	if octet_length(h) > 500 or lower(h) !~ format('^ *(%1$s( *[,;] *%1$s)*( +%2$s)?)? *$', item, zone)
		or exists (select from regexp_matches(h, '(\d+):(\d\d) *- *(\d+):(\d\d)', 'g') m
			where m[1]::int = m[3]::int and m[2] = m[4])
	then
		raise exception '"%" are no hours: such as "mon-fri 09:00-18:00; sat 10:00-12:00 +08:00"', left(h, 80)
			using errcode = 'YM400';
	end if;
	return h;
end
$$;

-- args: user, account, target or group, from*, hours, until, feature*, idle, total (seconds), concurrent,
-- and of browsers' terminals: paste (allow, ask, deny), paste_max (bytes), copy (on, off).
create function api.grant_add(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	usual constant text[] := yanmen.features_usual();
	valid constant text[] := usual || array['reverse', 'agent', 'x11', 'infile', -- these lend the target something of the client's
		'keep-upload', 'keep-download']; -- these record what files hold
	g yanmen.access_grant;
	u yanmen.users;
	target text := nullif(yanmen.arg(args, 'target'), '');
	in_group text := nullif(yanmen.arg(args, 'group'), '');
	f text;
begin
	perform api.need(caller, 'grant.manage');
	u := yanmen.find_user(yanmen.need_arg(args, 'user'));
	if num_nonnulls(target, in_group) <> 1 then
		raise exception 'give a target or a group' using errcode = 'YM400';
	end if;
	g.account := yanmen.need_name(args, 'account', 'account');
	if target is not null then
		g.target_id := (yanmen.find_target(target)).id;
	else
		g.group_id := (yanmen.find_group(in_group)).id;
	end if;
	g.features := array(select distinct x from unnest(yanmen.arg_list(args, 'feature')) x order by x);
	foreach f in array g.features loop
		if not f = any (valid) then
			raise exception 'no feature %; there are: %', left(f, 40), array_to_string(valid, ', ') using errcode = 'YM400';
		end if;
	end loop;
	if cardinality(g.features) = 0 then
		g.features := usual;
	end if;
	begin
		g.until := nullif(yanmen.arg(args, 'until'), '')::timestamptz;
	exception when data_exception then
		raise exception '"%" is no time: such as 2027-01-31T18:00:00+08:00', left(yanmen.arg(args, 'until'), 60)
			using errcode = 'YM400';
	end;
	g.paste := coalesce(nullif(yanmen.arg(args, 'paste'), ''), 'ask');
	if g.paste not in ('allow', 'ask', 'deny') then
		raise exception 'paste is allow, ask or deny, not "%"', left(g.paste, 40) using errcode = 'YM400';
	end if;
	insert into yanmen.access_grant (user_id, account, target_id, group_id, from_nets, hours, until, features, idle_s,
		total_s, concurrent, paste, paste_max, copy, created_by)
	values (u.id, g.account, g.target_id, g.group_id, yanmen.arg_nets(args, 'from'), yanmen.need_hours(args), g.until,
		g.features, yanmen.arg_number(args, 'idle', 31536000), yanmen.arg_number(args, 'total', 31536000),
		yanmen.arg_number(args, 'concurrent', 10000)::int, g.paste,
		yanmen.arg_number(args, 'paste_max', 4194304), yanmen.arg_switch(args, 'copy', true), caller ->> 'actor')
	returning * into g;
	perform yanmen.note(caller, 'grant.added', yanmen.grant_facts(g));
	return yanmen.grant_facts(g);
end
$$;
create function yanmen.grant_facts(g yanmen.access_grant) returns jsonb language sql stable as $$
	select jsonb_build_object('id', g.id, 'user', (select u.name from yanmen.users u where u.id = g.user_id),
		'account', g.account, 'target', (select t.name from yanmen.target t where t.id = g.target_id),
		'group', (select r.name from yanmen.resource_group r where r.id = g.group_id), 'from', g.from_nets::text[],
		'hours', g.hours, 'until', yanmen.time_text(g.until), 'features', g.features, 'idle', g.idle_s, 'total', g.total_s,
		'concurrent', g.concurrent, 'paste', g.paste, 'paste_max', g.paste_max, 'copy', g.copy)
$$;

-- The sessions that it opened go on; the next login finds it no more.
create function api.grant_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	g yanmen.access_grant;
	i text;
begin
	perform api.need(caller, 'grant.manage');
	i := yanmen.need_arg(args, 'id');
	perform yanmen.need_version(args, 'grant', substring(i from '^[0-9]{1,18}$'));
	update yanmen.access_grant set removed_at = now()
	where id = case when i ~ '^[0-9]{1,18}$' then i::bigint end and removed_at is null returning * into g;
	if not found then
		raise exception 'no grant %; see: grant list', left(i, 40) using errcode = 'YM404';
	end if;
	perform yanmen.note(caller, 'grant.removed', yanmen.grant_facts(g));
	return yanmen.grant_facts(g);
end
$$;

create function api.grant_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'grant.list');
	return (select coalesce(jsonb_agg(yanmen.grant_facts(g) || jsonb_build_object(
			'online', (select count(*) from yanmen.session s where s.grant_id = g.id and s.state = 'online'),
			'expired', coalesce(g.until <= now(), false), 'created_by', g.created_by,
			'created', yanmen.time_text(g.created_at)) order by g.id), '[]')
		from yanmen.access_grant g where g.removed_at is null);
end
$$;
grant execute on all functions in schema api to yanmen_broker;
