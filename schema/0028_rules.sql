-- Secure mode and its command rules; SQL rules: kept, tried and decided on (policy/decide/command.h, sql.h; docs/decisions/0022-rules.md).
--
-- Rules of everything come first, then a cluster's (SQL: then a group's, a target's), each in its own order: the first that fits decides.
-- `place` is the order within such a scope; moving one changes no other rule's version.

create table yanmen.command_rule (
	id bigint generated always as identity primary key,
	version int not null default 1,
	cluster_id bigint references yanmen.cluster, -- null: all clusters
	scope text not null generated always as (coalesce('cluster:' || cluster_id::text, 'all')) stored,
	place int not null,
	enabled bool not null default true,
	name text not null,
	program text not null default '',
	args text not null default '',
	path text not null default '',
	account text not null default '',
	target text not null default '',
	hours text not null default '',
	action text not null check (action in ('allow', 'alert', 'ask', 'deny')),
	reason_en text not null default '', -- whom it stops reads it
	reason_zh text not null default '',
	created_by text not null,
	created_at timestamptz not null default now()
);
create index on yanmen.command_rule (scope, place);

create table yanmen.sql_rule (
	id bigint generated always as identity primary key,
	version int not null default 1,
	cluster_id bigint references yanmen.cluster,
	group_id bigint references yanmen.resource_group,
	target_id bigint references yanmen.target,
	scope text not null generated always as (coalesce('cluster:' || cluster_id::text, 'group:' || group_id::text, 'target:' || target_id::text, 'all')) stored,
	place int not null,
	enabled bool not null default true,
	name text not null,
	"user" text not null default '',
	role text not null default '',
	dialect text not null default '' check (dialect in ('', 'mysql', 'tsql')),
	database text not null default '',
	tables text not null default '',
	classes text[] not null default '{}',
	flags text[] not null default '{}',
	without text[] not null default '{}',
	hours text not null default '',
	from_nets cidr[] not null default '{}',
	program text not null default '',
	statements int not null default 0,
	rows bigint not null default 0,
	action text not null check (action in ('allow', 'alert', 'approve', 'deny')),
	reason_en text not null default '',
	reason_zh text not null default '',
	created_by text not null,
	created_at timestamptz not null default now(),
	check (num_nonnulls(cluster_id, group_id, target_id) <= 1)
);
create index on yanmen.sql_rule (scope, place);
alter table yanmen.target add foreign key (sql_approvers) references yanmen.resource_group;

do $$
declare
	k text;
begin
	foreach k in array array['command_rule', 'sql_rule'] loop
		execute format('create trigger count_version before update on yanmen.%I for each row execute function yanmen.count_version()', k);
		execute format('create trigger track after insert or update or delete on yanmen.%I for each row execute function yanmen.track(%L)', k, k);
		execute format('create trigger tell_console after insert or update or delete on yanmen.%I for each statement '
			'execute function yanmen.tell_console(%L)', k, k || 's');
	end loop;
end
$$;
create trigger tell_secure after update of secure, secure_doors, secure_unknown, secure_default on yanmen.cluster for each statement execute function yanmen.tell_console('secure_modes');
create trigger tell_sql after update of sql_default, sql_approval, sql_approvers on yanmen.target for each statement execute function yanmen.tell_console('sql_policies');

insert into yanmen.role_permission (role, permission, scope)
select r, 'rule.list', 'all' from unnest(array['admin', 'auditor', 'system_admin', 'security_admin', 'audit_admin']) r
union all
values ('admin', 'rule.manage', 'all'), ('security_admin', 'rule.manage', 'all'),
	('cluster_admin', 'rule.list', 'own'), ('cluster_admin', 'rule.manage', 'own');
insert into yanmen.duty (permission, duty) values ('rule.manage', 'security');

-- ---- who may ----
-- Whose rule is it?  Of everything, or of a group: only who has the right over all.
create function yanmen.rule_mine(caller jsonb, permission text, cluster_id bigint, target_id bigint) returns bool language plpgsql stable as $$
declare
	own bigint[] := yanmen.reach(caller, permission);
