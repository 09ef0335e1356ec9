-- Rotation: passwords of accounts are changed on their targets.  docs/decisions/0021.
--
-- A run is a row: planned -> sealed (the new password stands here, sealed) -> sent (from now on the target may have it) -> current (a
-- new login with it worked), or failed (the old one still holds), or unsure (neither could be tried: looked at again until it
-- is known).  Old and new stay here, sealed, until keep_until.

create table yanmen.rotation_policy (
	id bigint generated always as identity primary key,
	version int not null default 1,
	name text not null check (yanmen.is_name(name, 64)),
	group_id bigint references yanmen.resource_group,
	cluster_id bigint references yanmen.cluster,
	target_id bigint references yanmen.target,
	account text not null default '', -- of this name alone; '' = all
	via text not null default '',     -- the account of the target that logs in and changes it; '' = itself
	every_days int not null check (every_days between 1 and 3650),
	at_min int not null check (at_min between 0 and 1439), -- minute of the day, UTC
	length int not null check (length between 8 and 64),
	keep_days int not null check (keep_days between 0 and 3650),
	created_at timestamptz not null default now(),
	removed_at timestamptz,
	check (num_nonnulls(group_id, cluster_id, target_id) = 1)
);
create unique index on yanmen.rotation_policy (name) where removed_at is null;
create trigger count_version before update on yanmen.rotation_policy for each row execute function yanmen.count_version();

alter table yanmen.account add rotated_at timestamptz; -- since when it is the password that we made
create table yanmen.rotation (
	id bigint generated always as identity primary key,
	account_id bigint references yanmen.account on delete set null,
	target_id bigint not null references yanmen.target,
	account text not null,
	via text not null default '',
	why text not null check (why in ('asked', 'policy', 'leaver')),
	asked_by text not null,
	state text not null default 'planned' check (state in ('planned', 'sealed', 'sent', 'unsure', 'current', 'failed')),
	say text not null default '',
	length int not null,
	bound text not null,
	old_sealed bytea,
	new_sealed bytea,
	keep_days int not null,
	keep_until timestamptz,
	tries int not null default 0,
	next_at timestamptz, -- unsure: when it is looked at again
	started_at timestamptz not null default now(),
	ended_at timestamptz
);
create unique index on yanmen.rotation (account_id) where state in ('planned', 'sealed', 'sent', 'unsure');
create index on yanmen.rotation (account_id, id);
create index on yanmen.rotation (keep_until) where keep_until is not null;
-- What is to be rotated as soon as it can be.
create table yanmen.rotation_wish (
	account_id bigint primary key references yanmen.account on delete cascade,
	why text not null check (why in ('leaver')),
	asked_by text not null,
	not_before timestamptz not null default now()
);

insert into yanmen.duty (permission, duty) values ('credential.rotate', 'system'), ('credential.recover', 'system'), ('rotation.manage', 'system');
insert into yanmen.role_permission (role, permission, scope)
select r, p, 'all' from unnest(array['admin', 'system_admin']) r, unnest(array['credential.rotate', 'credential.recover', 'rotation.manage']) p
union all
values ('cluster_admin', 'credential.rotate', 'own')
union all
select r, 'rotation.list', 'all' from unnest(array['admin', 'auditor', 'system_admin', 'security_admin', 'audit_admin']) r
union all
values ('cluster_admin', 'rotation.list', 'own'), ('group_admin', 'rotation.list', 'own');
insert into yanmen.setting (key, value, form, most, about) values
	('rotation.leavers', 'off', '^(on|off)$', 3,
		'on: when a user is disabled or removed, the passwords of the accounts that his grants reached or that he used are rotated');

-- ---- databases ----
-- What a database is pinned by stands where a host key does: the SHA-256 of its TLS public key (RFC 7469 section 2.4).
create function yanmen.arg_tls_key(args jsonb, kind text) returns bytea language plpgsql immutable as $$
declare
	v text := regexp_replace(yanmen.arg(args, 'tls_key'), '^sha256//', '');
begin
	if kind not in ('mysql', 'sqlserver') then
		raise exception 'a TLS key is a database''s: kind mysql or sqlserver' using errcode = 'YM400';
	elsif v !~ '^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$' then
		raise exception 'tls-key is the SHA-256 of the server''s public key in base64: sha256//…=' using errcode = 'YM400';
	end if;
	return decode(v, 'base64');
