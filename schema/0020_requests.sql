-- Access requests: somebody asks for an account on targets for a term, whoever administers all of them decides, the term ends by itself.
--
-- asked -> approved -> active (its grants open something) -> ended; or asked -> refused, asked -> withdrawn.  Approved, active and
-- ended follow from the clock and the grants (yanmen.request_state); a row tells what people decided.  What a target's term has ended
-- is not left to a timer: the grants that an approval makes have the term (0013).  The timer (api.requests_tick) writes what
-- happened into the audit, and reminds.

insert into yanmen.setting (key, value, form, most, about) values
	('request.notice', '86400,3600', '^([0-9]{1,7}(,[0-9]{1,7}){0,3})?$', 40,
		'seconds before the end of an approved access at which its user is reminded, with commas between; empty = not at all'),
	('request.end_sessions', 'on', '^(on|off)$', 3,
		'on: a session ends with the approved term that opened it; off: it goes on, and no new one begins'),
	('request.longest', '7776000', '^[0-9]{1,9}$', 9, 'seconds, the longest term that can be asked for; 0 = any');

insert into yanmen.role_permission (role, permission, scope)
select r.name, 'request.ask', 'all' from yanmen.role r where r.name <> 'auditor'
union all
select r.name, 'request.list', case when r.name in ('admin', 'auditor') then 'all' else 'own' end from yanmen.role r
union all
values ('admin', 'request.decide', 'all'), ('group_admin', 'request.decide', 'own'), ('cluster_admin', 'request.decide', 'own'),
	('admin', 'request.policy', 'all'), ('auditor', 'request.policy_list', 'all'), ('admin', 'request.policy_list', 'all');

-- Requests of this kind, by these people, for targets of this group and within this term are approved at once, by the system.
create table yanmen.preapproval (
	id bigint generated always as identity primary key,
	name text not null unique check (yanmen.is_name(name, 64)),
	kind text not null check (kind in ('access', 'software')),
	role text references yanmen.role,
	user_id bigint references yanmen.users,
	group_id bigint not null references yanmen.resource_group,
	account text not null default '' check (account = '' or yanmen.is_name(account, 64)), -- '' = any that can be asked for
	longest_s bigint not null check (longest_s between 60 and 31536000), -- with all extensions
	created_at timestamptz not null default now(),
	created_by text not null,
	check (num_nonnulls(role, user_id) = 1)
);

create table yanmen.request (
	id bigint generated always as identity primary key,
	user_id bigint not null references yanmen.users,
	kind text not null check (kind in ('access', 'software')),
	extends bigint references yanmen.request, -- asks for a later end of that one, and for nothing else
	account text check (yanmen.is_name(account, 64)), -- null: work that is wanted, and no login
	reason text not null check (octet_length(reason) between 1 and 2000),
	detail text not null default '' check (octet_length(detail) <= 4000), -- the configuration or software that is wanted
	starts_at timestamptz not null default now(),
	until timestamptz not null check (until > starts_at),
	state text not null default 'asked' check (state in ('asked', 'approved', 'refused', 'withdrawn')),
	preapproval text, -- the name of the policy that approved it
	asked_at timestamptz not null default now(),
	decided_at timestamptz,
	decided_by text,
	answer text not null default '',
	reminded_s bigint, -- the last reminder, so many seconds before the end
	ended_at timestamptz,
	check ((state = 'asked') = (decided_at is null)),
	check ((decided_at is null) = (decided_by is null))
);
create index on yanmen.request (user_id, asked_at);
create index on yanmen.request (asked_at) where state = 'asked';
create index on yanmen.request (until) where state = 'approved' and ended_at is null;
create unique index on yanmen.request (extends) where state = 'asked';
create table yanmen.request_target (
	request_id bigint not null references yanmen.request,
	target_id bigint not null references yanmen.target,
	primary key (request_id, target_id)
);
alter table yanmen.access_grant add foreign key (request_id) references yanmen.request;
create index on yanmen.access_grant (request_id) where request_id is not null;

