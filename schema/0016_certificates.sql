-- Users' certificates: the vault signs them, here stands which there are and which were taken back.

insert into yanmen.role_permission (role, permission)
values ('admin', 'certificate.manage'), ('admin', 'certificate.list'), ('auditor', 'certificate.list');

insert into yanmen.setting (key, value, form, most, about) values
	('certificate.longest', '604800', '^[0-9]{1,8}$', 8,
		'seconds: the longest term of a user''s certificate; 0 = none is issued');

-- Of a certificate that the users' CA signed: no row when it was not issued to that user.
create function api.login_certificate(login text, serial bigint) returns table (revoked bool)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select c.revoked_at is not null from yanmen.certificate c join yanmen.users u on u.id = c.user_id
	where c.serial = login_certificate.serial and u.name = login
$$;

-- 8 hours unless said otherwise.
create function yanmen.certificate_term(args jsonb) returns bigint language plpgsql stable as $$
declare
	longest bigint := (select s.value::bigint from yanmen.setting s where s.key = 'certificate.longest');
	term bigint := yanmen.arg_number(args, 'for', 366 * 86400);
begin
	if coalesce(yanmen.arg(args, 'for'), '') = '' then
		term := least(28800, longest);
	end if;
	if term > longest then
		raise exception 'a certificate is valid for at most % s; see: settings get certificate.longest', longest
			using errcode = 'YM400';
	elsif term = 0 then
		raise exception 'no certificate is valid for 0 s; see: settings get certificate.longest' using errcode = 'YM400';
	end if;
	return term;
end
$$;

-- What the vault is to sign; the row is written when it has.
create function api.certificate_wanted(caller jsonb, args jsonb)
returns table (serial bigint, key_id text, principal text, sources text, after_s bigint, before_s bigint)
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
	n bigint;
	now_s bigint := floor(extract(epoch from now()));
begin
	perform api.need(caller, 'certificate.manage');
	u := yanmen.find_user(yanmen.need_arg(args, 'user'));
	if u.state <> 'active' then
		raise exception '% is disabled; see: user enable', u.name using errcode = 'YM400';
	end if;
	n := nextval(pg_get_serial_sequence('yanmen.certificate', 'serial'));
	return query select n, u.name || ' ' || n, u.name, array_to_string(yanmen.arg_nets(args, 'from'), ','), now_s - 60,
		now_s + yanmen.certificate_term(args);
end
$$;

-- args: those of the command; serial, key_id, key_blob, after_s, before_s of the certificate that was signed.
create function api.certificate_issue(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	u yanmen.users;
	c yanmen.certificate;
begin
	perform api.need(caller, 'certificate.manage');
	select * into u from yanmen.users x where x.id = (yanmen.find_user(yanmen.need_arg(args, 'user'))).id for share;
	if u.state <> 'active' then
		raise exception '% is disabled; see: user enable', u.name using errcode = 'YM400';
	end if;
	insert into yanmen.certificate (serial, user_id, key_id, fingerprint, sources, valid_after, valid_before, issued_by)
	values (yanmen.need_arg(args, 'serial')::bigint, u.id, yanmen.need_arg(args, 'key_id'),
		yanmen.fingerprint(yanmen.arg_blob(yanmen.need_arg(args, 'key_blob'), 'key', 16384)), yanmen.arg_nets(args, 'from'),
		to_timestamp(yanmen.need_arg(args, 'after_s')::bigint), to_timestamp(yanmen.need_arg(args, 'before_s')::bigint),
		caller ->> 'actor')
	returning * into c;
	perform yanmen.note(caller, 'certificate.issued', jsonb_build_object('user', u.name, 'serial', c.serial, 'key_id', c.key_id,
		'key', c.fingerprint, 'sources', c.sources, 'until', yanmen.time_text(c.valid_before)));
	return jsonb_build_object('serial', c.serial, 'user', u.name, 'key_id', c.key_id, 'key', c.fingerprint,
		'sources', c.sources, 'until', yanmen.time_text(c.valid_before));
end
$$;

create function api.certificate_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	n text := nullif(yanmen.arg(args, 'user'), '');
begin
	perform api.need(caller, 'certificate.list');
	return (select coalesce(jsonb_agg(jsonb_build_object('serial', c.serial, 'user', c.name, 'state', case
				when c.revoked_at is not null then 'revoked'
				when c.valid_before <= now() then 'expired' else 'valid' end,
			'key', c.fingerprint, 'sources', c.sources, 'issued', yanmen.time_text(c.issued_at),
			'until', yanmen.time_text(c.valid_before), 'by', c.issued_by, 'revoked', yanmen.time_text(c.revoked_at),
			'revoked_by', c.revoked_by, 'reason', c.reason) order by c.serial), '[]')
		from (select x.*, u.name from yanmen.certificate x join yanmen.users u on u.id = x.user_id
			where u.name = coalesce(n, u.name) order by x.serial desc limit 1000) c);
end
$$;

-- Those of the serials that are in force.  Answers how many, and the sessions that the broker now ends.
create function yanmen.certificates_revoke(caller jsonb, serials bigint[], why text) returns jsonb language plpgsql as $$
declare
	c record;
	gone bigint[] := '{}';
begin
	for c in
		update yanmen.certificate x set revoked_at = now(), revoked_by = caller ->> 'actor', reason = coalesce(why, '')
		from yanmen.users u where u.id = x.user_id and x.serial = any (serials) and x.revoked_at is null
		returning x.serial, x.key_id, u.name
	loop
		gone := gone || c.serial;
		perform yanmen.note(caller, 'certificate.revoked', jsonb_build_object('user', c.name, 'serial', c.serial,
			'key_id', c.key_id, 'reason', coalesce(why, '')));
	end loop;
	return jsonb_build_object('revoked', cardinality(gone), 'sessions', (
		select coalesce(jsonb_agg(jsonb_build_object('session', s.id, 'worker', s.worker)), '[]')
		from yanmen.session s where s.certificate = any (gone) and s.state = 'online'));
end
$$;

-- args: serial, or user for all of his; reason.
create function api.certificate_revoke(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	n text := coalesce(yanmen.arg(args, 'serial'), '');
	who text := coalesce(yanmen.arg(args, 'user'), '');
	u yanmen.users;
	serials bigint[];
	answer jsonb;
begin
	perform api.need(caller, 'certificate.manage');
	if (n = '') = (who = '') then
		raise exception 'give the serial of one certificate, or a user for all of his' using errcode = 'YM400';
	elsif who <> '' then
		u := yanmen.find_user(who);
		serials := array(select c.serial from yanmen.certificate c where c.user_id = u.id);
	else
		serials := array[yanmen.arg_number(args, 'serial', 999999999999999)];
		if not exists (select from yanmen.certificate c where c.serial = serials[1]) then
			raise exception 'no certificate %; see: certificate list', n using errcode = 'YM404';
		end if;
	end if;
	answer := yanmen.certificates_revoke(caller, serials, nullif(yanmen.arg(args, 'reason'), ''));
	if n <> '' and answer ->> 'revoked' = '0' then
		raise exception 'certificate % was revoked already', n using errcode = 'YM409';
	end if;
	return answer;
end
$$;
grant execute on all functions in schema api to yanmen_broker;
