-- SQL rules: of everything, a cluster, a group or a target; what a target does where none fits, and who approves there.

create function yanmen.sql_classes() returns text[] language sql immutable as $$
	select string_to_array('SELECT SHOW EXPLAIN INSERT UPDATE DELETE REPLACE MERGE CREATE ALTER DROP TRUNCATE RENAME GRANT SET USE TCL LOCK CALL PREPARE '
		'EXECUTE DEALLOCATE DECLARE CONTROL BLOCK ADMIN KILL REPL HANDLER EMPTY UNPARSED', ' ')
$$;
create function yanmen.sql_flags() returns text[] language sql immutable as $$
	select string_to_array('NO_WHERE TAUTOLOGY MULTI DYNAMIC ROUTINE FUNC FILE_READ FILE_WRITE LOCAL_FILE OSCMD REMOTE CODE IMPERSONATE LEXMODE '
		'SET_GLOBAL VERSION_COMMENT TEMP BULK', ' ')
$$;
-- Is it one that some door holds statements to?  There is none for SQL Server yet.
create function yanmen.sql_enforced(r yanmen.sql_rule) returns bool language sql stable as $$
	select r.enabled and r.dialect <> 'tsql' and coalesce((select t.kind = 'mysql' from yanmen.target t where t.id = r.target_id), true)
$$;
create function yanmen.sql_rule_facts(r yanmen.sql_rule) returns jsonb language sql stable as $$
	select jsonb_build_object('id', r.id, 'version', r.version, 'place', r.place, 'enabled', case when r.enabled then 'on' else 'off' end,
		'name', r.name, 'cluster', (select c.name from yanmen.cluster c where c.id = r.cluster_id),
		'group', (select g.name from yanmen.resource_group g where g.id = r.group_id),
		'target', (select t.name from yanmen.target t where t.id = r.target_id), 'user', r."user", 'role', r.role, 'dialect', r.dialect,
		'database', r.database, 'tables', r.tables, 'classes', r.classes, 'flags', r.flags, 'without', r.without, 'hours', r.hours,
		'from', r.from_nets::text[], 'program', r.program, 'statements', r.statements, 'rows', r.rows, 'action', r.action,
		'reason_en', r.reason_en, 'reason_zh', r.reason_zh, 'enforced', yanmen.sql_enforced(r))
$$;
create function yanmen.sql_rule_read(args jsonb, r yanmen.sql_rule) returns yanmen.sql_rule language plpgsql stable as $$
begin
	r."user" := yanmen.rule_text(args, 'user', r."user");
	r.role := yanmen.rule_text(args, 'role', r.role);
	r.dialect := case when yanmen.arg(args, 'dialect') = '' then '' else yanmen.rule_choice(args, 'dialect', coalesce(r.dialect, ''), array['', 'mysql', 'tsql']) end;
	r.database := yanmen.rule_text(args, 'database', r.database);
	r.tables := yanmen.rule_text(args, 'tables', r.tables, 500);
	r.classes := coalesce(yanmen.rule_words(args, 'class', r.classes, yanmen.sql_classes()), '{}');
	r.flags := coalesce(yanmen.rule_words(args, 'flag', r.flags, yanmen.sql_flags()), '{}');
	r.without := coalesce(yanmen.rule_words(args, 'without', r.without, yanmen.sql_flags()), '{}');
	r.hours := case when args ? 'hours' then yanmen.need_hours(args) else coalesce(r.hours, '') end;
	r.from_nets := case when args ? 'from' then yanmen.arg_nets(jsonb_build_object('from', array_remove(yanmen.arg_list(args, 'from'), '')), 'from')
		else coalesce(r.from_nets, '{}') end;
	r.program := yanmen.rule_text(args, 'program', r.program);
	r.statements := case when args ? 'statements' then yanmen.arg_number(args, 'statements', 10000) else coalesce(r.statements, 0) end;
	r.rows := case when args ? 'rows' then yanmen.arg_number(args, 'rows', 1000000000000) else coalesce(r.rows, 0) end;
	r.action := yanmen.rule_choice(args, 'action', r.action, array['allow', 'alert', 'approve', 'deny']);
	r.reason_en := yanmen.rule_text(args, 'reason_en', r.reason_en, 300);
	r.reason_zh := yanmen.rule_text(args, 'reason_zh', r.reason_zh, 300);
	r.enabled := yanmen.arg_switch(args, 'enabled', coalesce(r.enabled, true));
	r.name := coalesce(nullif(yanmen.rule_text(args, 'name', r.name, 80), ''),
		nullif(left(array_to_string(r.classes || r.flags, ' '), 80), ''), r.action);
	return r;
