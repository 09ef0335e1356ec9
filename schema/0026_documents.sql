-- Documents: what admins put here for others to read (docs/decisions/0019-documents-in-the-database.md).
--
-- yanmen.document          a name, shared with users, roles, or whoever has a grant in a resource group
-- yanmen.document_version  what was uploaded: bytes, SHA-256, the type that the bytes say, and their text where there is one
-- yanmen.document_file     each upload, view and download: the documents' part of the ledger of files

create table yanmen.document (
	id bigint generated always as identity primary key,
	name text not null,
	about text not null default '',
	version int not null default 1, -- the one that is read
	edition bigint not null default 1, -- goes up with each change: who changes another one than he saw is told
	created_by text not null,
	created_at timestamptz not null default now(),
	changed_by text not null,
	changed_at timestamptz not null default now(),
	removed_at timestamptz
);
create unique index document_name on yanmen.document (lower(name)) where removed_at is null;
create table yanmen.document_version (
	document_id bigint not null references yanmen.document,
	number int not null,
	type text not null,
	charset text not null default '', -- of a text
	size bigint not null,
	sha256 bytea not null check (octet_length(sha256) = 32),
	note text not null default '',
	uploaded_by text not null,
	uploaded_at timestamptz not null default now(),
	bytes bytea, -- null: removed
	text text not null default '',
	words text[] not null default '{}', -- of the text, as search.words has them
	primary key (document_id, number)
);
alter table yanmen.document_version alter column bytes set storage external; -- most are compressed already
create index on yanmen.document_version using gin (words);
create table yanmen.document_share (
	document_id bigint not null references yanmen.document,
	user_id bigint references yanmen.users,
	role text references yanmen.role,
	group_id bigint references yanmen.resource_group,
	check (num_nonnulls(user_id, role, group_id) = 1),
	unique nulls not distinct (document_id, user_id, role, group_id)
);
create index on yanmen.document_share (user_id) where user_id is not null;
create index on yanmen.document_share (group_id) where group_id is not null;
create table yanmen.document_file (
	id bigint generated always as identity primary key,
	at timestamptz not null default now(),
	user_name text not null, -- the actor where it was none: local:0
	address text not null,
	op text not null check (op in ('upload', 'view', 'download')),
	document_id bigint not null references yanmen.document,
	name text not null, -- at that time
	version int not null,
	size bigint not null,
	sha256 bytea not null,
	opener uuid -- the console session, or the API token, that had it
);
create index on yanmen.document_file (at);
create index on yanmen.document_file (document_id, at);

insert into yanmen.setting (key, value, form, most, about) values
	('document.most', '10485760', '^[1-9][0-9]{2,7}$', 8, 'bytes of one document, at most 33554432'),
	('document.total', '1073741824', '^[1-9][0-9]{2,13}$', 14, 'bytes of all versions of all documents');
insert into yanmen.role_permission (role, permission, scope)
select r.name, 'document.read', 'all' from yanmen.role r
union all select r, 'document.manage', 'all' from unnest(array['admin', 'system_admin']) r;
insert into yanmen.duty (permission, duty) values ('document.manage', 'system');

-- ---- what it is: by its bytes, never by what somebody calls it ----
-- text: '' where it has none.  What could run in a browser (HTML, SVG, XML) is no type that is shown: it can be downloaded.
create function yanmen.document_kind(name text, bytes bytea, out type text, out charset text, out text text)
language plpgsql immutable as $$
declare
	head text := encode(substring(bytes for 12), 'hex');
	c text;