begin
	return own is null or coalesce(cluster_id = any (yanmen.clusters_of(caller)), false)
		or coalesce((select t.cluster_id = any (yanmen.clusters_of(caller)) from yanmen.target t where t.id = rule_mine.target_id), false);
end
$$;
create function yanmen.need_rule(caller jsonb, cluster_id bigint, target_id bigint) returns void language plpgsql stable as $$
begin
	perform api.need(caller, 'rule.manage');
	if not yanmen.rule_mine(caller, 'rule.manage', cluster_id, target_id) then
		if target_id is not null then -- what others have is nobody's business
			raise exception 'no target named %; see: target list', (select t.name from yanmen.target t where t.id = need_rule.target_id)
				using errcode = 'YM404';
		elsif cluster_id is not null then
			perform yanmen.need_cluster(caller, 'rule.manage', cluster_id);
		end if;
		raise exception 'not allowed: these rules are not of your clusters' using errcode = 'YM403';
	end if;
end
$$;
create function yanmen.rule_id(args jsonb) returns bigint language plpgsql immutable as $$
begin
	if yanmen.need_arg(args, 'id') !~ '^[0-9]{1,15}$' then
		raise exception 'no rule %; see the list of rules', left(yanmen.arg(args, 'id'), 40) using errcode = 'YM404';
	end if;
	return yanmen.arg(args, 'id')::bigint;
end
$$;
-- For a change: what is not his does not exist.
create function yanmen.find_command_rule(caller jsonb, args jsonb) returns yanmen.command_rule language plpgsql as $$
declare
	r yanmen.command_rule;
begin
	perform api.need(caller, 'rule.manage');
	select * into r from yanmen.command_rule x where x.id = yanmen.rule_id(find_command_rule.args);
	if r.id is null or not (r.cluster_id is null or yanmen.rule_mine(caller, 'rule.manage', r.cluster_id, null)) then
		raise exception 'no rule %; see the list of rules', yanmen.rule_id(args) using errcode = 'YM404';
	end if;
	perform yanmen.need_rule(caller, r.cluster_id, null);
	perform yanmen.need_version(args, 'command_rule', r.id::text);
	return r;
end
$$;
create function yanmen.find_sql_rule(caller jsonb, args jsonb) returns yanmen.sql_rule language plpgsql as $$
declare
	r yanmen.sql_rule;
begin
	perform api.need(caller, 'rule.manage');
	select * into r from yanmen.sql_rule x where x.id = yanmen.rule_id(args);
	if r.id is null or not (r.scope = 'all' or yanmen.rule_mine(caller, 'rule.manage', r.cluster_id, r.target_id)) then
		raise exception 'no rule %; see the list of rules', yanmen.rule_id(args) using errcode = 'YM404';
	end if;
	perform yanmen.need_rule(caller, r.cluster_id, r.target_id);
	perform yanmen.need_version(args, 'sql_rule', r.id::text);
	return r;
end
$$;

-- ---- what both have ----
create function yanmen.rule_text(args jsonb, key text, was text, most int default 255) returns text language plpgsql immutable as $$
declare
	v text := btrim(coalesce(yanmen.arg(args, key), was, ''));
begin
	if v ~ '[\x01-\x1f\x7f]' or octet_length(v) > most then
		raise exception '% is one line of at most % bytes', key, most using errcode = 'YM400';
	end if;
	return v;
end
$$;
create function yanmen.rule_choice(args jsonb, key text, was text, choices text[]) returns text language plpgsql immutable as $$
declare
	v text := coalesce(nullif(yanmen.arg(args, key), ''), was);
begin
	if v is null or v <> all (choices) then
		raise exception '% is one of: %', key, array_to_string(choices, ', ') using errcode = 'YM400';
	end if;
	return v;
