-- Telling people outside of the console: channels, and the outbox (decisions/0020).
--
-- A message is a row written in the transaction of what it tells, one for each (event, who, channel); yanmen-notify takes it, sends it and
-- says how it went.  A person is told by mail at his own address, a robot or a webhook as a whole.
create schema notify;

insert into yanmen.setting (key, value, form, most, about) values
	('console.url', '', '^(https://[A-Za-z0-9.:\[\]-]{1,200})?$', 208, 'the console as people reach it, https://host: links in messages; empty = none'),
	('notify.language', 'en', '^(en|zh)$', 2, 'language of messages to people and channels that have none of their own'),
	('notify.zone', 'UTC', '^[A-Za-z0-9_+/-]{1,40}$', 40, 'time zone of the times in messages, such as Asia/Shanghai'),
	('notify.tries', '10', '^[1-9][0-9]?$', 2, 'how often a message is tried before it is given up'),
	('notify.pause', '10', '^[1-9][0-9]{0,3}$', 4, 'seconds before a message is tried again; doubles each time, up to an hour'),
	('notify.timeout', '30', '^[1-9][0-9]{0,2}$', 3, 'seconds that one sending may take'),
	('notify.keep', '90', '^[1-9][0-9]{0,3}$', 4, 'days that messages which were sent or given up stay in the outbox'),
	('notify.networks', '', '^[0-9A-Fa-f.:/, ]*$', 400,
		'networks with commas between that messages may be sent to although they are the gateway itself, loopback or link-local');

insert into yanmen.role_permission (role, permission, scope)
select r, p, 'all' from unnest(array['admin', 'system_admin']) r, unnest(array['channel.manage', 'channel.list', 'notice.list', 'notice.manage']) p
union all
select r, p, 'all' from unnest(array['auditor', 'audit_admin']) r, unnest(array['channel.list', 'notice.list']) p;
insert into yanmen.duty (permission, duty) values ('channel.manage', 'system'), ('notice.manage', 'system');

create function notify.events() returns text[] language sql immutable as $$
	select array['request.asked', 'request.nobody', 'request.approved', 'request.refused', 'request.ending', 'request.ended',
		'session.ended', 'alert']
$$;

create table notify.channel (
	id bigint generated always as identity primary key,
	version int not null default 1,
	name text not null check (yanmen.is_name(name, 64)),
	kind text not null check (kind in ('mail', 'webhook', 'dingtalk', 'wecom')),
	state text not null default 'on' check (state in ('on', 'off')),
	address text not null,             -- mail: host:port; else https://host[:port] of the URL, whose rest is secret
	sender text not null default '',   -- mail: who it is from
	login text not null default '',    -- mail: as whom to sign in there, '' = not at all
	tls text not null default 'starttls' check (tls in ('starttls', 'tls', 'none')),
	lang text not null default '' check (lang in ('', 'en', 'zh')),
	group_id bigint references yanmen.resource_group, -- only what is about its targets; null = anything
	events text[] not null check (events <@ notify.events()),
	ca text not null default '' check (octet_length(ca) <= 16384), -- PEM: who must have signed its certificate; '' = the system's
	sealed bytea,                      -- mail: the password; else the URL, and the key to sign with
	bound text not null,
	created_at timestamptz not null default now(),
	created_by text not null,
	removed_at timestamptz,
	check (kind = 'mail' or removed_at is not null or sealed is not null),
	check (tls <> 'none' or sealed is null or kind <> 'mail') -- no password over a line that anybody can read
);
create unique index on notify.channel (name) where removed_at is null;