begin
	charset := '';
	text := '';
	type := case when head like '255044462d%' then 'application/pdf' when head like '89504e470d0a1a0a%' then 'image/png'
		when head like 'ffd8ff%' then 'image/jpeg' when head like '474946383761%' or head like '474946383961%' then 'image/gif'
		when head like '52494646________57454250' then 'image/webp' else 'application/octet-stream' end;
	if type <> 'application/octet-stream' then
		return;
	end if;
	foreach c in array array['UTF8', 'GB18030'] loop
		begin
			text := convert_from(bytes, c);
			charset := case c when 'UTF8' then 'utf-8' else 'gb18030' end;
			exit;
		exception when data_exception then
			null;
		end;
	end loop;
	if charset = '' or text ~ '[\u0001-\u0008\u000b\u000e-\u001a\u001c-\u001f\u007f]' then
		charset := '';
		text := '';
	elsif name !~* '\.(x?html?|mhtml?|svgz?|xml|xslt?)$' and ltrim(text, E' \t\r\n\f\ufeff') !~* '^<(!|\?|html|head|body|script|svg|iframe)' then
		type := case when name ~* '\.(md|markdown)$' then 'text/markdown' else 'text/plain' end;
	end if;
end
$$;

-- ---- who may see what ----
create function yanmen.document_all(caller jsonb) returns bool language sql stable as $$
	select yanmen.token_may(caller, 'document.manage') and exists (select from yanmen.permissions(caller) p
		where p.role = yanmen.role_of(caller) and p.permission = 'document.manage')
$$;
-- Those that are shared with him.  A group's: who has a grant to it or to one of its targets, and who is its admin.
create function yanmen.document_shared(caller jsonb) returns setof bigint language sql stable as $$
	with me as (select u.id, u.role from yanmen.users u where u.name = substr(caller ->> 'actor', 6) and u.state = 'active'),
	granted as (select a.group_id, a.target_id from yanmen.access_grant a join me on me.id = a.user_id
		where a.removed_at is null and (a.until is null or a.until > now())),
	groups as (select g.group_id from granted g where g.group_id is not null
		union select t.group_id from yanmen.group_target t join granted g on g.target_id = t.target_id
		union select x.group_id from yanmen.group_admin x join me on me.id = x.user_id)
	select s.document_id from yanmen.document_share s, me
	where s.user_id = me.id or s.role = me.role or s.group_id in (select g.group_id from groups g)
$$;
-- By its name, or its id; what is not his does not exist.
create function yanmen.find_document(caller jsonb, word text) returns yanmen.document language plpgsql stable as $$
declare
	d yanmen.document;
begin
	select * into d from yanmen.document x
	where x.removed_at is null and (lower(x.name) = lower(word) or x.id::text = word)
		and (yanmen.document_all(caller) or x.id in (select yanmen.document_shared(caller)));
	if not found then
		raise exception 'no document named %; see: document list', left(word, 80) using errcode = 'YM404';
	end if;
	return d;
end
$$;
-- The one to change; the caller may say which edition he saw.
create function yanmen.document_to_change(caller jsonb, args jsonb) returns yanmen.document language plpgsql as $$
declare
	d yanmen.document;
	seen text := coalesce(yanmen.arg(args, 'edition'), '');
begin
	perform api.need(caller, 'document.manage');
	d := yanmen.find_document(caller, yanmen.need_arg(args, 'name'));
	select * into d from yanmen.document x where x.id = d.id for update;
	if seen <> '' and seen <> d.edition::text then
		raise exception '% was changed by % meanwhile; look at it again', d.name, d.changed_by using errcode = 'YM409';
	end if;
	return d;
end
$$;
create function yanmen.document_name(caller jsonb, args jsonb, key text) returns text language plpgsql stable as $$
declare
	n text := btrim(yanmen.need_arg(args, key));
begin
	if n !~ '^[^\u0001-\u001f\u007f/\\]{1,200}$' or n ~ '^[0-9]*$' then
		raise exception '"%" is no name of a document: at most 200 characters, no / and \, not digits alone', left(n, 80)
			using errcode = 'YM400';
	elsif exists (select from yanmen.document d where d.removed_at is null and lower(d.name) = lower(n)
		and d.id::text <> coalesce(args ->> 'id', '')) then
		raise exception 'there is a document named % already', n using errcode = 'YM409';
	end if;
	return n;
end
$$;
create function yanmen.document_users(did bigint) returns text[] language sql stable as $$
	select array(select u.name from yanmen.document_share s join yanmen.users u on u.id = s.user_id where s.document_id = did order by 1)