end
$$;
-- args: as sql_rule_read; one of cluster, group, target, or none; place.
-- What a rule is to be for, by one who may make it: cluster_id, group_id or target_id.
create function yanmen.sql_rule_scope(caller jsonb, args jsonb) returns yanmen.sql_rule language plpgsql as $$
declare
	r yanmen.sql_rule;
	g text := nullif(yanmen.arg(args, 'group'), '');
	t text := nullif(yanmen.arg(args, 'target'), '');
begin
	perform api.need(caller, 'rule.manage');
	if num_nonnulls(nullif(yanmen.arg(args, 'cluster'), ''), g, t) > 1 then
		raise exception 'give one of cluster, group, target; none means everything' using errcode = 'YM400';
	elsif g is not null and yanmen.reach(caller, 'rule.manage') is not null then -- none is his, whatever it is called
		raise exception 'no group named %; see: group list', left(g, 40) using errcode = 'YM404';
	end if;
	r.cluster_id := yanmen.rule_cluster(args);
	r.group_id := case when g is not null then (yanmen.find_group(g)).id end;
	r.target_id := case when t is not null then (yanmen.find_target(t)).id end;
	perform yanmen.need_rule(caller, r.cluster_id, r.target_id);
	return r;
end
$$;
create function api.sql_rule_add(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.sql_rule := yanmen.sql_rule_scope(caller, args);
	place int;
begin
	r := yanmen.sql_rule_read(args, r);
	insert into yanmen.sql_rule (cluster_id, group_id, target_id, place, enabled, name, "user", role, dialect, database, tables, classes, flags, without,
		hours, from_nets, program, statements, rows, action, reason_en, reason_zh, created_by)
	values (r.cluster_id, r.group_id, r.target_id, 1000, r.enabled, r.name, r."user", r.role, r.dialect, r.database, r.tables, r.classes, r.flags, r.without,
		r.hours, r.from_nets, r.program, r.statements, r.rows, r.action, r.reason_en, r.reason_zh, caller ->> 'actor') returning * into r;
	place := yanmen.rule_place('sql_rule', r.id, r.scope, yanmen.arg_number(args, 'place', 500));
	select * into r from yanmen.sql_rule x where x.id = r.id;
	perform yanmen.note(caller, 'sql_rule.added', yanmen.sql_rule_facts(r) - array['version', 'enforced']);
	return yanmen.sql_rule_facts(r);
end
$$;
create function api.sql_rule_set(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.sql_rule := yanmen.find_sql_rule(caller, args);
begin
	r := yanmen.sql_rule_read(args, r);
	update yanmen.sql_rule x set enabled = r.enabled, name = r.name, "user" = r."user", role = r.role, dialect = r.dialect, database = r.database,
		tables = r.tables, classes = r.classes, flags = r.flags, without = r.without, hours = r.hours, from_nets = r.from_nets, program = r.program,
		statements = r.statements, rows = r.rows, action = r.action, reason_en = r.reason_en, reason_zh = r.reason_zh
	where x.id = r.id returning * into r;
	perform yanmen.note(caller, 'sql_rule.changed', yanmen.sql_rule_facts(r) - array['version', 'enforced']);
	return yanmen.sql_rule_facts(r);
end
$$;
create function api.sql_rule_move(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.sql_rule := yanmen.find_sql_rule(caller, args);
begin
	return yanmen.rule_moved(caller, args, 'sql_rule', yanmen.sql_rule_facts(r), r.scope);
end
$$;
create function api.sql_rule_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.sql_rule := yanmen.find_sql_rule(caller, args);
begin
	delete from yanmen.sql_rule x where x.id = r.id;
	perform yanmen.note(caller, 'sql_rule.removed', yanmen.sql_rule_facts(r) - array['version', 'enforced']);
	return yanmen.sql_rule_facts(r);
end
$$;
-- The order in which they are asked.
create function yanmen.sql_rule_rank(r yanmen.sql_rule) returns bigint language sql immutable as $$
	select case when r.cluster_id is not null then 1000000000000 + r.cluster_id * 1000 when r.group_id is not null then 2000000000000 + r.group_id * 1000
		when r.target_id is not null then 3000000000000 + r.target_id * 1000 else 0 end + r.place
$$;
create function yanmen.sql_rule_seen(caller jsonb, r yanmen.sql_rule) returns bool language sql stable as $$
	select r.scope = 'all' or yanmen.rule_mine(caller, 'rule.list', r.cluster_id, r.target_id)
$$;
create function api.sql_rule_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'rule.list');
	return (select coalesce(jsonb_agg(yanmen.sql_rule_facts(r) order by yanmen.sql_rule_rank(r)), '[]') from yanmen.sql_rule r
		where yanmen.sql_rule_seen(caller, r));
end
$$;
-- args: cluster, group or target.  Switched off, to be looked at first.
create function yanmen.sql_rule_starter() returns table (n int, name text, classes text[], flags text[], without text[], action text, reason_en text, reason_zh text) language sql immutable as $$
	values
	(1, 'commands of the operating system / 操作系统命令', '{}'::text[], '{OSCMD,CODE}'::text[], '{}'::text[], 'deny', 'the database runs no programs here', '此处禁止通过数据库执行系统命令'),
	(2, 'files of the server / 服务器文件', '{}'::text[], '{FILE_READ,FILE_WRITE,LOCAL_FILE}'::text[], '{}'::text[], 'deny', 'files are not read or written through the database here', '此处禁止通过数据库读写文件'),
	(3, 'what cannot be read / 无法解析的语句', '{UNPARSED}'::text[], '{}'::text[], '{}'::text[], 'deny', 'this statement cannot be understood: write it more simply', '无法解析该语句，请改用更简单的写法'),
	(4, 'statements made while running / 动态拼接的语句', '{}'::text[], '{DYNAMIC}'::text[], '{}'::text[], 'deny', 'statements put together at run time are blocked here', '此处禁止动态拼接的语句'),
	(5, 'changes without WHERE / 无 WHERE 的修改', '{UPDATE,DELETE}'::text[], '{NO_WHERE,TAUTOLOGY}'::text[], '{TEMP}'::text[], 'deny', 'say which rows: WHERE is missing or always true', '请写明要改哪些行：缺少 WHERE 或条件恒真'),
	(6, 'tables and databases thrown away / 删除表与库', '{DROP,TRUNCATE,RENAME}'::text[], '{}'::text[], '{TEMP}'::text[], 'approve', 'this needs an approval', '该操作需审批'),
	(7, 'other tables / 建表与改表', '{ALTER,CREATE}'::text[], '{}'::text[], '{TEMP}'::text[], 'approve', 'this needs an approval', '该操作需审批'),
	(8, 'rights / 权限', '{GRANT}'::text[], '{}'::text[], '{}'::text[], 'deny', 'rights are given by the administrators', '数据库权限由管理员授予'),
	(9, 'acting as somebody else, other servers / 冒用身份、访问其他服务器', '{}'::text[], '{IMPERSONATE,REMOTE}'::text[], '{}'::text[], 'deny', 'acting as another user or on another server is blocked here', '此处禁止冒用他人身份或访问其他服务器'),
	(10, 'the server itself / 服务器管理', '{ADMIN,REPL,KILL}'::text[], '{}'::text[], '{}'::text[], 'alert', '', '')
$$;
create function api.sql_rule_import(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	s record;
	n int := 0;
	answer jsonb;
	at yanmen.sql_rule := yanmen.sql_rule_scope(caller, args);
	wanted jsonb := jsonb_build_object('cluster', yanmen.arg(args, 'cluster'), 'group', yanmen.arg(args, 'group'), 'target', yanmen.arg(args, 'target'));
begin
	for s in select * from yanmen.sql_rule_starter() x order by x.n loop
		continue when exists (select from yanmen.sql_rule r where r.name = s.name
			and r.cluster_id is not distinct from at.cluster_id and r.group_id is not distinct from at.group_id
			and r.target_id is not distinct from at.target_id);
		answer := api.sql_rule_add(caller, wanted || jsonb_build_object('name', s.name, 'class', s.classes, 'flag', s.flags, 'without', s.without, 'action', s.action,
			'reason_en', s.reason_en, 'reason_zh', s.reason_zh, 'enabled', 'off'));
		n := n + 1;
	end loop;
	return jsonb_build_object('rules', n, 'enabled', 'off');
end
$$;

-- ---- a target's default, and who approves ----
create function yanmen.sql_policy_facts(t yanmen.target) returns jsonb language sql stable as $$
	select jsonb_build_object('id', t.id, 'version', t.version, 'target', t.name, 'kind', t.kind, 'default', t.sql_default,
		'approval', case when t.sql_approval then 'on' else 'off' end, 'approvers', (select g.name from yanmen.resource_group g where g.id = t.sql_approvers),
		'enforced', false)
$$;
-- args: target, default (allow|approve|deny), approval (on|off), approvers (a group; none = who decides on requests for the target), version.
create function api.sql_policy_set(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	t yanmen.target;
	g text := yanmen.arg(args, 'approvers');
begin
	perform api.need(caller, 'rule.manage');
	t := yanmen.find_target(yanmen.need_arg(args, 'target'));
	perform yanmen.need_rule(caller, null, t.id);
	if t.kind not in ('mysql', 'sqlserver') then
		raise exception '% is no database', t.name using errcode = 'YM400';
	end if;
	perform yanmen.need_version(args, 'target', t.id::text);
	update yanmen.target x set sql_default = yanmen.rule_choice(args, 'default', t.sql_default, array['allow', 'approve', 'deny']),
		sql_approval = yanmen.arg_switch(args, 'approval', t.sql_approval),
		sql_approvers = case when g is null then t.sql_approvers when g in ('', 'none') then null else (yanmen.find_group(g)).id end
	where x.id = t.id returning * into t;
	perform yanmen.note(caller, 'target.sql_policy', yanmen.sql_policy_facts(t) - array['id', 'version', 'enforced']);
	return yanmen.sql_policy_facts(t);
end
$$;
create function api.sql_policy_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'rule.list');
	return (select coalesce(jsonb_agg(yanmen.sql_policy_facts(t) order by t.name), '[]') from yanmen.target t
		where t.removed_at is null and t.kind in ('mysql', 'sqlserver') and yanmen.rule_mine(caller, 'rule.list', null, t.id));
end
$$;
-- args: target; what a statement is made of (class*, flag*, table*, database, user, program, address, statements, rows).
create function api.sql_rule_check(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	t yanmen.target;
begin
	perform api.need(caller, 'rule.list');
	t := yanmen.find_target(yanmen.need_arg(args, 'target'));
	if not yanmen.rule_mine(caller, 'rule.list', null, t.id) then
		raise exception 'no target named %; see: target list', t.name using errcode = 'YM404';
	end if;
	return jsonb_build_object('rules', (select coalesce(jsonb_agg(yanmen.sql_rule_facts(r) order by yanmen.sql_rule_rank(r)), '[]')
			from yanmen.sql_rule r where r.enabled and (r.scope = 'all' or r.cluster_id = t.cluster_id or r.target_id = t.id
				or exists (select from yanmen.group_target m where m.group_id = r.group_id and m.target_id = t.id))),
		'default', t.sql_default, 'approval', t.sql_approval, 'dialect', case t.kind when 'sqlserver' then 'tsql' else 'mysql' end,
		'role', (select u.role from yanmen.users u where u.name = yanmen.arg(args, 'user')),
		'class', yanmen.rule_words(args, 'class', '{}', yanmen.sql_classes()), 'flag', yanmen.rule_words(args, 'flag', '{}', yanmen.sql_flags()));
end
$$;
grant execute on all functions in schema api to yanmen_broker;

-- ---- what the console reads ----
insert into console.collection (name, needs) values
	('secure_modes', 'rule.list'), ('command_rules', 'rule.list'), ('sql_rules', 'rule.list'), ('sql_policies', 'rule.list');

create view console.secure_modes as
	select c.id, c.version, c.name, c.secure, c.secure_doors as doors, c.secure_unknown as unknown, c.secure_default as "default",
		(select count(*) from yanmen.command_rule r where r.enabled and (r.cluster_id is null or r.cluster_id = c.id)) as rules
	from yanmen.cluster c
	where c.removed_at is null and ((select console.own('rule.list')) is null or c.id = any ((select yanmen.clusters_of(console.caller()))::bigint[]));

create view console.command_rules as
	select r.id, r.version, coalesce(r.cluster_id, 0) * 1000 + r.place as rank, r.place, r.enabled, r.name, c.name as cluster, r.program, r.args, r.path,
		r.account, r.target, r.hours, r.action, r.reason_en, r.reason_zh, r.created_by, r.scope,
		(select console.own('rule.list')) is null or r.cluster_id = any ((select yanmen.clusters_of(console.caller()))::bigint[]) as mine
	from yanmen.command_rule r left join yanmen.cluster c on c.id = r.cluster_id
	where r.cluster_id is null or (select console.own('rule.list')) is null or r.cluster_id = any ((select yanmen.clusters_of(console.caller()))::bigint[]);

create view console.sql_rules as
	select r.id, r.version, yanmen.sql_rule_rank(r) as rank, r.place, r.enabled, r.name, c.name as cluster, g.name as "group", t.name as target, r."user",
		r.role, r.dialect, r.database, r.tables, r.classes, r.flags, r.without, r.hours, r.from_nets::text[] as "from", r.program, r.statements, r.rows,
		r.action, r.reason_en, r.reason_zh, r.created_by, r.scope,
		(select console.own('rule.list')) is null or coalesce(c.id, t.cluster_id) = any ((select yanmen.clusters_of(console.caller()))::bigint[]) as mine
	from yanmen.sql_rule r left join yanmen.cluster c on c.id = r.cluster_id left join yanmen.resource_group g on g.id = r.group_id
	left join yanmen.target t on t.id = r.target_id
	where r.scope = 'all' or (select console.own('rule.list')) is null
		or coalesce(c.id, t.cluster_id) = any ((select yanmen.clusters_of(console.caller()))::bigint[]);

create view console.sql_policies as
	select t.id, t.version, t.name, t.kind, c.name as cluster, t.sql_default as "default", t.sql_approval as approval, g.name as approvers
	from yanmen.target t join yanmen.cluster c on c.id = t.cluster_id left join yanmen.resource_group g on g.id = t.sql_approvers
	where t.removed_at is null and t.kind in ('mysql', 'sqlserver')
		and ((select console.own('rule.list')) is null or t.cluster_id = any ((select yanmen.clusters_of(console.caller()))::bigint[]));