end
$$;

-- ---- which policy ----
-- Of several, the narrowest: a target's, a group's, a cluster's; then the one that names the account, then the oldest.
create view yanmen.rotation_of as
	select a.id as account_id, a.target_id, p.id as policy_id, p.name as policy, p.via, p.length, p.keep_days,
		((coalesce(a.rotated_at, a.updated_at) at time zone 'UTC')::date + p.every_days) + p.at_min * interval '1 minute' as due_utc
	from yanmen.account a join yanmen.target t on t.id = a.target_id and t.removed_at is null
	cross join lateral (select x.* from yanmen.rotation_policy x
		where x.removed_at is null and x.account in ('', a.name) and (x.target_id = t.id or x.cluster_id = t.cluster_id
			or exists (select from yanmen.group_target m where m.group_id = x.group_id and m.target_id = t.id))
		order by x.target_id is null, x.group_id is null, x.account = '', x.id limit 1) p
	where a.auth = 'password';

-- ---- a run ----
-- Can this be rotated?  Else why not.
create function yanmen.rotation_hindrance(a yanmen.account, t yanmen.target) returns text language sql stable as $$
	select case when t.kind = 'windows' then 'passwords of Windows are not rotated yet'
		when a.auth = 'ca' then 'this account has no password: certificates are made anew for each login'
		when a.auth <> 'password' then 'keys are not rotated yet, passwords are'
		when t.host_key is null and t.kind <> 'linux' then 'the database''s TLS key is not known yet: target set --tls-key'
		when t.host_key is null then 'the target''s host key is not known yet: target test'
		when a.bound <> yanmen.bound_text(a.name, t) then 'the account is suspended: enter its credential again'
		else '' end
$$;
create function yanmen.rotation_facts(r yanmen.rotation) returns jsonb language sql stable as $$
	select yanmen.dial_facts(t) || jsonb_build_object('rotation', r.id, 'target', t.name, 'account', r.account, 'length', r.length,
		'bound', r.bound, 'bound_now', yanmen.bound_text(r.account, t), 'old', encode(r.old_sealed, 'hex'), 'new', encode(r.new_sealed, 'hex'), 'settle', r.state <> 'planned',
		'login', jsonb_build_object('account', v.name, 'auth', v.auth, 'sealed', encode(v.sealed, 'hex'), 'bound', v.bound))
	from yanmen.target t left join yanmen.account v on v.target_id = t.id and v.name = coalesce(nullif(r.via, ''), r.account)
	where t.id = r.target_id
$$;
create function yanmen.rotation_note(r yanmen.rotation, actor text, kind text) returns void language plpgsql as $$
begin
	perform yanmen.note(jsonb_build_object('actor', actor), kind, jsonb_build_object('target',
		(select t.name from yanmen.target t where t.id = r.target_id), 'account', r.account, 'rotation', r.id, 'why', r.why, 'by', r.asked_by,
		'via', nullif(r.via, ''), 'say', nullif(r.say, '')));
end
$$;
create function yanmen.rotation_begin(a yanmen.account, why text, who text, via text, p yanmen.rotation_policy) returns yanmen.rotation
language plpgsql as $$
declare
	t yanmen.target;
	v yanmen.account;
	r yanmen.rotation;
	hindrance text;
begin
	select * into t from yanmen.target x where x.id = a.target_id for share;
	select * into a from yanmen.account x where x.id = a.id for update;
	hindrance := yanmen.rotation_hindrance(a, t);
	if via <> '' and via <> a.name then
		select * into v from yanmen.account x where x.target_id = t.id and x.name = rotation_begin.via;
		if t.kind <> 'linux' then
			hindrance := 'an account of a database changes its own password alone';
		elsif v.id is null then
			raise exception 'no account % on %; see: target list', left(via, 80), t.name using errcode = 'YM404';
		elsif v.bound <> yanmen.bound_text(v.name, t) then
			hindrance := 'the account is suspended: enter its credential again';
		end if;
	else
		via := '';
	end if;
	if hindrance <> '' then
		raise exception using message = hindrance, errcode = 'YM409';
	end if;
	begin
		insert into yanmen.rotation (account_id, target_id, account, via, why, asked_by, length, keep_days, bound, old_sealed)
		values (a.id, t.id, a.name, via, why, who, coalesce(p.length, 24), coalesce(p.keep_days, 30), a.bound, a.sealed) returning * into r;
	exception when unique_violation then
		raise exception 'a rotation of % on % is under way', a.name, t.name using errcode = 'YM409';
	end;
	delete from yanmen.rotation_wish w where w.account_id = a.id;
	perform yanmen.rotation_note(r, who, 'rotation.begun');
	return r;