$$;
create function yanmen.document_roles(did bigint) returns text[] language sql stable as $$
	select array(select s.role from yanmen.document_share s where s.document_id = did and s.role is not null order by 1)
$$;
create function yanmen.document_groups(did bigint) returns text[] language sql stable as $$
	select array(select g.name from yanmen.document_share s join yanmen.resource_group g on g.id = s.group_id
		where s.document_id = did order by 1)
$$;
create function yanmen.document_facts(d yanmen.document, whole bool) returns jsonb language sql stable as $$
	select jsonb_build_object('id', d.id, 'name', d.name, 'about', d.about, 'version', d.version, 'edition', d.edition,
		'type', v.type, 'charset', v.charset, 'size', v.size, 'sha256', encode(v.sha256, 'hex'), 'changed', yanmen.time_text(d.changed_at),
		'changed_by', d.changed_by)
		|| case when whole then jsonb_build_object('users', yanmen.document_users(d.id), 'roles', yanmen.document_roles(d.id),
			'groups', yanmen.document_groups(d.id)) else '{}' end
	from yanmen.document_version v where v.document_id = d.id and v.number = d.version
$$;
-- It was changed: the audit row, and what the command answers.
create function yanmen.document_changed(caller jsonb, did bigint, kind text, body jsonb) returns jsonb language plpgsql as $$
declare
	d yanmen.document;
begin
	update yanmen.document x set edition = edition + 1, changed_by = caller ->> 'actor', changed_at = now() where x.id = did
	returning * into d;
	perform yanmen.note(caller, kind, jsonb_build_object('document', d.name, 'number', d.id) || body);
	return yanmen.document_facts(d, true);
end
$$;
create function yanmen.document_opener(caller jsonb) returns uuid language sql immutable as $$
	select coalesce(nullif(caller ->> 'console', ''), caller ->> 'token')::uuid
$$;
create function yanmen.document_moved(caller jsonb, op text, d yanmen.document, v yanmen.document_version) returns void
language plpgsql as $$
begin
	insert into yanmen.document_file (user_name, address, op, document_id, name, version, size, sha256, opener)
	values (regexp_replace(caller ->> 'actor', '^user:', ''), coalesce(caller ->> 'address', ''), op, d.id, d.name, v.number, v.size, v.sha256,
		yanmen.document_opener(caller));
	perform yanmen.note(caller, 'document.' || op, jsonb_build_object('document', d.name, 'number', d.id, 'version', v.number,
		'size', v.size, 'sha256', encode(v.sha256, 'hex')));
end
$$;

-- ---- commands ----
create function yanmen.document_most() returns bigint language sql stable as $$
	select least(s.value::bigint, 33554432) from yanmen.setting s where s.key = 'document.most'
$$;
create function yanmen.document_used() returns bigint language sql stable as $$
	select coalesce(sum(v.size), 0)::bigint from yanmen.document_version v where v.bytes is not null
$$;
create function yanmen.document_store(caller jsonb, d yanmen.document, note text, content bytea) returns void language plpgsql as $$
declare
	k record;
	v yanmen.document_version;
	most bigint := yanmen.document_most();
	total bigint := (select s.value::bigint from yanmen.setting s where s.key = 'document.total');
begin
	perform pg_advisory_xact_lock(hashtext('yanmen.document')); -- so that all of them see the same total
	if octet_length(content) > most then
		raise exception 'this document has % bytes; the setting document.most allows %', octet_length(content), most using errcode = 'YM409';
	elsif octet_length(content) = 0 then
		raise exception 'this document is empty' using errcode = 'YM400';
	elsif yanmen.document_used() + octet_length(content) > total then
		raise exception 'documents have % bytes already, of % that the setting document.total allows; remove some', yanmen.document_used(), total
			using errcode = 'YM409';
	end if;
	k := yanmen.document_kind(d.name, content);
	insert into yanmen.document_version (document_id, number, type, charset, size, sha256, note, uploaded_by, bytes, text, words)
	values (d.id, (select coalesce(max(x.number), 0) + 1 from yanmen.document_version x where x.document_id = d.id), k.type, k.charset,
		octet_length(content), sha256(content), left(note, 500), caller ->> 'actor', content, left(k.text, 200000),
		array(select distinct w from unnest(search.words(left(k.text, 200000))) w))
	returning * into v;
	update yanmen.document x set version = v.number where x.id = d.id;
	perform yanmen.document_moved(caller, 'upload', d, v);
