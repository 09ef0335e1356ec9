-- API tokens: what a program signs in with, in the name of a user.
--
-- A token is `ymt_` and 32 random bytes as base64url; its row (0001) has the SHA-256 of that text.  Whose a token is, is asked for each
-- request (api.token_caller); the caller then has the key `token`, and yanmen.reach gives it what its scopes and its owner's role of today
-- both give (yanmen.token_may, 0003).

insert into yanmen.setting (key, value, form, most, about) values
	('api.token.longest', '7776000', '^[0-9]{1,7}$', 7, 'seconds: the longest term of an API token, at most 90 days; 0 = none is made');

insert into yanmen.role_permission (role, permission, scope) 
select r.name, p, 'all' from yanmen.role r, unnest(array['token.own', 'token.list']) p;

-- ---- commands: one's own tokens are everybody's; who has user.manage sees and revokes others' ----
create function yanmen.token_state(t yanmen.token) returns text language sql stable as $$
	select case when t.revoked_at is not null then 'revoked' when t.until <= now() then 'expired'
		when (select u.state from yanmen.users u where u.id = t.user_id) <> 'active' then 'disabled' else 'valid' end
$$;
create function yanmen.token_facts(t yanmen.token) returns jsonb language sql stable as $$
	select jsonb_build_object('id', t.id, 'name', t.name, 'user', (select u.name from yanmen.users u where u.id = t.user_id),
		'scopes', t.scopes, 'networks', t.nets, 'state', yanmen.token_state(t), 'created', yanmen.time_text(t.created_at),
		'until', yanmen.time_text(t.until), 'used', yanmen.time_text(t.used_at), 'used_from', t.used_from)
$$;
-- Those that he sees; what is over for 90 days is nobody's business any more.
create function yanmen.token_of(caller jsonb) returns setof yanmen.token language sql stable as $$
	select t.* from yanmen.token t join yanmen.users u on u.id = t.user_id
	where u.removed_at is null and coalesce(t.revoked_at, t.until) > now() - interval '90 days'
		and (yanmen.console_all(caller) or caller ->> 'actor' = 'user:' || u.name)
$$;

-- Whose the new token is: of who asks; on the gateway itself, of the user that is named.
create function yanmen.token_owner(caller jsonb, named text) returns yanmen.users language plpgsql as $$
declare
	own text := case when caller ->> 'actor' like 'user:%' then substr(caller ->> 'actor', 6) end;
	u yanmen.users;
begin
	if own is null and named = '' then
		raise exception 'whose token is it? give a user' using errcode = 'YM400';
	elsif own is not null and named not in ('', own) then
		raise exception 'not allowed: a token is made by whose it is' using errcode = 'YM403';
	end if;
	select * into u from yanmen.users x where x.id = (yanmen.find_user(coalesce(own, named))).id for update;
	if u.state <> 'active' then
		raise exception '% is disabled; see: user enable', u.name using errcode = 'YM400';
	end if;
	return u;
end
$$;
create function yanmen.token_scopes(args jsonb, role text) returns text[] language plpgsql stable as $$
declare
	s text;
	scopes text[] := array(select distinct x from unnest(yanmen.arg_list(args, 'scope')) x order by x);
begin
	if cardinality(scopes) = 0 then
		raise exception 'what may it? give a scope: read, or a permission' using errcode = 'YM400';
	end if;
	foreach s in array scopes loop
		if s <> 'read' and (yanmen.token_never(s) or not exists (select from yanmen.role_permission p
				where p.role = token_scopes.role and p.permission = s)) then
			raise exception '"%" is no scope: read, or a permission of the role % that a token may have', left(s, 64), role
				using errcode = 'YM400';
		end if;
	end loop;
	return scopes;
end
$$;
create function yanmen.token_term(args jsonb) returns bigint language plpgsql stable as $$
declare
	longest bigint := (select least(s.value::bigint, 7776000) from yanmen.setting s where s.key = 'api.token.longest');
	term bigint := yanmen.arg_number(args, 'for', 366 * 86400);
begin
	if coalesce(yanmen.arg(args, 'for'), '') = '' then
		term := least(30 * 86400, longest);
	end if;
	if term > longest or term = 0 then
		raise exception 'a token is good for 1 to % s; see: settings get api.token.longest', longest using errcode = 'YM400';
	end if;
	return term;
end
$$;

-- args: those of the command, and `hash` of the text, which the broker has made.
create function api.token_add(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
	t yanmen.token;
	title text;
begin
	perform api.need(caller, 'token.own');
	if coalesce(caller ->> 'console', '') <> '' then
		perform yanmen.self_fresh(caller); -- it stands for him, as a password does
	end if;
	title := yanmen.need_name(args, 'name', 'token');
	u := yanmen.token_owner(caller, coalesce(yanmen.arg(args, 'user'), ''));
	update yanmen.token x set revoked_at = x.until, revoked_by = 'expired'
	where x.user_id = u.id and x.revoked_at is null and x.until <= now();
	if exists (select from yanmen.token x where x.user_id = u.id and x.revoked_at is null and x.name = title) then
		raise exception '% has a token named % already', u.name, title using errcode = 'YM409';
	elsif (select count(*) from yanmen.token x where x.user_id = u.id and x.revoked_at is null) >= 20 then
		raise exception '% has 20 tokens; revoke one first', u.name using errcode = 'YM409';
	end if;
	insert into yanmen.token (hash, user_id, name, scopes, nets, until)
	values (yanmen.arg_hex(args, 'hash'), u.id, title, yanmen.token_scopes(args, u.role), yanmen.arg_nets(args, 'from'),
		now() + yanmen.token_term(args) * interval '1 second')
	returning * into t;
	perform yanmen.note(caller, 'token.added', jsonb_build_object('user', u.name, 'token', t.id, 'name', t.name, 'scopes', t.scopes,
		'networks', t.nets, 'until', yanmen.time_text(t.until)));
	return yanmen.token_facts(t);
end
$$;
create function api.token_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'token.list');
	return (select coalesce(jsonb_agg(yanmen.token_facts(t) order by t.created_at, t.id), '[]') from yanmen.token_of(caller) t);