end
$$;

create function yanmen.find_account(t yanmen.target, n text) returns yanmen.account language plpgsql stable as $$
declare
	a yanmen.account;
begin
	select * into a from yanmen.account x where x.target_id = t.id and x.name = n;
	if not found then
		raise exception 'no account % on %; see: target list', left(n, 80), t.name using errcode = 'YM404';
	end if;
	return a;
end
$$;
-- args: target, account, via.  The answer: facts for the broker.
create function api.account_rotate(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	t yanmen.target;
	a yanmen.account;
	p yanmen.rotation_policy;
begin
	perform api.need(caller, 'credential.rotate');
	t := yanmen.find_target(yanmen.need_arg(args, 'target'));
	perform api.need(caller, 'credential.rotate', t.id);
	a := yanmen.find_account(t, yanmen.need_arg(args, 'account'));
	select x.* into p from yanmen.rotation_policy x join yanmen.rotation_of o on o.policy_id = x.id where o.account_id = a.id;
	return yanmen.rotation_facts(yanmen.rotation_begin(a, 'asked', caller ->> 'actor',
		coalesce(nullif(yanmen.arg(args, 'via'), ''), p.via, ''), p));
end
$$;
create function yanmen.find_rotation(args jsonb) returns yanmen.rotation language plpgsql as $$
declare
	r yanmen.rotation;
begin
	if yanmen.need_arg(args, 'id') ~ '^[0-9]{1,18}$' then
		select * into r from yanmen.rotation x where x.id = (yanmen.arg(args, 'id'))::bigint for update;
	end if;
	if r.id is null then
		raise exception 'no rotation %; see: account rotations', left(yanmen.arg(args, 'id'), 40) using errcode = 'YM404';
	end if;
	return r;
end
$$;
-- One that is unsure, looked at now.
create function api.account_settle(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.rotation;
begin
	perform api.need(caller, 'credential.rotate');
	r := yanmen.find_rotation(args);
	perform api.need(caller, 'credential.rotate', r.target_id);
	if r.state <> 'unsure' then
		raise exception 'rotation % is %: only one that is unsure is looked at again', r.id, r.state using errcode = 'YM409';
	end if;
	update yanmen.rotation set state = 'sent', tries = tries + 1 where id = r.id returning * into r;
	return yanmen.rotation_facts(r);
end
$$;

-- ---- its steps; the broker alone ----
create function api.rotation_sealed(rid bigint, sealed bytea) returns bool
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	update yanmen.rotation set state = 'sealed', new_sealed = rotation_sealed.sealed where id = rid and state = 'planned';
	return found;
end
$$;
create function api.rotation_sent(rid bigint) returns bool
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	update yanmen.rotation set state = 'sent' where id = rid and state = 'sealed';
	return found;
end
$$;
create function yanmen.rotation_result(r yanmen.rotation) returns jsonb language sql stable as $$
	select jsonb_build_object('id', r.id, 'target', (select t.name from yanmen.target t where t.id = r.target_id), 'account', r.account,
		'state', r.state, 'say', r.say)
$$;
-- how: current, failed, unsure.  sealed, bound: the new password for what the target is by now, where that is something else.
create function api.rotation_end(rid bigint, how text, say text, sealed bytea default null, bound text default null) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.rotation;
	a yanmen.account;
	t yanmen.target;
begin
	select * into r from yanmen.rotation x where x.id = rid for update;
	if r.state is null or r.state not in ('planned', 'sealed', 'sent') then
		return yanmen.rotation_result(r);
	end if;
	select * into a from yanmen.account x where x.id = r.account_id for update;
	select * into t from yanmen.target x where x.id = r.target_id;
	if how = 'current' and a.id is not null and coalesce(rotation_end.bound, r.bound) <> yanmen.bound_text(r.account, t) then
		how := 'unsure';
		say := 'the target''s address or host key changed meanwhile';
	elsif how = 'current' and a.id is not null then
		update yanmen.account set sealed = coalesce(rotation_end.sealed, r.new_sealed), bound = coalesce(rotation_end.bound, r.bound),
			rotated_at = now(), updated_at = now() where id = a.id;
	end if;
	update yanmen.rotation x set state = how, say = rotation_end.say,
		ended_at = case when how = 'unsure' then null else now() end,
		keep_until = case when how = 'unsure' then null else now() + x.keep_days * interval '1 day' end,
		next_at = case when how = 'unsure' then now() + least(60, 2 ^ least(x.tries, 6)) * interval '1 minute' end
	where x.id = rid returning * into r;
	if how <> 'unsure' or r.tries = 0 then
		perform yanmen.rotation_note(r, 'system', case how when 'current' then 'rotation.done' when 'failed' then 'rotation.failed' else 'rotation.unsure' end);
	end if;
	return yanmen.rotation_result(r);
end
$$;

-- The clock.  live: the rotations that the broker is at.  The answer: facts of what it is to do now, at most `room`.
create function yanmen.rotations_lost(live bigint[]) returns void language plpgsql as $$
declare
	r yanmen.rotation;
begin
	for r in select * from yanmen.rotation x where x.state in ('planned', 'sealed') and not x.id = any (live) loop
		perform api.rotation_end(r.id, 'failed', 'the gateway was restarted before anything was sent');
	end loop;
	update yanmen.rotation set state = 'unsure', next_at = now() where state = 'sent' and not id = any (live);
end
$$;
create function yanmen.rotations_destroy() returns void language plpgsql as $$
declare
	r yanmen.rotation;
begin
	for r in update yanmen.rotation set old_sealed = null, new_sealed = null, keep_until = null
		where keep_until <= now() and state in ('current', 'failed') returning * loop
		perform yanmen.rotation_note(r, 'system', 'rotation.destroyed');
	end loop;
end
$$;
create function yanmen.rotation_try(account_id bigint, why text, who text) returns jsonb language plpgsql as $$
declare
	a yanmen.account;
	p yanmen.rotation_policy;
begin
	select * into a from yanmen.account x where x.id = rotation_try.account_id;
	select x.* into p from yanmen.rotation_policy x join yanmen.rotation_of o on o.policy_id = x.id where o.account_id = a.id;
	return yanmen.rotation_facts(yanmen.rotation_begin(a, why, who, coalesce(p.via, ''), p));
exception when others then
	return null; -- not now: yanmen.rotation_hindrance says why
end
$$;
create function api.rotations_tick(live bigint[], room int) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	todo jsonb := '[]';
	x record;
	f jsonb;
begin
	perform yanmen.rotations_lost(live);
	perform yanmen.rotations_destroy();
	for x in select r.id from yanmen.rotation r where r.state = 'unsure' and r.next_at <= now() order by r.next_at limit room for update loop
		update yanmen.rotation set state = 'sent', tries = tries + 1 where id = x.id;
		todo := todo || (select yanmen.rotation_facts(r) from yanmen.rotation r where r.id = x.id);
	end loop;
	for x in select w.account_id, w.why, w.asked_by from yanmen.rotation_wish w where w.not_before <= now() order by w.not_before
		limit greatest(0, room - jsonb_array_length(todo)) loop
		f := yanmen.rotation_try(x.account_id, x.why, x.asked_by);
		if f is null then
			update yanmen.rotation_wish set not_before = now() + interval '1 hour' where account_id = x.account_id;
		else
			todo := todo || f;
		end if;
	end loop;
	-- One that failed is tried again a day later.
	for x in select o.account_id from yanmen.rotation_of o join yanmen.account a on a.id = o.account_id join yanmen.target t on t.id = o.target_id
		where o.due_utc <= now() at time zone 'UTC' and yanmen.rotation_hindrance(a, t) = '' and not exists (select from yanmen.rotation r
			where r.account_id = o.account_id and (r.state in ('planned', 'sealed', 'sent', 'unsure') or r.started_at > now() - interval '20 hours'))
		order by o.due_utc limit greatest(0, room - jsonb_array_length(todo)) loop
		f := yanmen.rotation_try(x.account_id, 'policy', 'system');
		if f is not null then
			todo := todo || f;
		end if;
	end loop;
	return todo;
end
$$;

-- ---- other commands about accounts ----
-- A credential that is entered: not while a rotation is at work; one that is unsure has its answer.
create function yanmen.rotation_entered(account_id bigint) returns void language plpgsql as $$
declare
	r yanmen.rotation;
begin
	select * into r from yanmen.rotation x where x.account_id = rotation_entered.account_id and x.state in ('planned', 'sealed', 'sent', 'unsure')
		for update;
	if r.state = 'unsure' then
		update yanmen.rotation set state = 'failed', say = 'the credential was entered anew', ended_at = now(), next_at = null,
			keep_until = now() + keep_days * interval '1 day' where id = r.id;
	elsif r.id is not null then
		raise exception 'a rotation of % on % is under way', r.account, (select t.name from yanmen.target t where t.id = r.target_id)
			using errcode = 'YM409';
	end if;
end
$$;
create function yanmen.rotation_guard() returns trigger language plpgsql as $$
begin
	perform yanmen.rotation_entered(old.id);
	return old;
end
$$;
create trigger rotation_guard before delete on yanmen.account for each row execute function yanmen.rotation_guard();

-- args: id.  The other password of a run is the account's: the one that it replaced, as when a target was restored from a backup; or,
-- of one that failed, the one that it had made.
create function api.account_recover(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.rotation;
	t yanmen.target;
	other bytea;
begin
	perform api.need(caller, 'credential.recover');
	r := yanmen.find_rotation(args);
	perform api.need(caller, 'credential.recover', r.target_id);
	select * into t from yanmen.target x where x.id = r.target_id;
	other := case r.state when 'current' then r.old_sealed when 'failed' then r.new_sealed end;
	if other is null or r.account_id is null then
		raise exception 'rotation % has no other password to take back (any more)', r.id using errcode = 'YM409';
	elsif r.bound <> yanmen.bound_text(r.account, t) then
		raise exception 'the target''s address or host key changed since: enter the credential again' using errcode = 'YM409';
	end if;
	perform yanmen.rotation_entered(r.account_id);
	-- What it replaces is kept as well: this is a run of its own, which is over.
	insert into yanmen.rotation (account_id, target_id, account, why, asked_by, state, say, length, bound, old_sealed, keep_days, keep_until, ended_at)
	select r.account_id, r.target_id, r.account, 'asked', caller ->> 'actor', 'current', 'recovered from rotation ' || r.id, r.length, r.bound,
		a.sealed, r.keep_days, now() + r.keep_days * interval '1 day', now() from yanmen.account a where a.id = r.account_id;
	update yanmen.account set sealed = other, bound = r.bound, updated_at = now() where id = r.account_id;
	perform yanmen.note(caller, 'rotation.recovered', jsonb_build_object('target', t.name, 'account', r.account, 'rotation', r.id));
	return jsonb_build_object('id', r.id, 'target', t.name, 'account', r.account);
end
$$;

-- ---- leavers ----
-- The accounts that his grants reach or that he used since their password is what it is.
create function yanmen.rotation_leaver(caller jsonb, uid bigint) returns int language plpgsql as $$
declare
	n int;
begin
	insert into yanmen.rotation_wish (account_id, why, asked_by)
	select a.id, 'leaver', caller ->> 'actor' from yanmen.account a join yanmen.target t on t.id = a.target_id
	where t.removed_at is null and a.auth = 'password' and t.kind <> 'windows' and (exists (select from yanmen.granted g where g.account_id = a.id and g.user_id = uid)
		or exists (select from yanmen.session s where s.user_id = uid and s.account_id = a.id and s.started_at > coalesce(a.rotated_at, a.updated_at)))
	on conflict do nothing;
	get diagnostics n = row_count;
	return n;
end
$$;

-- args: rotate (on, off); else as the setting says.
create function yanmen.rotation_left(caller jsonb, args jsonb, uid bigint) returns int language plpgsql as $$
begin
	if yanmen.arg_switch(args, 'rotate', false) then
		perform api.need(caller, 'credential.rotate');
	elsif not yanmen.arg_switch(args, 'rotate', (select s.value = 'on' from yanmen.setting s where s.key = 'rotation.leavers')) then
		return 0;
	end if;
	return yanmen.rotation_leaver(caller, uid);
end
$$;

grant execute on all functions in schema api to yanmen_broker;
