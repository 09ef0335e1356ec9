-- What is true: users, inventory, grants, sessions, settings.  Nobody but yanmen_owner reads or writes a table;
-- the processes call functions (api.*, audit.*), which run as the owner.
alter default privileges revoke execute on functions from public;
alter default privileges revoke usage on types from public;
create schema yanmen;
create schema audit;
create schema api;

-- A name of a target, account, group or cluster: no separator of login names, no blank, nothing that is not seen.
-- policy/decide/name.c has the same list.
create function yanmen.is_name(n text, most int) returns bool language sql immutable as $$
	select n ~ '^[^#%@ \x01-\x1f\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]+$'
		and octet_length(n) <= most
$$;

-- ---- who may do what ----
-- A role is a named set of permissions.  scope own: only on the targets of groups and
-- clusters that the user administers.
create table yanmen.role (
	name text primary key,
	about text not null
);
create table yanmen.role_permission (
	role text not null references yanmen.role,
	permission text not null,
	scope text not null default 'all' check (scope in ('all', 'own')),
	primary key (role, permission)
);
insert into yanmen.role (name, about) values
	('admin', 'everything'),
	('auditor', 'reads sessions, recordings and the audit log; changes nothing'),
	('group_admin', 'puts targets into the groups given to him, watches and ends their sessions'),
	('cluster_admin', 'the clusters given to him, and their targets'),
	('user', 'uses the targets granted to him'),
	('engineer', 'as user: operating systems'),
	('dba', 'as user: databases'),
	('operator', 'as user, and sees the inventory and the sessions');
insert into yanmen.role_permission (role, permission, scope)
select 'admin', p, 'all'
from unnest(array['user.manage', 'user.list', 'group.manage', 'group.put', 'group.list',
	'cluster.manage', 'cluster.put', 'cluster.list', 'target.manage', 'target.list', 'target.test', 'account.set',
	'grant.manage', 'grant.list', 'session.list', 'session.watch', 'session.control', 'recording.list', 'recording.read',
	'recording.verify', 'file.list', 'audit.read', 'settings.read', 'settings.set', 'escrow.set', 'samples.remove', 'doctor.run']) p
union all
select 'auditor', p, 'all' from unnest(array['user.list', 'group.list', 'cluster.list', 'target.list', 'grant.list',
	'session.list', 'session.watch', 'recording.list', 'recording.read', 'recording.verify', 'file.list', 'audit.read',
	'settings.read', 'doctor.run']) p
union all
select 'group_admin', p, 'own' from unnest(array['group.put', 'group.list', 'target.list', 'target.test',
	'session.list', 'session.watch', 'session.control', 'recording.list', 'file.list']) p
union all
select 'cluster_admin', p, 'own' from unnest(array['cluster.put', 'cluster.list', 'target.manage', 'target.list',
	'target.test']) p
union all
select 'operator', p, 'all' from unnest(array['target.list', 'cluster.list', 'session.list', 'target.test']) p;

-- A login name is user, user#target or user#account#target: none of the parts may hold a separator.
create table yanmen.users (
	id bigint generated always as identity primary key,
	name text not null unique, -- a removed user's is another one: see 0012
	role text not null references yanmen.role,
	state text not null default 'active' check (state in ('active', 'disabled')),
	pwhash text check (octet_length(pwhash) between 1 and 128), -- libsodium's string form
	lang text not null default '' check (lang in ('', 'en', 'zh')),
	created_at timestamptz not null default now(),
	disabled_at timestamptz,
	removed_at timestamptz,
	check (removed_at is not null or name ~ '^[a-z_][a-z0-9._-]{0,63}$')
);
create table yanmen.user_key (
	user_id bigint not null references yanmen.users,
	blob bytea not null check (octet_length(blob) between 16 and 16384), -- RFC 4253 section 6.6
	comment text not null default '',
	created_at timestamptz not null default now(),
	primary key (user_id, blob)
);

-- ---- inventory ----
create table yanmen.cluster (
	id bigint generated always as identity primary key,
	name text not null check (yanmen.is_name(name, 64)),
	networks cidr[] not null check (cardinality(networks) between 1 and 64),
	created_at timestamptz not null default now(),
	removed_at timestamptz
);
create unique index on yanmen.cluster (name) where removed_at is null;
create table yanmen.cluster_admin (
	cluster_id bigint not null references yanmen.cluster,
	user_id bigint not null references yanmen.users,
	primary key (cluster_id, user_id)
);

create table yanmen.target (
	id bigint generated always as identity primary key,
	name text not null check (yanmen.is_name(name, 255)),
	kind text not null check (kind in ('linux', 'windows', 'mysql', 'sqlserver')),
	host text not null check (host ~ '^[A-Za-z0-9._:-]{1,253}$'),
	port int not null check (port between 1 and 65535),
	cluster_id bigint not null references yanmen.cluster,
	host_key bytea check (octet_length(host_key) between 16 and 2048),
	pinned_at timestamptz,
	charset text not null default 'utf-8' check (charset in ('utf-8', 'gbk', 'gb18030', 'big5')), -- gateway/core/charset.h
	legacy bool not null default false, -- may be spoken to with algorithms that are broken elsewhere
	created_at timestamptz not null default now(),
	removed_at timestamptz, -- soft: sessions and recordings go on naming it
	check ((host_key is null) = (pinned_at is null))
);
create unique index on yanmen.target (name) where removed_at is null;
create index on yanmen.target (cluster_id);