end
$$;
create function api.token_revoke(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	word text := yanmen.need_arg(args, 'id');
	t yanmen.token;
begin
	perform api.need(caller, 'token.own');
	update yanmen.token x set revoked_at = now(), revoked_by = caller ->> 'actor'
	where x.id = (select o.id from yanmen.token_of(caller) o where o.id::text = lower(word)) and x.revoked_at is null returning * into t;
	if not found then
		raise exception 'no token % that is not revoked; see: token list', left(word, 40) using errcode = 'YM404';
	end if;
	perform yanmen.note(caller, 'token.revoked', jsonb_build_object('user', (yanmen.token_facts(t)) ->> 'user', 'token', t.id,
		'name', t.name));
	return yanmen.token_facts(t);
end
$$;

-- ---- whose is it? ----
-- A refusal in the audit log: at most one a minute of each token, so that a forgotten program does not fill it.
create function yanmen.token_note_refusal(t yanmen.token, body jsonb) returns void language plpgsql as $$
begin
	update yanmen.token x set refused_at = now()
	where x.id = t.id and (x.refused_at is null or x.refused_at < now() - interval '1 minute');
	if found or t.id is null then
		perform audit.add(coalesce((select 'user:' || u.name from yanmen.users u where u.id = t.user_id), 'system'), 'token.refused',
			body || jsonb_build_object('user', (select u.name from yanmen.users u where u.id = t.user_id), 'token', t.id, 'name', t.name));
	end if;
end
$$;
-- refused: it is nobody's, or not any more, or not from there; the reason is for the audit log alone.  The web server asks no more than 30
-- times a minute for an address that only comes with such.  Use is noted once a minute, the first one audited.
create function api.token_caller(hash bytea, address text)
returns table (token uuid, user_id bigint, name text, role text, lang text, refused bool)
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	t yanmen.token;
	u yanmen.users;
	why text;
begin
	select * into t from yanmen.token x where x.hash = token_caller.hash;
	select * into u from yanmen.users x where x.id = t.user_id;
	why := case when t.id is null then 'unknown' when yanmen.token_state(t) <> 'valid' then yanmen.token_state(t)
		when cardinality(t.nets) > 0 and not token_caller.address::inet <<= any (t.nets) then 'network' end;
	if why is not null then
		perform yanmen.token_note_refusal(t, jsonb_build_object('address', token_caller.address, 'reason', why));
		return query select null::uuid, null::bigint, null::text, null::text, null::text, true;
		return;
	end if;
	update yanmen.token x set used_at = now(), used_from = left(token_caller.address, 64) where x.id = t.id and x.used_at is null;
	if found then
		perform audit.add('user:' || u.name, 'token.first_used', jsonb_build_object('user', u.name, 'address', token_caller.address,
			'token', t.id, 'name', t.name));
	else
		update yanmen.token x set used_at = now(), used_from = left(token_caller.address, 64)
		where x.id = t.id and x.used_at < now() - interval '1 minute';
	end if;
	return query select t.id, u.id, u.name, u.role, u.lang, false;
end
$$;
-- Its scopes, or its owner's role, did not allow that.
create function api.token_denied(token uuid, address text, what text) returns void
language sql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select yanmen.token_note_refusal(t, jsonb_build_object('address', token_denied.address, 'reason', 'not allowed', 'command', left(what, 140)))
	from yanmen.token t where t.id = token_denied.token
$$;
grant execute on all functions in schema api to yanmen_broker;

-- ---- what the console reads ----
create view console.tokens as
	select t.id, t.name, u.name as "user", t.scopes, t.nets::text[] as networks, yanmen.token_state(t) as state, t.created_at as created,
		t.until, t.used_at as used, t.used_from, console.is_me(u.name) as mine
	from yanmen.token_of(console.caller()) t join yanmen.users u on u.id = t.user_id;
insert into console.collection (name, needs) values ('tokens', 'token.list');
create trigger tell_console after insert or delete or update of revoked_at on yanmen.token for each statement
	execute function yanmen.tell_console('tokens');

-- As console.read, with a token.  It raises nothing that is a refusal, since what is written down about that would be gone with it:
-- {"refused": 401 or 403, "say": "…"}.
create function console.token_read(hash bytea, address text, collection text, query jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c record;
begin
	select * into c from api.token_caller(hash, address);
	if c.refused then
		return '{"refused": 401, "say": ""}';
	end if;
	begin
		return console.answer(jsonb_build_object('actor', 'user:' || c.name, 'role', c.role, 'address', address, 'token', c.token),
			collection, query);
	exception when sqlstate 'YM403' then
		perform api.token_denied(c.token, address, 'read ' || collection);
		return jsonb_build_object('refused', 403, 'say', sqlerrm);
	end;
end
$$;
grant execute on function console.token_read to yanmen_web;