create table notify.message (
	id bigint generated always as identity primary key,
	uid uuid not null default gen_random_uuid(), -- by which a receiver knows a repeat
	event text not null,  -- what happened, once: request.asked/12
	kind text not null,
	channel_id bigint not null references notify.channel,
	user_id bigint references yanmen.users, -- null: whoever is behind the channel
	request_id bigint references yanmen.request,
	facts jsonb not null,
	state text not null default 'queued' check (state in ('queued', 'sending', 'sent', 'failed', 'dead')), -- failed: it is tried again
	attempts int not null default 0,
	created_at timestamptz not null default now(),
	next_at timestamptz not null default now(),
	taken_at timestamptz,
	ended_at timestamptz,
	said text not null default '' -- the receiver's words, or why it failed
);
create unique index on notify.message (event, channel_id, coalesce(user_id, 0));
create index on notify.message (channel_id, next_at) where state in ('queued', 'failed');
create index on notify.message (channel_id, taken_at) where taken_at is not null;
create index on notify.message (request_id) where request_id is not null;
create index on notify.message (created_at);
create index on notify.message (id) where state in ('sending', 'dead');

create function notify.wake() returns trigger language plpgsql as $$
begin
	perform pg_notify('yanmen_notify', '');
	return null;
end
$$;
create trigger wake after insert or update on notify.channel for each statement execute function notify.wake();
create trigger wake after insert on notify.message for each statement execute function notify.wake();

-- ---- what is told, and to whom ----
create function notify.setting(key text) returns text language sql stable as $$
	select s.value from yanmen.setting s where s.key = setting.key
$$;
create function notify.time_text(t timestamptz) returns text language plpgsql stable as $$
declare
	z text := notify.setting('notify.zone');
begin
	return to_char(t at time zone z, 'YYYY-MM-DD HH24:MI') || ' ' || z;