-- ---- what is said of one ----
create function yanmen.request_state(r yanmen.request) returns text language sql stable as $$
	select case
		when r.state <> 'approved' then r.state
		when r.ended_at is not null then 'ended'
		when r.extends is not null then 'approved'
		when r.until <= now() then 'ended'
		when r.starts_at > now() or r.account is null then 'approved'
		when exists (select from yanmen.access_grant g where g.request_id = r.id and g.removed_at is null) then 'active'
		else 'ended' end
$$;
create function yanmen.request_targets(r yanmen.request) returns text[] language sql stable as $$
	select array(select t.name from yanmen.request_target x join yanmen.target t on t.id = x.target_id
		where x.request_id = coalesce(r.extends, r.id) order by t.name)
$$;
-- What whoever decides should know of who asks.
create function yanmen.request_risk(r yanmen.request) returns jsonb language sql stable as $$
	select jsonb_build_object(
		'grants', (select count(*) from yanmen.access_grant g where g.user_id = r.user_id and g.removed_at is null
			and (g.until is null or g.until > now())),
		'here', array(select distinct a.name || '@' || t.name from yanmen.granted v
			join yanmen.access_grant g on g.id = v.grant_id and (g.until is null or g.until > now())
			join yanmen.account a on a.id = v.account_id join yanmen.target t on t.id = v.target_id
			where v.user_id = r.user_id and v.target_id in (select x.target_id from yanmen.request_target x
				where x.request_id = coalesce(r.extends, r.id)) order by 1 limit 20),
		'online', (select count(*) from yanmen.session s where s.user_id = r.user_id and s.state = 'online'),
		'refused', (select count(*) from yanmen.request o where o.user_id = r.user_id and o.state = 'refused'
			and o.decided_by like 'user:%' and o.decided_at > now() - interval '30 days'),
		'role', (select u.role from yanmen.users u where u.id = r.user_id))
$$;
create function yanmen.request_facts(r yanmen.request) returns jsonb language sql stable as $$
	select jsonb_build_object('id', r.id, 'user', (select u.name from yanmen.users u where u.id = r.user_id), 'kind', r.kind,
		'targets', yanmen.request_targets(r), 'account', r.account, 'reason', r.reason, 'detail', r.detail,
		'starts', yanmen.time_text(r.starts_at), 'until', yanmen.time_text(r.until), 'state', yanmen.request_state(r),
		'asked', yanmen.time_text(r.asked_at), 'decided', yanmen.time_text(r.decided_at), 'decided_by', r.decided_by,
		'answer', r.answer, 'preapproval', r.preapproval, 'extends', r.extends)
$$;
-- Who was told of it: in 0034, with the outbox.
create function yanmen.request_told(request bigint) returns jsonb language sql stable as $$ select '[]'::jsonb $$;
-- Every step of every request passes here.  With one target it is the row's target, so that a search for it finds the request.
create function yanmen.request_note(r yanmen.request, actor text, kind text, more jsonb) returns void language plpgsql as $$
declare
	facts jsonb := yanmen.request_facts(r);
begin
	perform yanmen.note(jsonb_build_object('actor', actor, 'address', more ->> 'address'), kind, jsonb_build_object('request', r.id, 'target',
		case when jsonb_array_length(facts -> 'targets') = 1 then facts -> 'targets' -> 0 end)
		|| (facts - '{id,asked,decided,decided_by,state}'::text[]) || more);
	perform notify.request(r, actor, kind, more); -- 0034
end
$$;

-- ---- who sees and decides ----
-- The targets about which he decides: null = all; none without the right.
create function yanmen.request_reach(caller jsonb) returns bigint[] language plpgsql stable as $$
begin
	return yanmen.reach(caller, 'request.decide');
exception when sqlstate 'YM403' then
	return '{}';
end
$$;
-- Does he administer every target of it?  Never his own.
create function yanmen.request_decides(caller jsonb, r yanmen.request) returns bool language plpgsql stable as $$
declare
	own bigint[] := yanmen.request_reach(caller);
begin
	return caller ->> 'actor' <> (select 'user:' || u.name from yanmen.users u where u.id = r.user_id)
		and (own is null or not exists (select from yanmen.request_target x
			where x.request_id = coalesce(r.extends, r.id) and not x.target_id = any (own)));
