-- Until when a session that runs may go on, and telling the broker that something changed.

insert into yanmen.setting (key, value, form, most, about) values
	('session.notice', '60', '^[0-9]{1,4}$', 4,
		'seconds before the end of an access at which its sessions are told; 0 = not told');

-- withdrawn: what is no longer there, '' = all is.  The words are those of policy/decide/end.c.
create function api.sessions_ends()
returns table (id uuid, withdrawn text, until_epoch bigint, hours text, from_nets text)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select s.id,
		case when u.state <> 'active' then 'user'
			when t.removed_at is not null then 'target'
			when g.removed_at is not null then 'grant'
			when a.id is null or a.bound <> yanmen.bound_text(a.name, t) then 'account'
			when g.group_id is not null and not exists (select from yanmen.group_target m
				where m.group_id = g.group_id and m.target_id = t.id) then 'group'
			when c.revoked_at is not null then 'certificate'
			else '' end,
		yanmen.grant_ends(g), g.hours, array_to_string(g.from_nets, ',')
	from yanmen.session s
	join yanmen.access_grant g on g.id = s.grant_id
	join yanmen.users u on u.id = s.user_id
	join yanmen.target t on t.id = s.target_id
	left join yanmen.account a on a.id = s.account_id
	left join yanmen.certificate c on c.serial = s.certificate
	where s.state = 'online'
$$;
-- Those of the users who may not be here any more, and those of the certificates that were revoked.
create function api.logins_gone(users bigint[], certificates bigint[]) returns table (user_id bigint, certificate bigint)
language sql stable security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select u.id, 0::bigint from yanmen.users u where u.id = any (users) and u.state <> 'active'
	union all
	select 0, c.serial from yanmen.certificate c where c.serial = any (certificates) and c.revoked_at is not null
$$;

create function yanmen.tell_access() returns trigger language plpgsql as $$
begin
	perform pg_notify('yanmen_access', '');
	return null;
end
$$;
create trigger tell_access after update on yanmen.users for each statement execute function yanmen.tell_access();
create trigger tell_access after update on yanmen.access_grant for each statement execute function yanmen.tell_access();
create trigger tell_access after update on yanmen.target for each statement execute function yanmen.tell_access();
create trigger tell_access after update on yanmen.cluster for each statement execute function yanmen.tell_access();
create trigger tell_access after update or delete on yanmen.account for each statement execute function yanmen.tell_access();
create trigger tell_access after update on yanmen.certificate for each statement execute function yanmen.tell_access();
create trigger tell_access after insert or delete on yanmen.group_member for each statement execute function yanmen.tell_access();
grant execute on all functions in schema api to yanmen_broker;
