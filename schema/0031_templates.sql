-- Account templates: what an account that many targets have is called there, what it may, and how one logs in to it.

create table yanmen.template (
	id bigint generated always as identity primary key,
	version int not null default 1,
	name text not null check (yanmen.is_name(name, 64)),
	login text not null check (yanmen.is_name(login, 64)), -- the account's name on the targets
	root bool not null,
	kind text not null check (kind in ('password', 'key', 'ca')),
	sudo text not null default '' check (octet_length(sudo) <= 500), -- what sudo allows it there, in words: nothing is written there
	about text not null default '' check (octet_length(about) <= 500),
	created_at timestamptz not null default now(),
	removed_at timestamptz
);
create unique index on yanmen.template (name) where removed_at is null;
insert into yanmen.template (name, login, root, kind, sudo, about) values
	('cyadmin', 'cyadmin', true, 'password', 'ALL', 'the provider, with root'),
	('xxadmin', 'xxadmin', false, 'password', '', 'the customer, without root: xx are the initials');
alter table yanmen.account add template_id bigint references yanmen.template;
create index on yanmen.account (template_id);
create trigger count_version before update on yanmen.template for each row execute function yanmen.count_version();
create trigger track after insert or update or delete on yanmen.template for each row execute function yanmen.track('template');
create trigger tell_console after insert or update or delete on yanmen.template for each statement
	execute function yanmen.tell_console('templates');

insert into yanmen.duty (permission, duty) values ('template.manage', 'system');
insert into yanmen.role_permission (role, permission, scope)
select r, 'template.manage', 'all' from unnest(array['admin', 'system_admin']) r
union all
select r, 'template.list', 'all' from unnest(array['admin', 'auditor', 'system_admin', 'security_admin', 'audit_admin', 'cluster_admin',
	'operator']) r;

create function yanmen.find_template(n text) returns yanmen.template language plpgsql stable as $$
declare
	r yanmen.template;
begin
	select * into r from yanmen.template t where t.name = n and t.removed_at is null;
	if not found then
		raise exception 'no template named %; see: template list', left(n, 80) using errcode = 'YM404';
	end if;
	return r;
end
$$;
create function yanmen.template_facts(t yanmen.template) returns jsonb language sql stable as $$
	select jsonb_build_object('id', t.id, 'version', t.version, 'name', t.name, 'login', t.login, 'root', t.root, 'kind', t.kind,
		'sudo', t.sudo, 'about', t.about, 'accounts', (select count(*) from yanmen.account a join yanmen.target x on x.id = a.target_id
			where a.template_id = t.id and x.removed_at is null))
$$;
-- The text of an argument, or what it was.
create function yanmen.arg_words(args jsonb, key text, otherwise text) returns text language plpgsql immutable as $$
declare
	v text := coalesce(yanmen.arg(args, key), otherwise);
begin
	if octet_length(v) > 500 or v ~ '[\x01-\x1f\x7f]' then
		raise exception '% is one line of at most 500 bytes', key using errcode = 'YM400';
	end if;
	return v;
end
$$;
create function yanmen.template_kind(k text) returns text language plpgsql immutable as $$
begin
	if k not in ('password', 'key', 'ca') then
		raise exception 'kind is password, key or ca' using errcode = 'YM400';
	end if;
	return k;
end
$$;