end
$$;
create function yanmen.request_sees(caller jsonb, r yanmen.request) returns bool language sql stable as $$
	select caller ->> 'actor' = (select 'user:' || u.name from yanmen.users u where u.id = r.user_id)
		or yanmen.reach(caller, 'request.list') is null or yanmen.request_decides(caller, r)
$$;
-- Locked: of two who decide at once the second finds what the first decided.
create function yanmen.find_request(caller jsonb, i text) returns yanmen.request language plpgsql as $$
declare
	r yanmen.request;
begin
	select * into r from yanmen.request x where x.id = case when i ~ '^[0-9]{1,18}$' then i::bigint end for update;
	if not found or not yanmen.request_sees(caller, r) then
		raise exception 'no request %; see: request list', left(i, 40) using errcode = 'YM404';
	end if;
	return r;
end
$$;
create function yanmen.need_asked(r yanmen.request) returns void language plpgsql stable as $$
declare
	who text := regexp_replace(r.decided_by, '^user:', '');
begin
	if r.state = 'approved' then
		raise exception 'request % was approved already, by %', r.id, who using errcode = 'YM409';
	elsif r.state = 'refused' then
		raise exception 'request % was refused already, by %', r.id, who using errcode = 'YM409';
	elsif r.state = 'withdrawn' then
		raise exception 'request % was withdrawn', r.id using errcode = 'YM409';
	end if;
end
$$;
create function yanmen.need_decider(caller jsonb, r yanmen.request) returns void language plpgsql stable as $$
begin
	if caller ->> 'actor' = (select 'user:' || u.name from yanmen.users u where u.id = r.user_id) then
		raise exception 'not allowed: nobody decides his own request' using errcode = 'YM403';
	elsif not yanmen.request_decides(caller, r) then
		raise exception 'not allowed: you do not administer all its targets' using errcode = 'YM403';
	end if;
end
$$;

-- ---- reading what is asked for ----
create function yanmen.request_text(args jsonb, key text, most int) returns text language plpgsql immutable as $$
declare
	t text := btrim(coalesce(yanmen.arg(args, key), ''), E' \t\r\n');
begin
	if octet_length(t) > most then
		raise exception '% is longer than % bytes', key, most using errcode = 'YM400';
	end if;
	return t;
end
$$;
create function yanmen.request_time(args jsonb, key text) returns timestamptz language plpgsql stable as $$
declare
	t timestamptz;
begin
	t := nullif(yanmen.arg(args, key), '')::timestamptz;
	if not isfinite(t) then
		raise datetime_field_overflow;
	end if;
	return t;
exception when data_exception then
	raise exception '"%" is no time: such as 2027-01-31T18:00:00+08:00', left(yanmen.arg(args, key), 60) using errcode = 'YM400';
end
$$;
create function yanmen.need_term(starts timestamptz, until timestamptz) returns void language plpgsql stable as $$
declare
	longest bigint := (select s.value::bigint from yanmen.setting s where s.key = 'request.longest');
begin
	if until is null then
		raise exception 'until is missing: when does it end?' using errcode = 'YM400';
	elsif until <= greatest(starts, now()) then
		raise exception 'the end lies before the beginning, or has passed' using errcode = 'YM400';
	elsif longest > 0 and until > greatest(starts, now()) + (longest + 60) * interval '1 second' then
		raise exception 'the longest term is % days: ask for less, and for an extension later', longest / 86400 using errcode = 'YM400';
	end if;
end
$$;
-- The targets that may be asked for, and no other: what is in no group so marked does not exist for who asks.
create view yanmen.requestable as
	select distinct m.target_id from yanmen.group_target m join yanmen.resource_group g on g.id = m.group_id
	where g.requestable and g.removed_at is null;
create function yanmen.need_requestable(n text, account text) returns bigint language plpgsql stable as $$
declare
	t yanmen.target;
begin
	select x.* into t from yanmen.target x join yanmen.requestable q on q.target_id = x.id where x.name = n and x.removed_at is null;
	if not found then
		raise exception 'no target named % can be asked for', left(n, 80) using errcode = 'YM404';
	elsif account is not null and not exists (select from yanmen.account a where a.target_id = t.id and a.name = account) then
		raise exception 'there is no account % on %', left(account, 80), t.name using errcode = 'YM404';
	end if;
	return t.id;
