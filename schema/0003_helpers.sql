-- What the commands share.  Errors that a person reads: YM400 bad value, YM403 not allowed, YM404 not found, YM409
-- exists.
-- caller: {"actor": "local:0" | "user:<name>", "role": "admin", "address": "…"}, and "token" when it came with one (0022).
-- args: a key given once is a string, a key given several times an array of strings.

create function yanmen.arg(args jsonb, key text) returns text language sql immutable as $$
	select case jsonb_typeof(args -> key) when 'array' then args -> key ->> 0 else args ->> key end
$$;
create function yanmen.arg_list(args jsonb, key text) returns text[] language sql immutable as $$
	select case coalesce(jsonb_typeof(args -> key), 'null')
		when 'array' then array(select jsonb_array_elements_text(args -> key))
		when 'null' then '{}'
		else array[args ->> key] end
$$;
create function yanmen.need_arg(args jsonb, key text) returns text language plpgsql immutable as $$
begin
	if coalesce(yanmen.arg(args, key), '') = '' then
		raise exception '% is missing', key using errcode = 'YM400';
	end if;
	return yanmen.arg(args, key);
end
$$;
create function yanmen.arg_number(args jsonb, key text, top bigint) returns bigint language plpgsql immutable as $$
declare
	v text := coalesce(nullif(yanmen.arg(args, key), ''), '0');
begin
	if v !~ '^[0-9]{1,15}$' or v::bigint > top then
		raise exception '% is a number from 0 to %, not "%"', key, top, left(v, 40) using errcode = 'YM400';
	end if;
	return v::bigint;
end
$$;
create function yanmen.arg_nets(args jsonb, key text) returns cidr[] language plpgsql immutable as $$
declare
	n text;
	nets cidr[] := '{}';
begin
	foreach n in array yanmen.arg_list(args, key) loop
		begin
			nets := nets || network(n::inet)::cidr;
		exception when data_exception then
			raise exception '"%" is not a network such as 10.0.0.0/8 or fd00::/8', left(n, 60) using errcode = 'YM400';
		end;
	end loop;
	if cardinality(nets) > 64 then
		raise exception 'at most 64 networks' using errcode = 'YM400';
	end if;
	return nets;
end
$$;
create function yanmen.arg_hex(args jsonb, key text) returns bytea language plpgsql immutable as $$
begin
	return decode(coalesce(yanmen.arg(args, key), ''), 'hex');
exception when data_exception then
	raise exception '% is not hexadecimal', key using errcode = 'YM400';
end
$$;
-- A public key blob: RFC 4253 section 6.6.
create function yanmen.arg_blob(v text, key text, most int) returns bytea language plpgsql immutable as $$
declare
	b bytea;
begin
	b := decode(v, 'base64');
	if octet_length(b) not between 16 and most then
		raise exception '% is no public key', key using errcode = 'YM400';
	end if;
	return b;
exception when data_exception then
	raise exception '% is not base64', key using errcode = 'YM400';
end
$$;

-- Names: what, and how the message calls it.
create function yanmen.need_name(args jsonb, key text, what text) returns text language plpgsql immutable as $$
declare
	n text := yanmen.need_arg(args, key);
	most int := case what when 'target' then 255 else 64 end;
begin
	if what = 'user' and n !~ '^[a-z_][a-z0-9._-]{0,63}$' then
		raise exception '"%" is no user name: a-z, 0-9, . _ -, beginning with a letter or _, at most 64', left(n, 80)
			using errcode = 'YM400';
	elsif not yanmen.is_name(n, most) then
		raise exception '"%" is no % name: no # %% @, no spaces, at most % bytes', left(n, 80), what, most
			using errcode = 'YM400';
	end if;
	return n;
end
$$;

