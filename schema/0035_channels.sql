-- Commands about channels and the outbox, what doctor says of them, and what the console reads.

create function notify.facts(c notify.channel) returns jsonb language sql stable as $$
	select jsonb_build_object('id', c.id, 'name', c.name, 'kind', c.kind, 'state', c.state, 'address', c.address, 'from', c.sender,
		'login', c.login, 'tls', case when c.kind = 'mail' then c.tls else 'tls' end, 'lang', c.lang,
		'group', (select g.name from yanmen.resource_group g where g.id = c.group_id),
		'events', c.events, 'secret', c.sealed is not null, 'ca', c.ca <> '', 'version', c.version, 'created', yanmen.time_text(c.created_at))
$$;
create function notify.find(n text) returns notify.channel language plpgsql as $$
declare
	c notify.channel;
begin
	select * into c from notify.channel x where x.name = n and x.removed_at is null for update;
	if not found then
		raise exception 'no channel named %; see: channel list', left(n, 80) using errcode = 'YM404';
	end if;
	return c;
end
$$;
create function notify.bound_text(c notify.channel) returns text language sql immutable as $$
	select 'channel=' || c.name || E'\nkind=' || c.kind
		|| case when c.kind = 'mail' then E'\naddress=' || c.address || E'\nlogin=' || c.login || E'\ntls=' || c.tls else '' end
$$;
create function notify.need_events(args jsonb) returns text[] language plpgsql stable as $$
declare
	wanted text[] := array(select distinct btrim(x) from unnest(yanmen.arg_list(args, 'event')) l, unnest(string_to_array(l, ',')) x
		where btrim(x) <> '' order by 1);
begin
	if not wanted <@ notify.events() then
		raise exception 'no event %; there are: %', left((select x from unnest(wanted) x where not x = any (notify.events()) limit 1), 40),
			array_to_string(notify.events(), ', ') using errcode = 'YM400';
	end if;
	return coalesce(nullif(wanted, '{}'), notify.events());
end
$$;
-- The channel as these arguments make it: what is not given stays.
create function notify.wanted(c notify.channel, args jsonb) returns notify.channel language plpgsql stable as $$
declare
	g text := yanmen.arg(args, 'group');
begin
	c.address := coalesce(nullif(yanmen.arg(args, 'address'), ''), c.address, '');
	c.sender := coalesce(nullif(yanmen.arg(args, 'from'), ''), c.sender, '');
	c.login := coalesce(yanmen.arg(args, 'login'), c.login, '');
	c.tls := coalesce(nullif(yanmen.arg(args, 'tls'), ''), c.tls, 'starttls');
	c.lang := coalesce(nullif(nullif(yanmen.arg(args, 'lang'), ''), 'none'), case when yanmen.arg(args, 'lang') = 'none' then '' else c.lang end, '');
	c.state := coalesce(nullif(yanmen.arg(args, 'state'), ''), c.state, 'on');
	c.ca := case when args ? 'ca' then nullif(array_to_string(yanmen.arg_list(args, 'ca'), E'\n'), 'none') else c.ca end;
	c.ca := coalesce(c.ca, '');
	c.events := case when args ? 'event' or c.events is null then notify.need_events(args) else c.events end;
	c.group_id := case when coalesce(g, '') = '' then c.group_id when g = 'none' then null else (yanmen.find_group(g)).id end;
	if c.kind not in ('mail', 'webhook', 'dingtalk', 'wecom') or c.kind is null then
		raise exception 'no kind %; there are: mail, webhook, dingtalk, wecom', left(c.kind, 40) using errcode = 'YM400';
	elsif c.state not in ('on', 'off') then
		raise exception 'state is on or off' using errcode = 'YM400';
	elsif c.lang not in ('', 'en', 'zh') then
		raise exception 'lang is en, zh or none' using errcode = 'YM400';
	elsif c.ca <> '' and c.ca !~ '^(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$' then
		raise exception 'ca is a certificate in PEM form' using errcode = 'YM400';
	elsif octet_length(c.ca) > 16384 then
		raise exception 'ca is longer than 16384 bytes' using errcode = 'YM400';
	elsif c.kind = 'mail' then
		perform notify.check_mail(c);
	end if;
	return c;
end
$$;
create function notify.check_mail(c notify.channel) returns void language plpgsql stable as $$
begin
	if c.address !~ '^([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\]):[1-9][0-9]{0,4}$' then
		raise exception 'address is the mail server, host:port, such as smtp.example.com:587' using errcode = 'YM400';
	elsif c.tls not in ('starttls', 'tls', 'none') then
		raise exception 'tls is starttls, tls or none' using errcode = 'YM400';
	elsif c.sender !~ '^[A-Za-z0-9.!#$%&''*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,180}[A-Za-z0-9])?$' then
		raise exception 'from is the mail address that messages come from' using errcode = 'YM400';
	elsif c.login !~ '^[!-~]{0,200}$' then
		raise exception 'login has no spaces, and at most 200 characters' using errcode = 'YM400';
	end if;