exception when invalid_parameter_value then
	return to_char(t at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC';
end
$$;
-- Is what is about these targets for that channel?
create function notify.concerns(c notify.channel, targets bigint[]) returns bool language sql stable as $$
	select c.group_id is null or exists (select from yanmen.group_target m
		where m.group_id = c.group_id and m.target_id = any (coalesce(targets, '{}')))
$$;
-- people: each by mail, if he has an address.  Written once, whoever calls again.
create function notify.tell(kind text, event text, people bigint[], targets bigint[], request bigint, facts jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	insert into notify.message (event, kind, channel_id, user_id, request_id, facts)
	select tell.event, tell.kind, c.id, u.id, tell.request, tell.facts from yanmen.users u
	cross join lateral (select x.id from notify.channel x where x.kind = 'mail' and x.state = 'on' and x.removed_at is null
		and tell.kind = any (x.events) and notify.concerns(x, targets) order by x.group_id nulls last, x.id limit 1) c
	where u.id = any (people) and u.state = 'active' and u.mail <> ''
	union all
	select tell.event, tell.kind, x.id, null, tell.request, tell.facts from notify.channel x
	where x.kind <> 'mail' and x.state = 'on' and x.removed_at is null and tell.kind = any (x.events) and notify.concerns(x, targets)
	on conflict do nothing;
end
$$;

-- Who looks after the gateway as a whole.
create function notify.keepers() returns bigint[] language sql stable as $$
	select array(select u.id from yanmen.users u where u.state = 'active' and exists (select from yanmen.role_permission p
		where p.role = u.role and p.permission = 'doctor.run' and p.scope = 'all'))
$$;
-- Who decides about it.
create function notify.deciders(r yanmen.request) returns bigint[] language sql stable as $$
	select array(select u.id from yanmen.users u where u.state = 'active' and u.id <> r.user_id
		and exists (select from yanmen.role_permission p where p.role = u.role and p.permission = 'request.decide')
		and yanmen.request_decides(jsonb_build_object('actor', 'user:' || u.name), r))
$$;
-- Each step of a request comes by here (yanmen.request_note).
create function notify.request(r yanmen.request, actor text, step text, more jsonb) returns void language plpgsql as $$
declare
	u yanmen.users;
	people bigint[] := array[r.user_id];
	kind text := step;
	event text;
begin
	select * into u from yanmen.users x where x.id = r.user_id;
	if step = 'request.asked' then
		if yanmen.preapproval_of(r) is not null then
			return; -- the next step is its approval
		end if;
		people := notify.deciders(r);
		if people = '{}' then
			kind := 'request.nobody';
			people := r.user_id || notify.keepers();
		end if;
	elsif step = 'request.withdrawn' or actor = 'user:' || u.name then
		return; -- he did it himself
	end if;
	event := kind || '/' || r.id || case step when 'request.ending' then '/' || (more ->> 'left') || '/' || extract(epoch from r.until)::bigint
		else '' end;
	perform notify.tell(kind, event, people, array(select x.target_id from yanmen.request_target x
			where x.request_id = coalesce(r.extends, r.id)), r.id, jsonb_strip_nulls(jsonb_build_object('number', r.id, 'who', u.name,
		'targets', array_to_string(yanmen.request_targets(r), ', '), 'account', r.account, 'reason', r.reason,
		'work', r.kind = 'software' or null, 'extends', r.extends, 'by', regexp_replace(coalesce(more ->> 'by', ''), '^user:', ''),
		'answer', coalesce(more ->> 'why', r.answer), 'until', notify.time_text(r.until))));
end
$$;
-- For who asked and who decides: who was told of it, and how that went.
create or replace function yanmen.request_told(request bigint) returns jsonb language plpgsql stable as $$
begin
	return (select coalesce(jsonb_agg(jsonb_build_object('kind', m.kind, 'who', coalesce(u.name, c.name), 'via', c.kind,
			'state', m.state, 'at', yanmen.time_text(coalesce(m.ended_at, m.taken_at, m.created_at)), 'said',
			case when m.state in ('failed', 'dead') then m.said else '' end) order by m.id), '[]')
		from notify.message m join notify.channel c on c.id = m.channel_id left join yanmen.users u on u.id = m.user_id
		where m.request_id = request);
end
$$;
-- What an administrator should hear of at once; of each kind (of statements: and target) one message an hour.  A message that cannot be written must not keep the fact out of the log.
create function notify.alert() returns trigger language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform notify.tell('alert', 'alert/' || new.kind || case new.kind when 'sql.alert' then '/' || coalesce(new.target_name, '') else '' end || '/'
		|| date_trunc('hour', new.at)::text, notify.keepers(),
		array(select t.id from yanmen.target t where new.kind = 'sql.alert' and t.name = new.target_name and t.removed_at is null), null,
		jsonb_build_object('what', new.kind, 'reason', left(new.search, 500), 'until', notify.time_text(new.at)));
	return null;
exception when others then
	raise warning 'notify.alert: %', sqlerrm;
	return null;
end
$$;
create trigger alert after insert on audit.event for each row
	when (new.kind in ('space.warn', 'space.low', 'space.over', 'siem.away', 'passkey.cloned', 'notice.dead', 'sql.alert')) execute function notify.alert();

-- ---- yanmen-notify ----
-- It has started, or its connection is new: what is not in its hands is sent again, under the same uid.
create function notify.start(mine bigint[]) returns int
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	n int;
begin
	update notify.message set state = 'queued', next_at = now() where state = 'sending' and id <> all (mine);
	get diagnostics n = row_count;
	return n;
end
$$;
-- What may go now: at most four of a channel are under way, and a robot takes 20 a minute.
create function notify.take(max_rows int)
returns table (id bigint, uid uuid, channel_id bigint, via text, address text, sender text, login text, tls text, ca text, sealed bytea,
	bound text, kind text, lang text, to_name text, to_mail text, link text, made bigint, seconds int, networks text, number text, who text,
	targets text, account text, reason text, answer text, by_whom text, until text, what text, extends text, work text)
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c notify.channel;
	room int;
	left_ int := least(greatest(max_rows, 0), 64);
	ids bigint[] := '{}';
	more bigint[];
begin
	delete from notify.message x where x.id in (select y.id from notify.message y where y.state in ('sent', 'dead')
		and y.created_at < now() - notify.setting('notify.keep')::int * interval '1 day' order by y.created_at limit 100);
	for c in select x.* from notify.channel x where exists (select from notify.message m where m.channel_id = x.id
		and m.state in ('queued', 'failed') and m.next_at <= now()) order by random()
	loop
		room := least(left_, 4 - (select count(*) from notify.message m where m.channel_id = c.id and m.state = 'sending'));
		if c.kind in ('dingtalk', 'wecom') then
			room := least(room, 20 - (select count(*) from notify.message m where m.channel_id = c.id
				and m.taken_at > now() - interval '61 seconds'));
		end if;
		continue when room <= 0;
		more := array(select m.id from notify.message m where m.channel_id = c.id and m.state in ('queued', 'failed') and m.next_at <= now()
			order by m.next_at, m.id limit room for update skip locked);
		ids := ids || more;
		left_ := left_ - cardinality(more);
	end loop;
	update notify.message m set state = 'sending', taken_at = clock_timestamp(), attempts = m.attempts + 1 where m.id = any (ids);
	return query select m.id, m.uid, c2.id, c2.kind, c2.address, c2.sender, c2.login, c2.tls, c2.ca, c2.sealed, c2.bound, m.kind,
		coalesce(nullif(u.lang, ''), nullif(c2.lang, ''), notify.setting('notify.language')), coalesce(u.name, ''),
		coalesce(u.mail, m.facts ->> 'to', ''), case when notify.setting('console.url') <> '' then notify.setting('console.url') || notify.page(m.kind) else '' end,
		extract(epoch from m.created_at)::bigint, notify.setting('notify.timeout')::int, notify.setting('notify.networks'), coalesce(m.facts ->> 'number', ''),
		coalesce(m.facts ->> 'who', ''), coalesce(m.facts ->> 'targets', ''), coalesce(m.facts ->> 'account', ''), coalesce(m.facts ->> 'reason', ''),
		coalesce(m.facts ->> 'answer', ''), coalesce(m.facts ->> 'by', ''), coalesce(m.facts ->> 'until', ''), coalesce(m.facts ->> 'what', ''),
		coalesce(m.facts ->> 'extends', ''), coalesce(m.facts ->> 'work', '')
	from notify.message m join notify.channel c2 on c2.id = m.channel_id left join yanmen.users u on u.id = m.user_id
	where m.id = any (ids) order by m.id;
end
$$;
-- Where in the console it is dealt with.
create function notify.page(kind text) returns text language sql immutable as $$
	select case when kind in ('request.asked', 'request.nobody') then '/approve' when kind like 'request.%' then '/requests'
		when kind = 'session.ended' then '/my-sessions' when kind = 'alert' then '/audit' else '/' end
$$;
-- Seconds until it is tried again: doubling up to an hour, give or take a quarter; to a robot, which counts, never within a minute.
create function notify.wait_s(attempts int, pause int, robot bool, dice float8) returns float8 language sql immutable as $$
	select greatest(least(3600, pause * power(2, least(attempts, 20) - 1)) * (0.75 + dice / 2), case when robot then 61 else 0 end)
$$;
-- result: sent; failed = try again; dead = it never will.
create function notify.report(message bigint, result text, words text) returns void
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	m notify.message;
	c notify.channel;
	ends text;
begin
	select * into m from notify.message x where x.id = message and x.state = 'sending' for update;
	if not found then
		return; -- somebody dropped it meanwhile
	end if;
	select * into c from notify.channel x where x.id = m.channel_id;
	ends := case when result = 'sent' then 'sent' when result = 'dead' or m.kind = 'test' or c.removed_at is not null
		or m.attempts >= notify.setting('notify.tries')::int then 'dead' else 'failed' end;
	update notify.message x set state = ends, said = left(words, 500),
		ended_at = case when ends in ('sent', 'dead') then clock_timestamp() end,
		next_at = clock_timestamp() + notify.wait_s(m.attempts, notify.setting('notify.pause')::int, c.kind in ('dingtalk', 'wecom'), random())
			* interval '1 second'
	where x.id = m.id;
	if ends = 'dead' and m.kind not in ('test', 'alert') then
		perform audit.add('system', 'notice.dead', jsonb_build_object('message', m.id, 'event', m.event, 'channel', c.name,
			'user', (select u.name from yanmen.users u where u.id = m.user_id), 'attempts', m.attempts, 'why', left(words, 200)));
	end if;
end
$$;
grant usage on schema notify to yanmen_notifier;
revoke execute on all functions in schema notify from public;
grant execute on function notify.start, notify.take, notify.report to yanmen_notifier;

