-- Every secret that the vault has sealed: a rotation of the master key seals it anew.  Whoever keeps another kind adds it here.
create or replace view yanmen.sealed_all as
	select 'account' as what, a.id, a.sealed, a.bound, yanmen.sealed_generation(a.sealed) as generation
	from yanmen.account a join yanmen.target t on t.id = a.target_id where t.removed_at is null
	union all
	select 'factor', f.user_id, f.sealed, f.bound, yanmen.sealed_generation(f.sealed) from yanmen.factor f
	union all
	select 'rotation-new', r.id, r.new_sealed, r.bound, yanmen.sealed_generation(r.new_sealed) from yanmen.rotation r where r.new_sealed is not null
	union all
	select 'rotation-old', r.id, r.old_sealed, r.bound, yanmen.sealed_generation(r.old_sealed) from yanmen.rotation r where r.old_sealed is not null
	union all
	select 'channel', c.id, c.sealed, c.bound, yanmen.sealed_generation(c.sealed) from notify.channel c where c.sealed is not null
	union all
	select 'cloud', s.id, s.sealed, s.bound, yanmen.sealed_generation(s.sealed) from yanmen.cloud_secret s;
-- The same secret, sealed anew.  False: it was changed meanwhile.
create or replace function api.sealed_renew(what text, id bigint, was bytea, sealed bytea) returns bool
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
begin
	case sealed_renew.what
	when 'account' then
		update yanmen.account a set sealed = sealed_renew.sealed where a.id = sealed_renew.id and a.sealed = sealed_renew.was;
	when 'factor' then
		update yanmen.factor f set sealed = sealed_renew.sealed where f.user_id = sealed_renew.id and f.sealed = sealed_renew.was;
	when 'rotation-new' then
		update yanmen.rotation r set new_sealed = sealed_renew.sealed where r.id = sealed_renew.id and r.new_sealed = sealed_renew.was;
	when 'rotation-old' then
		update yanmen.rotation r set old_sealed = sealed_renew.sealed where r.id = sealed_renew.id and r.old_sealed = sealed_renew.was;
	when 'channel' then
		update notify.channel c set sealed = sealed_renew.sealed where c.id = sealed_renew.id and c.sealed = sealed_renew.was;
	when 'cloud' then
		update yanmen.cloud_secret c set sealed = sealed_renew.sealed where c.id = sealed_renew.id and c.sealed = sealed_renew.was;
	else
		return false;
	end case;
	return found;
end
$$;