-- The text as a pattern of (i)like that matches it anywhere.
create function yanmen.containing(t text) returns text language sql immutable as $$
	select '%' || replace(replace(replace(coalesce(t, ''), '\', '\\'), '%', '\%'), '_', '\_') || '%'
$$;

create function yanmen.time_text(t timestamptz) returns text language sql immutable as $$
	select to_char(t at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;
create function yanmen.time_us(us bigint) returns timestamptz language sql immutable as $$
	select timestamptz 'epoch' + least(greatest(us, 0), 4102444800000000) * interval '1 microsecond'
$$;
-- Of an SSH key's blob; a database's TLS key is kept as its SHA-256, which is shorter than any blob.
create function yanmen.fingerprint(blob bytea) returns text language sql immutable as $$
	select case octet_length(blob) when 32 then 'sha256//' || encode(blob, 'base64') else 'SHA256:' || rtrim(encode(sha256(blob), 'base64'), '=') end
$$;
create function yanmen.address(host text, port int) returns text language sql immutable as $$
	select case when host like '%:%' then '[' || host || ']' else host end || ':' || port
$$;
-- What a sealed credential is bound to.  The same text is written by the broker (docs: schema/README.md).
create function yanmen.bound_text(account text, t yanmen.target) returns text language sql immutable as $$
	select 'account=' || account || E'\ntarget=' || t.id || E'\naddress=' || t.host || E'\nport=' || t.port
		|| E'\nhost_key=' || coalesce(encode(sha256(t.host_key), 'base64'), '')
$$;
create view yanmen.account_view as
	select a.*, a.bound <> yanmen.bound_text(a.name, t) as suspended
	from yanmen.account a join yanmen.target t on t.id = a.target_id;

-- Does the address lie inside the networks?  A name is resolved, once, by the dialler, which refuses what is outside.
create function yanmen.inside(host text, networks cidr[]) returns bool language plpgsql immutable as $$
begin
	return host::inet <<= any (networks);
exception when data_exception then
	return true;
end
$$;
-- Who is in a group.  A network-default group fills itself: it holds every target that lies inside the networks of its
-- cluster and was put into no ordinary group, so a new server is never in nobody's care.
create view yanmen.group_target as
	select m.group_id, m.target_id from yanmen.group_member m join yanmen.target t on t.id = m.target_id
	where t.removed_at is null
	union all
	select g.id, t.id from yanmen.resource_group g, yanmen.target t join yanmen.cluster c on c.id = t.cluster_id
	where g.kind = 'network_default' and g.removed_at is null and t.removed_at is null and yanmen.inside(t.host, c.networks)
		and not exists (select from yanmen.group_member m where m.target_id = t.id);

-- ---- who may ----
-- The role: of a user, as it stands in the table now; of a local caller, as the broker says.
create function yanmen.role_of(caller jsonb) returns text language sql stable as $$
	select case when caller ->> 'actor' like 'user:%'
		then (select u.role from yanmen.users u where u.name = substr(caller ->> 'actor', 6) and u.state = 'active')
		else caller ->> 'role' end
$$;
-- What no token may, whatever its scopes: more tokens, another way in, ending people's sessions of the console, seeing a secret.
create function yanmen.token_never(permission text) returns bool language sql immutable as $$
	select permission ~ '^(token|password|passkey|device|profile)\.' or permission in ('factor.manage', 'console.end', 'cloud.open', 'access_password.own')
$$;
-- What the scope `read` holds.
create function yanmen.token_reads(permission text) returns bool language sql immutable as $$
	select permission ~ '\.(list|read|search)$' and not yanmen.token_never(permission)
$$;
-- May this caller use that permission, as far as his token goes?  Who has none may.
create function yanmen.token_may(caller jsonb, permission text) returns bool language sql stable as $$
	select caller ->> 'token' is null or (not yanmen.token_never(permission) and exists (select from yanmen.token t
		where t.id::text = caller ->> 'token' and t.revoked_at is null
			and (permission = any (t.scopes) or ('read' = any (t.scopes) and yanmen.token_reads(permission)))))
$$;

-- What roles may; on the gateway itself also what is set aside (0023).
create function yanmen.permissions(caller jsonb) returns setof yanmen.role_permission language sql stable as $$
	select * from yanmen.role_permission
	union all
	select * from yanmen.role_aside where caller ->> 'actor' like 'local:%'
$$;
-- The targets for which the caller has the permission: null = all.
create function yanmen.reach(caller jsonb, permission text) returns bigint[] language plpgsql stable as $$
declare
	s text;
begin
	select p.scope into s from yanmen.permissions(caller) p
	where p.role = yanmen.role_of(caller) and p.permission = reach.permission;
	if s is null then
		raise exception 'not allowed: this needs the permission %', permission using errcode = 'YM403';
	elsif not yanmen.token_may(caller, permission) then
		raise exception 'not allowed: this token has no scope for %', permission using errcode = 'YM403';
	elsif permission <> 'console.end' then
		perform yanmen.need_sign_in(caller);
	end if;
	return case s when 'own' then array(
		select t.target_id from yanmen.group_target t join yanmen.group_admin a on a.group_id = t.group_id
		join yanmen.users u on u.id = a.user_id where u.name = substr(caller ->> 'actor', 6)
		union
		select t.id from yanmen.target t join yanmen.cluster_admin a on a.cluster_id = t.cluster_id
		join yanmen.users u on u.id = a.user_id
		where u.name = substr(caller ->> 'actor', 6) and t.removed_at is null) end;
end
$$;
-- The clusters of whose admins the caller is one.
create function yanmen.clusters_of(caller jsonb) returns bigint[] language sql stable as $$
	select array(select a.cluster_id from yanmen.cluster_admin a join yanmen.users u on u.id = a.user_id
		where u.name = substr(caller ->> 'actor', 6))
$$;
-- May this be done to that cluster?
create function yanmen.need_cluster(caller jsonb, permission text, cluster_id bigint) returns void language plpgsql stable as $$
begin
	if yanmen.reach(caller, permission) is not null and not cluster_id = any (yanmen.clusters_of(caller)) then
		raise exception 'no cluster named %; see: cluster list', (select c.name from yanmen.cluster c where c.id = need_cluster.cluster_id)
			using errcode = 'YM404';
	end if;
end
$$;
-- The one check in front of every command.  target_id null: the command as such.
create function api.need(caller jsonb, permission text, target_id bigint default null) returns void
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	own bigint[] := yanmen.reach(caller, permission);
begin
	if target_id is not null and own is not null and not target_id = any (own) then
		raise exception 'no target named %; see: target list', (select t.name from yanmen.target t where t.id = need.target_id)
			using errcode = 'YM404'; -- as if it were not there: what others have is nobody's business
	end if;
end
$$;
-- An administrator's command in the audit log.
create function yanmen.note(caller jsonb, kind text, body jsonb) returns void language plpgsql as $$
begin
	perform audit.add(caller ->> 'actor', kind, jsonb_build_object('token', caller ->> 'token') || body
		|| jsonb_build_object('address', caller ->> 'address'));
end
$$;

-- ---- look-ups that explain themselves ----
create function yanmen.find_user(n text) returns yanmen.users language plpgsql stable as $$
declare
	r yanmen.users;
begin
	select * into r from yanmen.users u where u.name = n;
	if not found then
		raise exception 'no user named %; see: user list', left(n, 80) using errcode = 'YM404';
	end if;
	return r;
end
$$;
create function yanmen.find_target(n text) returns yanmen.target language plpgsql stable as $$
declare
	r yanmen.target;
begin
	select * into r from yanmen.target t where t.name = n and t.removed_at is null;
	if not found then
		raise exception 'no target named %; see: target list', left(n, 80) using errcode = 'YM404';
	end if;
	return r;
end
$$;
create function yanmen.find_cluster(n text) returns yanmen.cluster language plpgsql stable as $$
declare
	r yanmen.cluster;
begin
	select * into r from yanmen.cluster c where c.name = n and c.removed_at is null;
	if not found then
		raise exception 'no cluster named %; see: cluster list', left(n, 80) using errcode = 'YM404';
	end if;
	return r;
end
$$;
create function yanmen.find_group(n text) returns yanmen.resource_group language plpgsql stable as $$
declare
	r yanmen.resource_group;
begin
	select * into r from yanmen.resource_group g where g.name = n;
	if not found then
		raise exception 'no group named %; see: group list', left(n, 80) using errcode = 'YM404';
	end if;
	return r;
end
$$;
-- A session by its id or a unique prefix of it; own: the targets (null = all) whose sessions there are for whoever asks.
create function yanmen.find_session(prefix text, own bigint[]) returns yanmen.session language plpgsql stable as $$
declare
	r yanmen.session;
	p text := lower(prefix);
	digits text := replace(p, '-', '');
begin
	if p !~ '^[0-9a-f-]{4,36}$' or length(digits) not between 4 and 32 then
		raise exception '"%" is no session id: at least its first 4 characters', left(prefix, 40) using errcode = 'YM400';
	end if;
	begin
		select * into strict r from yanmen.session s
		where s.id between rpad(digits, 32, '0')::uuid and rpad(digits, 32, 'f')::uuid and s.id::text like p || '%'
			and (own is null or s.target_id = any (own));
	exception
		when no_data_found then
			raise exception 'no session %; see: session list', p using errcode = 'YM404';
		when too_many_rows then
			raise exception 'several sessions begin with %: give more of the id', p using errcode = 'YM400';
	end;
	return r;
end
$$;
grant usage on schema api to yanmen_broker;
grant execute on function api.need to yanmen_broker;