end
$$;
create function yanmen.rule_words(args jsonb, key text, was text[], choices text[]) returns text[] language plpgsql immutable as $$
declare
	v text[] := case when args ? key then array(select distinct upper(x) from unnest(yanmen.arg_list(args, key)) x where x <> '' order by 1) else was end;
	wrong text := (select x from unnest(v) x where x <> all (choices) limit 1);
begin
	if wrong is not null then
		raise exception 'no %: %; there are: %', key, left(wrong, 40), array_to_string(choices, ', ') using errcode = 'YM400';
	end if;
	return v;
end
$$;
-- The rule goes to that place of its scope (0: the last); the others make room.  Answers where it stands then.
create function yanmen.rule_place(kind text, rule bigint, scope text, place bigint) returns int language plpgsql as $$
declare
	ids bigint[];
	at int;
begin
	perform pg_advisory_xact_lock(hashtext('yanmen.rule_place'));
	execute format('select array(select id from yanmen.%I where scope = $1 and id <> $2 order by place, id)', kind) into ids using scope, rule;
	if cardinality(ids) >= 500 then
		raise exception 'at most 500 rules of one scope' using errcode = 'YM409';
	end if;
	at := case when place between 1 and cardinality(ids) then place else cardinality(ids) + 1 end;
	ids := ids[:at - 1] || rule || ids[at:];
	execute format('update yanmen.%I r set place = n.n from unnest($1) with ordinality n (id, n) where r.id = n.id and r.place <> n.n', kind) using ids;
	return at;
end
$$;
create function yanmen.rule_moved(caller jsonb, args jsonb, kind text, facts jsonb, scope text) returns jsonb language plpgsql as $$
declare
	place int;
	most bigint := yanmen.arg_number(args, 'to', 500);
begin
	if most < 1 then
		raise exception 'to is the place, 1 for the first' using errcode = 'YM400';
	end if;
	place := yanmen.rule_place(kind, (facts ->> 'id')::bigint, scope, most);
	perform yanmen.changed(kind, facts ->> 'id', facts ->> 'name', jsonb_build_object('place', facts -> 'place'), jsonb_build_object('place', place));
	perform yanmen.note(caller, kind || '.moved', jsonb_build_object('id', facts -> 'id', 'name', facts -> 'name', 'place', place));
	return facts || jsonb_build_object('place', place);
end
$$;
create function yanmen.rule_cluster(args jsonb) returns bigint language plpgsql stable as $$
begin
	return case when coalesce(yanmen.arg(args, 'cluster'), '') <> '' then (yanmen.find_cluster(yanmen.arg(args, 'cluster'))).id end;
end
$$;

-- ---- secure mode ----
create function yanmen.secure_facts(c yanmen.cluster) returns jsonb language sql stable as $$
	select jsonb_build_object('id', c.id, 'version', c.version, 'cluster', c.name, 'secure', case when c.secure then 'on' else 'off' end,
		'doors', c.secure_doors, 'unknown', c.secure_unknown, 'default', c.secure_default, 'enforced', false,
		'rules', (select count(*) from yanmen.command_rule r where r.enabled and (r.cluster_id is null or r.cluster_id = c.id)))