end
$$;
-- Before the vault seals: may he, is it right, and what is the secret bound to?
create function api.channel_binding(caller jsonb, args jsonb) returns text
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c notify.channel;
begin
	perform api.need(caller, 'channel.manage');
	if yanmen.arg(args, 'kind') is not null then
		c.name := yanmen.need_name(args, 'name', 'channel');
		c.kind := yanmen.arg(args, 'kind');
	else
		c := notify.find(yanmen.need_arg(args, 'name'));
	end if;
	return (case c.kind when 'mail' then 'mail' else 'hook' end) || E'\n' || notify.bound_text(notify.wanted(c, args));
end
$$;
create function notify.seal_into(c notify.channel, args jsonb) returns notify.channel language plpgsql stable as $$
begin
	if coalesce(yanmen.arg(args, 'sealed'), '') <> '' then
		c.sealed := yanmen.arg_hex(args, 'sealed');
		c.bound := yanmen.need_arg(args, 'bound');
		if c.kind <> 'mail' then
			c.address := yanmen.need_arg(args, 'host');
		end if;
	end if;
	if c.bound is distinct from notify.bound_text(c) then
		if c.sealed is not null then
			raise exception 'its password is for the server, login and tls as they were: give it again' using errcode = 'YM400';
		end if;
		c.bound := notify.bound_text(c);
	end if;
	if c.kind <> 'mail' and c.sealed is null then
		raise exception 'give a file with the URL, and the key to sign with in its second line' using errcode = 'YM400';
	elsif c.kind = 'mail' and c.tls = 'none' and c.sealed is not null then
		raise exception 'no password goes over a line without TLS' using errcode = 'YM400';
	elsif c.kind = 'mail' and (c.login = '') <> (c.sealed is null) then
		raise exception 'give both login and password, or neither' using errcode = 'YM400';
	end if;
	return c;