end
$$;

-- ---- deciding ----
create function yanmen.request_open(r yanmen.request, actor text) returns void language plpgsql as $$
declare
	gone text := (select string_agg(t.name, ', ') from yanmen.request_target x join yanmen.target t on t.id = x.target_id
		where x.request_id = coalesce(r.extends, r.id) and (t.removed_at is not null or (r.account is not null and not exists (
			select from yanmen.account a where a.target_id = t.id and a.name = r.account))));
	u yanmen.users;
begin
	select * into u from yanmen.users x where x.id = r.user_id for share;
	if u.state <> 'active' then
		raise exception '% was disabled meanwhile: refuse the request', u.name using errcode = 'YM409';
	elsif gone is not null then
		raise exception 'not there any more: % (the target, or its account); refuse the request', left(gone, 200) using errcode = 'YM409';
	elsif r.extends is not null then
		perform from yanmen.request o where o.id = r.extends for update;
		if (select yanmen.request_state(o) from yanmen.request o where o.id = r.extends) not in ('approved', 'active') then
			raise exception 'what it extends has ended: refuse the request' using errcode = 'YM409';
		end if;
		update yanmen.access_grant set until = r.until where request_id = r.extends and removed_at is null;
		update yanmen.request set until = r.until, reminded_s = null where id = r.extends;
	elsif r.account is not null then
		insert into yanmen.access_grant (user_id, account, target_id, since, until, features, created_by, request_id)
		select r.user_id, r.account, x.target_id, r.starts_at, r.until, yanmen.features_usual(), actor, r.id
		from yanmen.request_target x where x.request_id = r.id;
	end if;
end
$$;
create function yanmen.request_decide(r yanmen.request, actor text, word text, why text, more jsonb) returns yanmen.request
language plpgsql as $$
begin
	update yanmen.request set state = word, decided_at = now(), decided_by = actor, answer = why, until = r.until,
		preapproval = r.preapproval
	where id = r.id returning * into r;
	if word = 'approved' then
		perform yanmen.request_open(r, actor);
	end if;
	perform yanmen.request_note(r, actor, 'request.' || word, more || jsonb_build_object('by', actor));
	return r;
end
$$;
-- Which policy approves it at once, if one does.  An extension counts with the term that it prolongs.
create function yanmen.preapproval_of(r yanmen.request) returns text language sql stable as $$
	select p.name from yanmen.preapproval p join yanmen.users u on u.id = r.user_id
	where p.kind = r.kind and (p.user_id = u.id or p.role = u.role) and p.account in ('', r.account)
		and r.until - (select o.starts_at from yanmen.request o where o.id = coalesce(r.extends, r.id))
			<= (p.longest_s + 60) * interval '1 second'
		and not exists (select from yanmen.request_target x where x.request_id = coalesce(r.extends, r.id)
			and x.target_id not in (select m.target_id from yanmen.group_target m where m.group_id = p.group_id))
	order by p.name limit 1
$$;
create function yanmen.request_asked(caller jsonb, r yanmen.request) returns jsonb language plpgsql as $$
begin
	perform yanmen.request_note(r, caller ->> 'actor', 'request.asked', jsonb_build_object('address', caller ->> 'address'));
	r.preapproval := yanmen.preapproval_of(r);
	if r.preapproval is not null then
		r := yanmen.request_decide(r, 'system', 'approved', 'pre-approved: ' || r.preapproval, '{}');
	end if;
	return yanmen.request_facts(r);
end
$$;
create function yanmen.need_asker(caller jsonb) returns yanmen.users language plpgsql as $$
declare
	u yanmen.users;
begin
	perform api.need(caller, 'request.ask');
	if caller ->> 'actor' not like 'user:%' then
		raise exception 'whoever signs in asks; on the gateway itself: grant add' using errcode = 'YM403';
	end if;
	select * into u from yanmen.users x where x.name = substr(caller ->> 'actor', 6) for no key update;
	if (select count(*) from yanmen.request r where r.user_id = u.id and r.state = 'asked') >= 20 then
		raise exception '20 requests of yours wait for an answer: withdraw some first' using errcode = 'YM409';
	end if;
	return u;