$$;
-- args: cluster, secure (on|off), doors (refuse|observer|record), unknown and default (allow|ask|deny), version.
create function api.secure_mode_set(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c yanmen.cluster;
begin
	perform api.need(caller, 'rule.manage');
	c := yanmen.find_cluster(yanmen.need_arg(args, 'cluster'));
	perform yanmen.need_rule(caller, c.id, null);
	perform yanmen.need_version(args, 'cluster', c.id::text);
	update yanmen.cluster x set secure = yanmen.arg_switch(args, 'secure', c.secure),
		secure_doors = yanmen.rule_choice(args, 'doors', c.secure_doors, array['refuse', 'observer', 'record']),
		secure_unknown = yanmen.rule_choice(args, 'unknown', c.secure_unknown, array['allow', 'ask', 'deny']),
		secure_default = yanmen.rule_choice(args, 'default', c.secure_default, array['allow', 'ask', 'deny'])
	where x.id = c.id returning * into c;
	perform yanmen.note(caller, 'cluster.secure', yanmen.secure_facts(c) - array['id', 'version', 'enforced']);
	return yanmen.secure_facts(c);
end
$$;
create function api.secure_mode_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	perform api.need(caller, 'rule.list');
	return (select coalesce(jsonb_agg(yanmen.secure_facts(c) order by c.name), '[]') from yanmen.cluster c
		where c.removed_at is null and yanmen.rule_mine(caller, 'rule.list', c.id, null));
end
$$;

-- ---- command rules ----
create function yanmen.command_rule_facts(r yanmen.command_rule) returns jsonb language sql stable as $$
	select jsonb_build_object('id', r.id, 'version', r.version, 'place', r.place, 'enabled', case when r.enabled then 'on' else 'off' end,
		'name', r.name, 'cluster', (select c.name from yanmen.cluster c where c.id = r.cluster_id), 'program', r.program, 'args', r.args,
		'path', r.path, 'account', r.account, 'target', r.target, 'hours', r.hours, 'action', r.action, 'reason_en', r.reason_en,
		'reason_zh', r.reason_zh, 'enforced', false)
$$;
-- The arguments over what it was.
create function yanmen.command_rule_read(args jsonb, r yanmen.command_rule) returns yanmen.command_rule language plpgsql stable as $$
begin
	r.program := yanmen.rule_text(args, 'program', r.program);
	r.args := yanmen.rule_text(args, 'args', r.args);
	r.path := yanmen.rule_text(args, 'path', r.path);
	r.account := yanmen.rule_text(args, 'account', r.account);
	r.target := yanmen.rule_text(args, 'target', r.target);
	r.hours := case when args ? 'hours' then yanmen.need_hours(args) else coalesce(r.hours, '') end;
	r.action := yanmen.rule_choice(args, 'action', r.action, array['allow', 'alert', 'ask', 'deny']);
	r.reason_en := yanmen.rule_text(args, 'reason_en', r.reason_en, 300);
	r.reason_zh := yanmen.rule_text(args, 'reason_zh', r.reason_zh, 300);
	r.enabled := yanmen.arg_switch(args, 'enabled', coalesce(r.enabled, true));
	r.name := yanmen.rule_text(args, 'name', r.name, 80);
	if r.program || r.args || r.path = '' then
		raise exception 'what does the rule look at? give program, args or path' using errcode = 'YM400';
	end if;
	r.name := coalesce(nullif(r.name, ''), nullif(left(btrim(r.program || ' ' || r.args), 20), ''), left(r.path, 20));
	return r;
end
$$;
-- args: program, args, path, account, target, hours, action; cluster, name, reason_en, reason_zh, enabled, place.
create function api.command_rule_add(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.command_rule;
	place int;
begin
	perform api.need(caller, 'rule.manage');
	r.cluster_id := yanmen.rule_cluster(args);
	perform yanmen.need_rule(caller, r.cluster_id, null);
	r := yanmen.command_rule_read(args, r);
	insert into yanmen.command_rule (cluster_id, place, enabled, name, program, args, path, account, target, hours, action, reason_en, reason_zh, created_by)
	values (r.cluster_id, 1000, r.enabled, r.name, r.program, r.args, r.path, r.account, r.target, r.hours, r.action, r.reason_en, r.reason_zh,
		caller ->> 'actor') returning * into r;
	place := yanmen.rule_place('command_rule', r.id, r.scope, yanmen.arg_number(args, 'place', 500));
	select * into r from yanmen.command_rule x where x.id = r.id;
	perform yanmen.note(caller, 'command_rule.added', yanmen.command_rule_facts(r) - array['version', 'enforced']);
	return yanmen.command_rule_facts(r);
end
$$;
create function api.command_rule_set(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.command_rule := yanmen.find_command_rule(caller, args);
begin
	r := yanmen.command_rule_read(args, r);
	update yanmen.command_rule x set enabled = r.enabled, name = r.name, program = r.program, args = r.args, path = r.path, account = r.account,
		target = r.target, hours = r.hours, action = r.action, reason_en = r.reason_en, reason_zh = r.reason_zh where x.id = r.id returning * into r;
	perform yanmen.note(caller, 'command_rule.changed', yanmen.command_rule_facts(r) - array['version', 'enforced']);
	return yanmen.command_rule_facts(r);
end
$$;
create function api.command_rule_move(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.command_rule := yanmen.find_command_rule(caller, args);
begin
	return yanmen.rule_moved(caller, args, 'command_rule', yanmen.command_rule_facts(r), r.scope);
end
$$;
create function api.command_rule_remove(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.command_rule := yanmen.find_command_rule(caller, args);
begin
	delete from yanmen.command_rule x where x.id = r.id;
	perform yanmen.note(caller, 'command_rule.removed', yanmen.command_rule_facts(r) - array['version', 'enforced']);
	return yanmen.command_rule_facts(r);
end
$$;
create function api.command_rule_list(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c bigint;
begin
	perform api.need(caller, 'rule.list');
	c := yanmen.rule_cluster(args);
	if c is not null then
		perform yanmen.need_cluster(caller, 'rule.list', c);
	end if;
	return (select coalesce(jsonb_agg(yanmen.command_rule_facts(r) order by r.cluster_id nulls first, r.place), '[]') from yanmen.command_rule r
		where (c is null or r.cluster_id is null or r.cluster_id = c)
			and (r.cluster_id is null or yanmen.rule_mine(caller, 'rule.list', r.cluster_id, null)));
end
$$;
-- args: cluster.  What is known to do harm on any Linux host; switched off, to be tried first.
create function yanmen.command_rule_starter() returns table (n int, name text, program text, args text, action text, reason_en text, reason_zh text) language sql immutable as $$
	values
	(1, 'rm -r of system trees / 递归删除系统目录', 'rm', '-r|-R|--recursive /|/\*|/bin|/bin/*|/boot|/boot/*|/dev|/etc|/etc/|/lib*|/proc|/root|/sbin|/sbin/*|/sys|/usr|/usr/bin*|/usr/lib*|/usr/sbin*|/usr/share|/var|/var/lib|/home|/opt|/srv', 'deny',
		'removing system directories is blocked here', '此处禁止删除系统目录'),
	(2, 'file systems made anew / 重建文件系统', 'mkfs*|mke2fs|wipefs|mkswap|blkdiscard', '', 'deny', 'making a file system destroys what is on the disk', '创建文件系统会毁掉磁盘内容'),
	(3, 'dd to a disk / dd 写磁盘', 'dd', 'of=/dev/sd*|of=/dev/vd*|of=/dev/nvme*|of=/dev/xvd*|of=/dev/hd*|of=/dev/mmcblk*|of=/dev/dm-*|of=/dev/mapper/*', 'deny', 'writing over a disk is blocked here', '此处禁止直接写磁盘设备'),
	(4, 'shred of devices / shred 覆写设备', 'shred', '/dev/*', 'deny', 'overwriting a device is blocked here', '此处禁止覆写设备'),
	(5, 'partition tables / 修改分区表', 'fdisk|sfdisk|cfdisk|gdisk|sgdisk|parted', '!-l !--list !print', 'ask', 'changing partitions needs a second person', '修改分区需第二人确认'),
	(6, 'power off, restart / 关机、重启', 'shutdown|reboot|halt|poweroff', '!-c', 'deny', 'ask the operators to restart this host', '如需重启，请联系运维'),
	(7, 'power off, restart (systemctl, init) / 关机、重启（systemctl、init）', 'systemctl|init|telinit', 'reboot|poweroff|halt|kexec|rescue|emergency|0|6', 'deny', 'ask the operators to restart this host', '如需重启，请联系运维'),
	(8, 'firewall rules thrown away / 清空防火墙规则', 'iptables*|ip6tables*', '-F|--flush|-X|--delete-chain', 'deny', 'flushing the firewall is blocked here', '此处禁止清空防火墙规则'),
	(9, 'firewall rules thrown away (nft, ufw) / 清空防火墙规则（nft、ufw）', 'nft|ufw', 'flush|reset|disable', 'deny', 'flushing the firewall is blocked here', '此处禁止清空防火墙规则'),
	(10, 'passwords of others / 修改他人密码', 'passwd|chpasswd', '!-S !--status !-V', 'ask', 'setting passwords needs a second person', '设置密码需第二人确认'),
	(11, 'accounts removed / 删除账号', 'userdel|groupdel|deluser|delgroup', '', 'deny', 'accounts are removed by the administrators', '账号由管理员移除'),
	(12, 'rights of the whole system / 修改系统目录权限', 'chmod|chown|chgrp', '-R|--recursive /|/bin|/boot|/dev|/etc|/lib*|/sbin|/usr|/var', 'deny', 'changing rights of system trees is blocked here', '此处禁止递归修改系统目录权限'),
	(13, 'kernel modules / 内核模块', 'insmod|rmmod|modprobe', '!-n !--show-depends', 'ask', 'kernel modules need a second person', '操作内核模块需第二人确认'),
	(14, 'shells that listen or call home / 监听或反弹 shell', 'nc|ncat|netcat|socat', '-e|-c|--exec|--sh-exec|exec:*|EXEC:*', 'deny', 'shells over the network are blocked here', '此处禁止网络反弹 shell'),
	(15, 'history and logs erased / 清除历史与日志', 'shred|truncate|rm', '/var/log/*|*/.bash_history|*/.zsh_history', 'alert', '', '')
$$;
create function api.command_rule_import(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c bigint;
	s record;
	n int := 0;
	id bigint;
begin
	perform api.need(caller, 'rule.manage');
	c := yanmen.rule_cluster(args);
	perform yanmen.need_rule(caller, c, null);
	for s in select * from yanmen.command_rule_starter() x where not exists (select from yanmen.command_rule r
		where r.cluster_id is not distinct from c and r.program = x.program and r.args = x.args) order by x.n
	loop
		insert into yanmen.command_rule (cluster_id, place, enabled, name, program, args, action, reason_en, reason_zh, created_by)
		values (c, 1000, false, s.name, s.program, s.args, s.action, s.reason_en, s.reason_zh, caller ->> 'actor') returning command_rule.id into id;
		perform yanmen.rule_place('command_rule', id, coalesce('cluster:' || c, 'all'), 0);
		n := n + 1;
	end loop;
	perform yanmen.note(caller, 'command_rule.imported', jsonb_build_object('rules', n, 'cluster', yanmen.arg(args, 'cluster')));
	return jsonb_build_object('rules', n, 'enabled', 'off');
end
$$;

-- ---- trying ----
-- Commands of the history since then, the newest first: exec strings as they came, and what terminals showed behind a prompt.
create function yanmen.commands_since(since timestamptz, targets bigint[], most int)
returns table (at timestamptz, "user" text, target text, account text, text text, source text) language plpgsql stable as $$
declare
	k record;
	left_over int := most;
	got int;
begin
	for k in select x.lane, ch.id, row_number() over (partition by x.lane order by ch.id desc) as n from (values ('e'::"char"), ('o'::"char")) x (lane)
		join search.chunk ch on ch.lane = x.lane and ch.day >= search.day_of(since) order by x.lane, ch.id desc
	loop
		left_over := case when k.n = 1 then most else left_over end;
		continue when left_over <= 0 or k.n > 20;
		if k.lane = 'e' then
			return query select e.at, e.user_name, e.target_name, s.account_name, left(e.body::jsonb ->> 'text', 400), 'exec'
			from search.line l join audit.event e on e.at = l.at and e.id = l.id left join yanmen.session s on s.id = e.session
			where search.keys(l) @> search.keys(k.id, array[' kc']) and e.kind = 'channel.opened' and e.body::jsonb ->> 'request' = 'exec'
				and l.at >= since and (targets is null or search.target_of(e) = any (targets))
			order by l.at desc limit left_over;
		else
			return query select l.at, s.user_name, s.target_name, s.account_name, left(substring(l.text from '^[^$#>]{0,80}[$#] +(.*)$'), 400), 'terminal'
			from search.line l join search.source o on o.id = l.source join yanmen.session s on s.id = o.session
			where search.keys(l) @> search.keys(k.id, array[' ko']) and l.text ~ '^[^$#>]{0,80}[$#] +[^ ]'
				and l.at >= since and (targets is null or s.target_id = any (targets))
			order by l.at desc limit left_over;
		end if;
		get diagnostics got = row_count;
		left_over := left_over - got;
	end loop;
end
$$;
-- args: id, or a rule as for adding; since.  What the broker needs to try it (policy/command/rule.c).  `shown`: he may read commands.
create function api.command_rule_try(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	r yanmen.command_rule;
	since timestamptz;
	targets bigint[];
	most constant int := 3000;
	lines jsonb;
begin
	perform api.need(caller, 'rule.list');
	if coalesce(yanmen.arg(args, 'id'), '') <> '' then
		select * into r from yanmen.command_rule x where x.id = yanmen.rule_id(command_rule_try.args)
			and (x.cluster_id is null or yanmen.rule_mine(caller, 'rule.list', x.cluster_id, null));
		if r.id is null then
			raise exception 'no rule %; see the list of rules', yanmen.rule_id(args) using errcode = 'YM404';
		end if;
	else
		r.cluster_id := yanmen.rule_cluster(args);
		if r.cluster_id is not null and not yanmen.rule_mine(caller, 'rule.list', r.cluster_id, null) then
			raise exception 'no cluster named %; see: cluster list', yanmen.arg(args, 'cluster') using errcode = 'YM404';
		end if;
		r := yanmen.command_rule_read(args || case when args ? 'action' then '{}'::jsonb else '{"action": "deny"}' end, r);
		r.id := 0;
	end if;
	since := search.time_arg(args, 'since', now() - interval '30 days');
	targets := yanmen.reach(caller, 'rule.list');
	if r.cluster_id is not null then
		targets := array(select t.id from yanmen.target t where t.cluster_id = r.cluster_id);
	end if;
	select coalesce(jsonb_agg(to_jsonb(c) || jsonb_build_object('at', yanmen.time_text(c.at),
		'at_us', (extract(epoch from c.at) * 1000000)::bigint) order by c.at desc), '[]') into lines
	from yanmen.commands_since(since, targets, most) c where c.text is not null;
	perform yanmen.note(caller, 'command_rule.tried', jsonb_build_object('id', nullif(r.id, 0), 'name', r.name, 'since', yanmen.time_text(since)));
	return jsonb_build_object('rules', jsonb_build_array(yanmen.command_rule_facts(r)), 'lines', lines, 'since', yanmen.time_text(since),
		'most', most, 'shown', exists (select from yanmen.permissions(caller) p where p.role = yanmen.role_of(caller)
			and p.permission = 'audit.search' and p.scope = 'all'));
end
$$;
-- args: line; cluster, account, target, directory.  The rules that would decide about it.
create function api.command_rule_check(caller jsonb, args jsonb) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	c yanmen.cluster;
begin
	perform api.need(caller, 'rule.list');
	if yanmen.rule_cluster(args) is not null then
		c := yanmen.find_cluster(yanmen.arg(args, 'cluster'));
		if not yanmen.rule_mine(caller, 'rule.list', c.id, null) then
			raise exception 'no cluster named %; see: cluster list', c.name using errcode = 'YM404';
		end if;
	end if;
	return jsonb_build_object('rules', (select coalesce(jsonb_agg(yanmen.command_rule_facts(r) order by r.cluster_id nulls first, r.place), '[]')
			from yanmen.command_rule r where r.enabled and (r.cluster_id is null or r.cluster_id = c.id)),
		'unknown', coalesce(c.secure_unknown, 'ask'), 'default', coalesce(c.secure_default, 'allow'), 'secure', coalesce(c.secure, false));
end
$$;