-- args: name, login (else the name), root (on, off), kind (password, key, ca), sudo, about.
create function api.template_add(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	n text;
	t yanmen.template;
begin
	perform api.need(caller, 'template.manage');
	n := yanmen.need_name(args, 'name', 'template');
	begin
		insert into yanmen.template (name, login, root, kind, sudo, about) values (n,
			case when coalesce(yanmen.arg(args, 'login'), '') = '' then n else yanmen.need_name(args, 'login', 'account') end,
			yanmen.arg_switch(args, 'root', false), yanmen.template_kind(coalesce(nullif(yanmen.arg(args, 'kind'), ''), 'password')),
			yanmen.arg_words(args, 'sudo', ''), yanmen.arg_words(args, 'about', ''))
		returning * into t;
	exception when unique_violation then
		raise exception 'there is a template named % already', n using errcode = 'YM409';
	end;
	perform yanmen.note(caller, 'template.added', jsonb_build_object('template', t.name, 'login', t.login, 'root', t.root, 'kind', t.kind));
	return yanmen.template_facts(t);
end
$$;
-- Accounts that it was applied to stay as they are.
create function api.template_set(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	t yanmen.template;
begin
	perform api.need(caller, 'template.manage');
	t := yanmen.find_template(yanmen.need_arg(args, 'name'));
	perform yanmen.need_version(args, 'template', t.id::text);
	update yanmen.template x set
		login = case when coalesce(yanmen.arg(args, 'login'), '') = '' then x.login else yanmen.need_name(args, 'login', 'account') end,
		root = yanmen.arg_switch(args, 'root', x.root),
		kind = yanmen.template_kind(coalesce(nullif(yanmen.arg(args, 'kind'), ''), x.kind)),
		sudo = yanmen.arg_words(args, 'sudo', x.sudo), about = yanmen.arg_words(args, 'about', x.about)
	where x.id = t.id returning * into t;
	perform yanmen.note(caller, 'template.changed', jsonb_build_object('template', t.name, 'login', t.login, 'root', t.root, 'kind', t.kind));
	return yanmen.template_facts(t);
end
$$;
-- A login that was called like it takes the new name too: xxadmin becomes abadmin in one step.
create function api.template_rename(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	t yanmen.template;
begin
	perform api.need(caller, 'template.manage');
	t := yanmen.find_template(yanmen.need_arg(args, 'name'));
	perform yanmen.need_version(args, 'template', t.id::text);
	update yanmen.template x set login = yanmen.need_name(args, 'to', 'account') where x.id = t.id and x.login = x.name;
	return yanmen.rename(caller, args - 'version', 'template', t.id, t.name);
end
$$;
create function api.template_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	t yanmen.template;
begin
	perform api.need(caller, 'template.manage');
	t := yanmen.find_template(yanmen.need_arg(args, 'name'));
	perform yanmen.need_version(args, 'template', t.id::text);
	update yanmen.template set removed_at = now() where id = t.id;
	perform yanmen.note(caller, 'template.removed', jsonb_build_object('template', t.name));
	return jsonb_build_object('id', t.id, 'name', t.name, 'removed', true);
end
$$;
create function api.template_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'template.list');
	return (select coalesce(jsonb_agg(yanmen.template_facts(t) order by t.name), '[]') from yanmen.template t where t.removed_at is null);
end
$$;

-- args: name, target*, group, cluster: where.  What the broker has sealed, target by target, with api.account_set; where there is
-- an account of that name it stays as it is, and belongs to the template from now on.
create function api.template_apply(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	t yanmen.template;
	g text := nullif(yanmen.arg(args, 'group'), '');
	c text := nullif(yanmen.arg(args, 'cluster'), '');
	names text[] := yanmen.arg_list(args, 'target');
	own bigint[];
	ids bigint[];
	kept text[];
begin
	perform api.need(caller, 'account.set');
	t := yanmen.find_template(yanmen.need_arg(args, 'name'));
	if (cardinality(names) > 0)::int + (g is not null)::int + (c is not null)::int <> 1 then
		raise exception 'where? give targets, a group or a cluster' using errcode = 'YM400';
	end if;
	own := yanmen.reach(caller, 'account.set');
	if g is not null then
		ids := array(select m.target_id from yanmen.group_target m where m.group_id = (yanmen.find_group(g)).id);
	elsif c is not null then
		ids := array(select x.id from yanmen.target x where x.cluster_id = (yanmen.find_cluster(c)).id and x.removed_at is null);
	else
		ids := array(select (yanmen.find_target(n)).id from unnest(names) n);
	end if;
	if cardinality(ids) not between 1 and 1000 then
		raise exception 'a template is applied to 1 to 1000 targets at once, not to %', cardinality(ids) using errcode = 'YM400';
	elsif own is not null and not ids <@ own then
		if g is not null then -- what others have is nobody's business
			raise exception 'no group named %; see: group list', g using errcode = 'YM404';
		elsif c is not null then
			raise exception 'no cluster named %; see: cluster list', c using errcode = 'YM404';
		end if;
		raise exception 'no target named %; see: target list', (select x.name from yanmen.target x
			where x.id = any (ids) and not x.id = any (own) order by x.name limit 1) using errcode = 'YM404';
	end if;
	update yanmen.account a set template_id = t.id where a.target_id = any (ids) and a.name = t.login and a.template_id is distinct from t.id;
	kept := array(select x.name from yanmen.account a join yanmen.target x on x.id = a.target_id
		where x.id = any (ids) and a.name = t.login order by x.name);
	perform yanmen.note(caller, 'template.applied', jsonb_build_object('template', t.name, 'account', t.login, 'targets',
		cardinality(ids), 'kept', cardinality(kept)));
	return jsonb_build_object('name', t.name, 'account', t.login, 'kind', t.kind, 'template_id', t.id, 'kept', kept,
		'targets', (select coalesce(jsonb_agg(jsonb_build_object('target', x.name, 'bound', yanmen.bound_text(t.login, x)) order by x.name), '[]')
			from yanmen.target x where x.id = any (ids) and not x.name = any (kept)));
end
$$;
grant execute on all functions in schema api to yanmen_broker;

-- ---- what the console reads ----
insert into console.collection (name, needs) values ('templates', 'template.list');
create view console.templates as
	select t.id, t.version, t.name, t.login, t.root, t.kind, t.sudo, t.about, t.created_at as created,
		(select count(*) from yanmen.account a join yanmen.target x on x.id = a.target_id
			where a.template_id = t.id and x.removed_at is null) as accounts
	from yanmen.template t where t.removed_at is null and (select console.own('template.list')) is null;
create or replace view console.accounts as
	select a.id, a.version, t.name as target, a.name, a.auth as kind, a.is_default as "default", a.suspended, a.public_key,
		a.updated_at as updated, (select p.name from yanmen.template p join yanmen.account x on x.template_id = p.id
			where x.id = a.id) as template
	from yanmen.account_view a join yanmen.target t on t.id = a.target_id
	where t.removed_at is null
		and ((select console.own('target.list')) is null or t.id in (select console.mine('target.list')));