end
$$;

-- ---- commands ----
-- args: target*, account, reason, kind, detail, starts, until.
create function api.request_add(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users := yanmen.need_asker(caller);
	r yanmen.request;
	names text[] := array(select distinct x from unnest(yanmen.arg_list(args, 'target')) x);
	ids bigint[];
begin
	r.kind := coalesce(nullif(yanmen.arg(args, 'kind'), ''), 'access');
	r.account := nullif(yanmen.arg(args, 'account'), '');
	r.reason := yanmen.request_text(args, 'reason', 2000);
	r.detail := yanmen.request_text(args, 'detail', 4000);
	r.starts_at := greatest(yanmen.request_time(args, 'starts'), now());
	r.until := yanmen.request_time(args, 'until');
	if r.kind not in ('access', 'software') then
		raise exception 'no kind %; there are: access, software', left(r.kind, 40) using errcode = 'YM400';
	elsif cardinality(names) not between 1 and 32 then
		raise exception 'give 1 to 32 targets' using errcode = 'YM400';
	elsif r.reason = '' then
		raise exception 'reason is missing: what do you need it for?' using errcode = 'YM400';
	elsif r.kind = 'access' and r.account is null then
		raise exception 'account is missing' using errcode = 'YM400';
	elsif r.kind = 'software' and r.detail = '' then
		raise exception 'detail is missing: which software, in which version?' using errcode = 'YM400';
	end if;
	perform yanmen.need_term(r.starts_at, r.until);
	ids := array(select yanmen.need_requestable(n, r.account) from unnest(names) n);
	insert into yanmen.request (user_id, kind, account, reason, detail, starts_at, until)
	values (u.id, r.kind, r.account, r.reason, r.detail, r.starts_at, r.until) returning * into r;
	insert into yanmen.request_target select r.id, i from unnest(ids) i;
	return yanmen.request_asked(caller, r);
end
$$;

-- args: id, until, reason.  A later end for an access that still holds: decided as any request.
create function api.request_extend(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users := yanmen.need_asker(caller);
	o yanmen.request := yanmen.find_request(caller, yanmen.need_arg(args, 'id'));
	r yanmen.request;
	why text := yanmen.request_text(args, 'reason', 2000);
	to_ timestamptz := yanmen.request_time(args, 'until');
begin
	if o.user_id <> u.id then
		raise exception 'not allowed: this is not your request' using errcode = 'YM403';
	elsif o.extends is not null or o.account is null or yanmen.request_state(o) not in ('approved', 'active') then
		raise exception 'request % gives no access that could be extended; ask anew: request add', o.id using errcode = 'YM409';
	elsif to_ <= o.until then
		raise exception 'the end is not later than it was' using errcode = 'YM400';
	elsif why = '' then
		raise exception 'reason is missing: what do you need it for?' using errcode = 'YM400';
	end if;
	perform yanmen.need_term(now(), to_);
	begin
		insert into yanmen.request (user_id, kind, extends, account, reason, starts_at, until)
		values (u.id, o.kind, o.id, o.account, why, o.until, to_) returning * into r;
	exception when unique_violation then
		raise exception 'an extension of request % waits for its answer', o.id using errcode = 'YM409';
	end;
	return yanmen.request_asked(caller, r);
end
$$;

-- args: id, until (earlier than asked for), reason.
create function api.request_approve(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.request;
	to_ timestamptz := yanmen.request_time(args, 'until');
	asked timestamptz;
begin
	perform api.need(caller, 'request.decide');
	r := yanmen.find_request(caller, yanmen.need_arg(args, 'id'));
	perform yanmen.need_decider(caller, r);
	perform yanmen.need_asked(r);
	asked := r.until;
	if to_ > r.until then
		raise exception 'that is longer than was asked for' using errcode = 'YM400';
	end if;
	r.until := coalesce(to_, r.until);
	if r.until <= now() or r.until <= r.starts_at then
		raise exception 'its term has passed: refuse it' using errcode = 'YM409';
	end if;
	r := yanmen.request_decide(r, caller ->> 'actor', 'approved', yanmen.request_text(args, 'reason', 2000),
		jsonb_build_object('address', caller ->> 'address', 'asked_until', yanmen.time_text(asked)));
	return yanmen.request_facts(r);
end
$$;

-- args: id, reason.
create function api.request_refuse(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.request;
	why text := yanmen.request_text(args, 'reason', 2000);
begin
	perform api.need(caller, 'request.decide');
	r := yanmen.find_request(caller, yanmen.need_arg(args, 'id'));
	perform yanmen.need_decider(caller, r);
	perform yanmen.need_asked(r);
	if why = '' then
		raise exception 'reason is missing: who asked will read it' using errcode = 'YM400';
	end if;
	r := yanmen.request_decide(r, caller ->> 'actor', 'refused', why, jsonb_build_object('address', caller ->> 'address'));
	return yanmen.request_facts(r);
end
$$;

-- args: id, reason.  Who asked takes it back, or gives up what it opened; who decides may take that away as well, and says why.
create function api.request_withdraw(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.request;
	mine bool;
	why text := yanmen.request_text(args, 'reason', 2000);
begin
	perform api.need(caller, 'request.list');
	r := yanmen.find_request(caller, yanmen.need_arg(args, 'id'));
	mine := caller ->> 'actor' = (select 'user:' || u.name from yanmen.users u where u.id = r.user_id);
	if not mine then
		perform yanmen.need_decider(caller, r);
	end if;
	if yanmen.request_state(r) not in ('asked', 'approved', 'active') or (r.extends is not null and r.state <> 'asked') then
		raise exception 'request % is over: nothing to withdraw', r.id using errcode = 'YM409';
	elsif not mine and r.state = 'asked' then
		raise exception 'this waits for an answer: request refuse' using errcode = 'YM409';
	elsif not mine and why = '' then
		raise exception 'reason is missing: who asked will read it' using errcode = 'YM400';
	end if;
	if r.state = 'asked' then
		r := yanmen.request_decide(r, caller ->> 'actor', 'withdrawn', why, jsonb_build_object('address', caller ->> 'address'));
	else
		update yanmen.access_grant set removed_at = now() where request_id = r.id and removed_at is null;
		update yanmen.request set ended_at = now() where id = r.id returning * into r;
		perform yanmen.request_note(r, caller ->> 'actor', 'request.ended', jsonb_build_object('why', why, 'by', caller ->> 'actor',
			'address', caller ->> 'address'));
	end if;
	update yanmen.request set state = 'withdrawn', decided_at = now(), decided_by = 'system', answer = 'what it extends has ended'
	where extends = r.id and state = 'asked';
	return yanmen.request_facts(r);
end
$$;

create function api.request_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	wanted text := coalesce(yanmen.arg(args, 'state'), '');
begin
	perform api.need(caller, 'request.list');
	return (select coalesce(jsonb_agg(yanmen.request_facts(r) order by r.id), '[]') from yanmen.request r
		where yanmen.request_sees(caller, r) and wanted in ('', yanmen.request_state(r)));
end
$$;
create function api.request_show(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.request;
begin
	perform api.need(caller, 'request.list');
	r := yanmen.find_request(caller, yanmen.need_arg(args, 'id'));
	return yanmen.request_facts(r) || jsonb_build_object('risk', case when yanmen.request_decides(caller, r) then yanmen.request_risk(r) end);
end
$$;

-- args: group, requestable (on, off), version.
create function api.group_requestable(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	g yanmen.resource_group;
	on_ bool;
begin
	perform api.need(caller, 'group.manage');
	g := yanmen.find_group(yanmen.need_arg(args, 'group'));
	perform yanmen.need_version(args, 'group', g.id::text);
	perform yanmen.need_arg(args, 'requestable');
	on_ := yanmen.arg_switch(args, 'requestable', false);
	update yanmen.resource_group set requestable = on_ where id = g.id;
	perform yanmen.note(caller, 'group.requestable', jsonb_build_object('group', g.name, 'requestable', on_, 'before', g.requestable));
	return jsonb_build_object('id', g.id, 'name', g.name, 'requestable', case when on_ then 'on' else 'off' end);
end
$$;