end
$$;
-- args: name, about, note.
create function api.document_add(caller jsonb, args jsonb, content bytea) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	d yanmen.document;
begin
	perform api.need(caller, 'document.manage');
	begin
		insert into yanmen.document (name, about, created_by, changed_by)
		values (yanmen.document_name(caller, args - 'id', 'name'), coalesce(yanmen.arg(args, 'about'), ''), caller ->> 'actor', caller ->> 'actor')
		returning * into d;
	exception when unique_violation then -- just now
		raise exception 'there is a document named % already', yanmen.arg(args, 'name') using errcode = 'YM409';
	end;
	perform yanmen.document_store(caller, d, coalesce(yanmen.arg(args, 'note'), ''), content);
	select * into d from yanmen.document x where x.id = d.id;
	return yanmen.document_facts(d, true);
end
$$;
-- A new version.  args: name, note, edition.
create function api.document_update(caller jsonb, args jsonb, content bytea) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	d yanmen.document := yanmen.document_to_change(caller, args);
begin
	perform yanmen.document_store(caller, d, coalesce(yanmen.arg(args, 'note'), ''), content);
	return yanmen.document_changed(caller, d.id, 'document.changed',
		jsonb_build_object('version', (select x.version from yanmen.document x where x.id = d.id)));
end
$$;
-- args: name, rename, about, edition.
create function api.document_set(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	d yanmen.document := yanmen.document_to_change(caller, args);
	k record;
begin
	if not args ?| array['rename', 'about'] then
		raise exception 'nothing to change is given' using errcode = 'YM400';
	end if;
	update yanmen.document x set about = coalesce(yanmen.arg(args, 'about'), x.about),
		name = case when coalesce(yanmen.arg(args, 'rename'), '') = '' then x.name
			else yanmen.document_name(caller, args || jsonb_build_object('id', d.id), 'rename') end
	where x.id = d.id;
	-- A name's ending says how a text is shown.
	update yanmen.document_version v set type = (yanmen.document_kind(x.name, v.bytes)).type
	from yanmen.document x where x.id = d.id and v.document_id = d.id and v.bytes is not null and x.name <> d.name
		and v.charset <> '';
	return yanmen.document_changed(caller, d.id, 'document.changed',
		jsonb_strip_nulls(jsonb_build_object('was', d.name, 'name', yanmen.arg(args, 'rename'), 'about', yanmen.arg(args, 'about'))));
end
$$;
-- args: name, version, edition.
create function api.document_restore(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	d yanmen.document := yanmen.document_to_change(caller, args);
	n bigint := yanmen.arg_number(args, 'version', 1000000);
begin
	update yanmen.document x set version = n where x.id = d.id and exists (
		select from yanmen.document_version v where v.document_id = d.id and v.number = n and v.bytes is not null);
	if not found then
		raise exception '% has no version %; see: document versions', d.name, n using errcode = 'YM404';
	end if;
	return yanmen.document_changed(caller, d.id, 'document.restored', jsonb_build_object('version', n, 'was', d.version));
end
$$;
-- With whom: user, role, group; several of each.
create function yanmen.document_with(caller jsonb, args jsonb, did bigint) returns setof yanmen.document_share language plpgsql stable as $$
declare
	n text;
begin
	if cardinality(yanmen.arg_list(args, 'user') || yanmen.arg_list(args, 'role') || yanmen.arg_list(args, 'group')) = 0 then
		raise exception 'with whom? give a user, a role or a group' using errcode = 'YM400';
	end if;
	foreach n in array yanmen.arg_list(args, 'user') loop
		return query select did, (yanmen.find_user(n)).id, null::text, null::bigint;
	end loop;
	foreach n in array yanmen.arg_list(args, 'role') loop
		if not exists (select from yanmen.role r where r.name = n) then
			raise exception 'no role %; there are: %', left(n, 40), (select string_agg(r.name, ', ' order by r.name) from yanmen.role r)
				using errcode = 'YM400';
		end if;
		return query select did, null::bigint, n, null::bigint;
	end loop;
	foreach n in array yanmen.arg_list(args, 'group') loop
		return query select did, null::bigint, null::text, (yanmen.find_group(n)).id;
	end loop;
end
$$;
create function api.document_share(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	d yanmen.document := yanmen.document_to_change(caller, args);
begin
	insert into yanmen.document_share select * from yanmen.document_with(caller, args, d.id) on conflict do nothing;
	return yanmen.document_changed(caller, d.id, 'document.shared', jsonb_build_object('with', args - 'name' - 'edition'));
end
$$;
create function api.document_unshare(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	d yanmen.document := yanmen.document_to_change(caller, args);
begin
	delete from yanmen.document_share s using yanmen.document_with(caller, args, d.id) w
	where s.document_id = d.id and (s.user_id = w.user_id or s.role = w.role or s.group_id = w.group_id);
	return yanmen.document_changed(caller, d.id, 'document.unshared', jsonb_build_object('with', args - 'name' - 'edition'));
end
$$;
-- The bytes and the text go; who had what stays in the ledger and the audit.
create function api.document_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	d yanmen.document := yanmen.document_to_change(caller, args);
	n bigint := yanmen.arg_number(args, 'version', 1000000);
begin
	if n = d.version then
		raise exception 'version % is the one that is read; restore another one before', n using errcode = 'YM409';
	end if;
	update yanmen.document_version v set bytes = null, text = '', words = '{}'
	where v.document_id = d.id and v.bytes is not null and (n = 0 or v.number = n);
	if n > 0 and not found then
		raise exception '% has no version %; see: document versions', d.name, n using errcode = 'YM404';
	elsif n > 0 then
		return yanmen.document_changed(caller, d.id, 'document.removed', jsonb_build_object('version', n));
	end if;
	delete from yanmen.document_share s where s.document_id = d.id;
	update yanmen.document x set removed_at = now() where x.id = d.id;
	return yanmen.document_changed(caller, d.id, 'document.removed', '{}') || '{"removed": true}';
end
$$;
-- Which of them fit what is looked for: every word in the text, or all of it somewhere in name and description.
create function console.find_documents(q text) returns setof bigint language plpgsql stable as $$
declare
	p record;
begin
	select * into p from search.parse(left(q, 400));
	return query select d.id from yanmen.document d where d.removed_at is null and lower(d.name || ' ' || d.about) like all (p.patterns)
		union select d.id from yanmen.document_version v join yanmen.document d on d.id = v.document_id and d.version = v.number
		where v.words @> p.words and lower(d.name || ' ' || d.about || ' ' || v.text) like all (p.patterns);
end
$$;
-- args: text.
create function api.document_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	whole bool := yanmen.document_all(caller);
	q text := coalesce(yanmen.arg(args, 'text'), '');
begin
	perform api.need(caller, 'document.read');
	return (select coalesce(jsonb_agg(yanmen.document_facts(x, whole) order by x.name), '[]')
		from (select * from yanmen.document d where d.removed_at is null
			and (whole or d.id in (select yanmen.document_shared(caller)))
			and (q = '' or d.id in (select console.find_documents(q)))
			order by d.name limit 1000) x);
end
$$;
create function api.document_versions(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	d yanmen.document;
begin
	perform api.need(caller, 'document.manage');
	d := yanmen.find_document(caller, yanmen.need_arg(args, 'name'));
	return (select jsonb_agg(jsonb_build_object('version', v.number, 'current', v.number = d.version, 'type', v.type, 'charset', v.charset,
		'size', v.size, 'sha256', encode(v.sha256, 'hex'), 'note', v.note, 'uploaded', yanmen.time_text(v.uploaded_at), 'uploaded_by', v.uploaded_by,
		'removed', v.bytes is null) order by v.number desc)
		from yanmen.document_version v where v.document_id = d.id);
end
$$;
-- A part of what this console session, or this token, has opened within the hour: the rights are asked for again, the opening stands in the ledger already.
create function yanmen.document_open(caller jsonb, op text, v yanmen.document_version) returns bool language sql stable as $$
	select exists (select from yanmen.document_file f where f.document_id = v.document_id and f.version = v.number and f.op = document_open.op
		and f.opener = yanmen.document_opener(caller) and f.at > now() - interval '1 hour')
$$;
-- args: name, version (of whoever manages), view, again (it goes on with what was opened).
create function api.document_get(caller jsonb, args jsonb) returns table (facts jsonb, content bytea)
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	d yanmen.document;
	v yanmen.document_version;
	n bigint := yanmen.arg_number(args, 'version', 1000000);
	op text := case when yanmen.arg(args, 'view') in ('1', 'true') then 'view' else 'download' end;
begin
	perform api.need(caller, 'document.read');
	d := yanmen.find_document(caller, yanmen.need_arg(args, 'name'));
	n := case when n = 0 then d.version else n end;
	select * into v from yanmen.document_version x where x.document_id = d.id and x.number = n and x.bytes is not null
		and (x.number = d.version or yanmen.document_all(caller));
	if not found then
		raise exception '% has no version %; see: document versions', d.name, n using errcode = 'YM404';
	end if;
	if coalesce(yanmen.arg(args, 'again'), '') <> 'true' or not yanmen.document_open(caller, op, v) then
		perform yanmen.document_moved(caller, op, d, v);
	end if;
	return query select jsonb_build_object('id', d.id, 'name', d.name, 'version', v.number, 'type', v.type, 'charset', v.charset,
		'size', v.size, 'sha256', encode(v.sha256, 'hex')), v.bytes;
end
$$;
grant execute on all functions in schema api to yanmen_broker;

-- ---- what the console reads ----
create view console.documents as
	select d.id, d.name, d.about, v.type, v.charset, v.size, encode(v.sha256, 'hex') as sha256, d.version, d.edition,
		d.changed_at as changed, d.changed_by, d.created_at as created, d.created_by,
		case when m.manages then yanmen.document_users(d.id) else '{}' end as users,
		case when m.manages then yanmen.document_roles(d.id) else '{}' end as roles,
		case when m.manages then yanmen.document_groups(d.id) else '{}' end as groups
	from yanmen.document d join yanmen.document_version v on v.document_id = d.id and v.number = d.version,
		(select yanmen.document_all(console.caller()) as manages) m
	where d.removed_at is null and (m.manages or d.id in (select yanmen.document_shared(console.caller())));
create view console.document_versions as
	select v.document_id || ':' || v.number as id, d.name as document, v.number, v.number = d.version as current, v.type, v.charset, v.size,
		encode(v.sha256, 'hex') as sha256, v.note, v.uploaded_at as started, v.uploaded_by as "user", v.bytes is null as removed
	from yanmen.document_version v join yanmen.document d on d.id = v.document_id
	where d.removed_at is null;
create view console.document_files as
	select f.id, f.at as started, f.user_name as "user", f.address, f.op, f.name as path, f.version, f.size,
		encode(f.sha256, 'hex') as sha256
	from yanmen.document_file f where (select console.own('file.list')) is null;
-- One row: what may be uploaded.
create view console.document_limits as
	select 1 as id, yanmen.document_most() as most, yanmen.document_used() as used,
		(select s.value::bigint from yanmen.setting s where s.key = 'document.total') as total;
insert into console.collection (name, needs) values
	('documents', 'document.read'), ('document_versions', 'document.manage'), ('document_files', 'file.list'),
	('document_limits', 'document.manage');
create trigger tell_console after insert or update or delete on yanmen.document for each statement
	execute function yanmen.tell_console('documents');
create trigger tell_console after insert or delete on yanmen.document_share for each statement
	execute function yanmen.tell_console('documents');