-- sealed: the vault's ciphertext.  bound: the text it is bound to; once the target's facts differ from it the
-- account is suspended (yanmen.account_view) until the credential is entered again or rebound.
create table yanmen.account (
	id bigint generated always as identity primary key,
	target_id bigint not null references yanmen.target,
	name text not null check (yanmen.is_name(name, 64)),
	is_default bool not null default false,
	auth text not null check (auth in ('password', 'key', 'ca')),
	sealed bytea not null check (octet_length(sealed) <= 65536),
	bound text not null check (octet_length(bound) <= 2048),
	public_key text not null default '',
	updated_at timestamptz not null default now(),
	unique (target_id, name)
);
create unique index on yanmen.account (target_id) where is_default;

-- ordinary: the targets that were put into it.  network_default: see yanmen.group_target (0003).
create table yanmen.resource_group (
	id bigint generated always as identity primary key,
	name text not null unique, -- as a user's
	kind text not null default 'ordinary' check (kind in ('ordinary', 'network_default')),
	created_at timestamptz not null default now(),
	removed_at timestamptz,
	check (removed_at is not null or yanmen.is_name(name, 64))
);
create table yanmen.group_member (
	group_id bigint not null references yanmen.resource_group,
	target_id bigint not null references yanmen.target,
	primary key (group_id, target_id)
);
create index on yanmen.group_member (target_id);
create table yanmen.group_admin (
	group_id bigint not null references yanmen.resource_group,
	user_id bigint not null references yanmen.users,
	primary key (group_id, user_id)
);

create table yanmen.access_grant (
	id bigint generated always as identity primary key,
	user_id bigint not null references yanmen.users,
	account text not null check (yanmen.is_name(account, 64)),
	target_id bigint references yanmen.target,
	group_id bigint references yanmen.resource_group,
	from_nets cidr[] not null default '{}' check (cardinality(from_nets) <= 64), -- none = from anywhere
	hours text not null default '' check (octet_length(hours) <= 500),           -- policy/decide/hours.h
	until timestamptz,
	features text[] not null check (cardinality(features) between 1 and 16),
	idle_s bigint not null default 0 check (idle_s >= 0),   -- 0 = no limit, as the next two
	total_s bigint not null default 0 check (total_s >= 0),
	concurrent int not null default 0 check (concurrent >= 0),
	created_at timestamptz not null default now(),
	created_by text not null,
	removed_at timestamptz,
	check (num_nonnulls(target_id, group_id) = 1)
);
create index on yanmen.access_grant (user_id) where removed_at is null;

-- ---- what happened ----
-- The names are copies: a session goes on telling what it was when names change.
create table yanmen.session (
	id uuid primary key,
	worker text not null,
	user_id bigint not null references yanmen.users,
	target_id bigint not null references yanmen.target,
	account_id bigint references yanmen.account on delete set null,
	grant_id bigint not null references yanmen.access_grant,
	user_name text not null,
	target_name text not null,
	cluster_name text not null,
	account_name text not null,
	protocol text not null,
	address text not null,
	rule text not null,
	state text not null default 'online' check (state in ('online', 'closed', 'crashed')),
	locked bool not null default false,
	started_at timestamptz not null,
	reached_at timestamptz,
	ended_at timestamptz,
	reason text not null default '',
	bytes_in bigint not null default 0,
	bytes_out bigint not null default 0
);
create index on yanmen.session (started_at);
create index on yanmen.session (grant_id) where state = 'online';
create index on yanmen.session (user_id, started_at);

create table yanmen.recording (
	session_id uuid primary key references yanmen.session,
	state text not null default 'open' check (state in ('unknown', 'open', 'closed', 'crashed', 'failed', 'removed')),
	seq bigint not null default 0,
	head bytea,
	bytes bigint not null default 0,
	started_us bigint not null default 0,
	ended_us bigint not null default 0,
	signed_us bigint not null default 0,
	signature bytea,
	reason text not null default '',
	anchored_at timestamptz -- when the head came into the audit chain
);
create index on yanmen.recording (session_id) where state = 'open';

create table yanmen.setting (
	key text primary key,
	value text not null,
	form text not null, -- a regular expression that every value matches
	most int not null,  -- bytes
	about text not null,
	set_by text not null default 'settings set' -- the command that changes it
);
insert into yanmen.setting (key, value, form, most, about, set_by) values
	('banner.text', '', '^[^\x01-\x08\x0b-\x1f\x7f]*$', 4000, 'shown before every SSH login', 'settings set'),
	('banner.text.zh', '', '^[^\x01-\x08\x0b-\x1f\x7f]*$', 4000, 'the same in Chinese, shown below it', 'settings set'),
	('env.allow', 'LANG,LC_*,TERM,COLORTERM,TZ', '^([A-Za-z_][A-Za-z0-9_]*\*?(,[A-Za-z_][A-Za-z0-9_]*\*?)*)?$', 511,
		'environment variables passed to targets: names with commas between, * for any tail', 'settings set'),
	('stream.max', '67108864', '^[0-9]{1,15}$', 15,
		'bytes of one direction of a channel without a terminal that are stored; beyond it by SHA-256 and length; 0 = all',
		'settings set'),
	('files.keep_max', '1073741824', '^[0-9]{1,15}$', 15,
		'bytes of one file that are kept where a grant has keep-upload or keep-download; of a larger one nothing can be exported',
		'settings set'),
	('escrow.public', '', '^([A-Za-z0-9+/]{43}=)?$', 44,
		'X25519 public key of the auditor: what is typed at terminals is sealed to it; empty = only its length is kept',
		'escrow set');

create table yanmen.schema_version (
	version int primary key,
	name text not null,
	sha256 text not null,
	applied_at timestamptz not null default now()
);