end
$$;
create function api.channel_add(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c notify.channel;
begin
	perform api.need(caller, 'channel.manage');
	c.name := yanmen.need_name(args, 'name', 'channel');
	c.kind := yanmen.need_arg(args, 'kind');
	c := notify.seal_into(notify.wanted(c, args), args);
	begin
		insert into notify.channel (name, kind, state, address, sender, login, tls, lang, group_id, events, ca, sealed, bound, created_by)
		values (c.name, c.kind, c.state, c.address, c.sender, c.login, c.tls, c.lang, c.group_id, c.events, c.ca, c.sealed, c.bound,
			caller ->> 'actor') returning * into c;
	exception when unique_violation then
		raise exception 'there is a channel named % already', c.name using errcode = 'YM409';
	end;
	perform yanmen.note(caller, 'channel.added', notify.facts(c));
	return notify.facts(c);
end
$$;
create function api.channel_set(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c notify.channel;
	was jsonb;
	seen text := nullif(yanmen.arg(args, 'version'), '');
begin
	perform api.need(caller, 'channel.manage');
	c := notify.find(yanmen.need_arg(args, 'name'));
	if seen <> c.version::text then
		raise exception 'the channel % was changed meanwhile: look again', c.name using errcode = 'YM409';
	end if;
	was := notify.facts(c);
	if c.kind = 'mail' and yanmen.arg(args, 'login') = '' then
		c.sealed := null; -- it signs in no more
	end if;
	c := notify.seal_into(notify.wanted(c, args), args);
	update notify.channel x set version = x.version + 1, state = c.state, address = c.address, sender = c.sender, login = c.login, tls = c.tls,
		lang = c.lang, group_id = c.group_id, events = c.events, ca = c.ca, sealed = c.sealed, bound = c.bound
	where x.id = c.id returning * into c;
	perform yanmen.note(caller, 'channel.changed', notify.facts(c) || jsonb_build_object('before', was));
	return notify.facts(c);
end
$$;
create function api.channel_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c notify.channel;
begin
	perform api.need(caller, 'channel.manage');
	c := notify.find(yanmen.need_arg(args, 'name'));
	update notify.channel x set removed_at = now(), state = 'off', sealed = null where x.id = c.id;
	update notify.message x set state = 'dead', ended_at = now(), said = 'the channel was removed'
	where x.channel_id = c.id and x.state in ('queued', 'failed');
	perform yanmen.note(caller, 'channel.removed', notify.facts(c));
	return notify.facts(c);
end
$$;
create function api.channel_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'channel.list');
	return (select coalesce(jsonb_agg(notify.facts(c) order by c.name), '[]') from notify.channel c where c.removed_at is null);
end
$$;
-- A real message, tried once; whoever asked waits for api.channel_tested.  to: of mail, where to.
create function api.channel_test(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c notify.channel;
	u bigint := (select x.id from yanmen.users x where caller ->> 'actor' = 'user:' || x.name and x.mail <> '');
	to_ text := coalesce(yanmen.arg(args, 'to'), '');
	m bigint;
begin
	perform api.need(caller, 'channel.manage');
	c := notify.find(yanmen.need_arg(args, 'name'));
	if c.kind = 'mail' and to_ = '' and u is null then
		raise exception 'to whom? give to, a mail address' using errcode = 'YM400';
	elsif to_ <> '' then
		perform notify.need_address(to_);
	end if;
	insert into notify.message (event, kind, channel_id, user_id, facts) values ('test/' || gen_random_uuid(), 'test', c.id,
		case when c.kind = 'mail' and to_ = '' then u end,
		jsonb_build_object('who', regexp_replace(caller ->> 'actor', '^user:', ''), 'to', to_, 'until', notify.time_text(now()))) returning id into m;
	perform yanmen.note(caller, 'channel.tested', jsonb_build_object('channel', c.name, 'message', m));
	return jsonb_build_object('id', m, 'channel', c.name);
end
$$;
create function notify.need_address(a text) returns text language plpgsql immutable as $$
begin
	if octet_length(a) > 254 or a !~ '^[A-Za-z0-9.!#$%&''*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$' then
		raise exception '"%" is no mail address', left(a, 80) using errcode = 'YM400';
	end if;
	return a;
end
$$;
-- null: it is still under way.
create function api.channel_tested(message bigint) returns jsonb
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select jsonb_build_object('id', m.id, 'channel', c.name, 'state', m.state, 'said', m.said)
	from notify.message m join notify.channel c on c.id = m.channel_id where m.id = message and m.kind = 'test' and m.state in ('sent', 'dead')
$$;

-- ---- the outbox ----
create view notify.notice as
	select m.id, m.kind, m.event, c.name as channel, c.kind as via, coalesce(u.name, '') as "user", m.request_id as request, m.state,
		m.attempts, m.said, m.created_at, m.next_at, m.taken_at, m.ended_at
	from notify.message m join notify.channel c on c.id = m.channel_id left join yanmen.users u on u.id = m.user_id;
-- args: state, limit.
create function api.notice_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	wanted text := coalesce(yanmen.arg(args, 'state'), '');
	most bigint := yanmen.arg_number(args, 'limit', 10000);
begin
	perform api.need(caller, 'notice.list');
	return (select coalesce(jsonb_agg(jsonb_build_object('id', n.id, 'kind', n.kind, 'channel', n.channel, 'via', n.via, 'user', n."user",
			'request', n.request, 'state', n.state, 'attempts', n.attempts, 'said', n.said, 'created', yanmen.time_text(n.created_at),
			'next', case when n.state in ('queued', 'failed') then yanmen.time_text(n.next_at) end,
			'ended', yanmen.time_text(n.ended_at)) order by n.id desc), '[]')
		from (select * from notify.notice x where wanted in ('', x.state) order by x.id desc limit coalesce(nullif(most, 0), 200)) n);
end
$$;
create function notify.find_message(i text) returns notify.message language plpgsql as $$
declare
	m notify.message;
begin
	select * into m from notify.message x where x.id = case when i ~ '^[0-9]{1,18}$' then i::bigint end for update;
	if not found then
		raise exception 'no message %; see: notice list', left(i, 40) using errcode = 'YM404';
	end if;
	return m;
end
$$;
create function api.notice_retry(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	m notify.message;
begin
	perform api.need(caller, 'notice.manage');
	m := notify.find_message(yanmen.need_arg(args, 'id'));
	if m.state not in ('failed', 'dead') or not exists (select from notify.channel c where c.id = m.channel_id and c.removed_at is null) then
		raise exception 'message % is %, or its channel is gone: nothing to try again', m.id, m.state using errcode = 'YM409';
	end if;
	update notify.message x set state = 'queued', attempts = 0, next_at = now(), ended_at = null where x.id = m.id;
	perform pg_notify('yanmen_notify', '');
	perform yanmen.note(caller, 'notice.retried', jsonb_build_object('message', m.id, 'event', m.event));
	return jsonb_build_object('id', m.id, 'state', 'queued');
end
$$;
create function api.notice_drop(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	m notify.message;
begin
	perform api.need(caller, 'notice.manage');
	m := notify.find_message(yanmen.need_arg(args, 'id'));
	if m.state = 'sent' then
		raise exception 'message % was sent already', m.id using errcode = 'YM409';
	end if;
	update notify.message x set state = 'dead', ended_at = now(), said = 'dropped by ' || (caller ->> 'actor') where x.id = m.id;
	perform yanmen.note(caller, 'notice.dropped', jsonb_build_object('message', m.id, 'event', m.event, 'state', m.state));
	return jsonb_build_object('id', m.id, 'state', 'dead');
end
$$;

-- ---- a session that somebody else ended: its user hears of it ----
create function notify.session_ended(caller jsonb, sid uuid, why text) returns void language plpgsql as $$
declare
	s yanmen.session;
begin
	select * into s from yanmen.session x where x.id = sid;
	if caller ->> 'actor' <> 'user:' || s.user_name then
		perform notify.tell('session.ended', 'session.ended/' || s.id, array[s.user_id], array[s.target_id], null, jsonb_build_object(
			'who', s.user_name, 'targets', s.target_name, 'account', s.account_name, 'answer', why, 'until', notify.time_text(now()),
			'by', regexp_replace(caller ->> 'actor', '^user:', '')));
	end if;
end
$$;

-- ---- one's own address ----
create function api.me_mail(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users := yanmen.self(caller);
	a text := coalesce(yanmen.arg(args, 'mail'), '');
begin
	if a <> '' then
		perform notify.need_address(a);
	end if;
	update yanmen.users set mail = a where id = u.id;
	perform yanmen.note(caller, 'me.mail', jsonb_build_object('user', u.name, 'mail', a, 'before', u.mail));
	return jsonb_build_object('user', u.name, 'mail', a);
end
$$;

-- ---- doctor ----
create function notify.doctor() returns jsonb language sql stable as $$
	select jsonb_build_array(case
		when dead > 0 then jsonb_build_object('name', 'messages', 'state', 'warn', 'say', dead || ' given up in the last week; see: notice list --state dead')
		when channels = 0 and asks then jsonb_build_object('name', 'messages', 'state', 'warn', 'say',
			'access can be asked for, and nobody is told outside of the console; see: channel add')
		when late > 0 then jsonb_build_object('name', 'messages', 'state', 'warn', 'say', late || ' wait for more than ten minutes; see: notice list')
		when channels = 0 then jsonb_build_object('name', 'messages', 'state', 'ok', 'say', 'no channel')
		else jsonb_build_object('name', 'messages', 'state', 'ok', 'say', 'all sent') end)
	from (select (select count(*) from notify.message m where m.state = 'dead' and m.kind <> 'test' and m.said not like 'dropped by %'
			and m.ended_at > now() - interval '7 days') as dead,
		(select count(*) from notify.channel c where c.removed_at is null and c.state = 'on') as channels,
		(select count(*) from notify.message m where m.state in ('queued', 'failed') and m.created_at < now() - interval '10 minutes') as late,
		exists (select from yanmen.resource_group g where g.requestable and g.removed_at is null) as asks) x
$$;
grant execute on all functions in schema api to yanmen_broker;
revoke execute on all functions in schema notify from public;

-- ---- what the console reads ----
insert into console.collection (name, needs) values ('channels', 'channel.list'), ('notices', 'notice.list');
create view console.channels as
	select c.id, c.version, c.name, c.kind, c.state, c.address, c.sender as "from", c.login, case when c.kind = 'mail' then c.tls else 'tls' end as tls,
		c.lang, g.name as "group", c.events, c.sealed is not null as secret, c.ca <> '' as pinned, c.created_at as created,
		(select max(m.ended_at) from notify.message m where m.channel_id = c.id and m.state = 'sent') as sent,
		(select count(*) from notify.message m where m.channel_id = c.id and m.state in ('queued', 'sending', 'failed')) as waiting,
		(select count(*) from notify.message m where m.channel_id = c.id and m.state = 'dead') as dead
	from notify.channel c left join yanmen.resource_group g on g.id = c.group_id
	where c.removed_at is null and (select console.own('channel.list')) is null;
create view console.notices as
	select n.id, replace(n.kind, '.', '_') as event, n.channel, n.via, n."user", n.request, n.state, n.attempts, n.said, n.created_at as at,
		case when n.state in ('queued', 'failed') then n.next_at end as next, n.ended_at as ended
	from notify.notice n where (select console.own('notice.list')) is null;
create trigger tell_console after insert or update or delete on notify.channel for each statement
	execute function yanmen.tell_console('channels');
create trigger tell_console after insert or update or delete on notify.message for each statement
	execute function yanmen.tell_console('notices');
-- Who asked and who decides see with the request how it went.
create trigger tell_request after update of state on notify.message for each row when (new.request_id is not null)
	execute function yanmen.tell_console('requests');
