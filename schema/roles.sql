-- The cluster-wide part: run by the cluster's superuser, connected to the gateway's database, before the migrations
-- and as often as one likes.  Everything else is owned and made by yanmen_owner (NNNN_*.sql).
do $$
declare
	r text;
begin
	foreach r in array array['yanmen_owner', 'yanmen_broker', 'yanmen_sealer', 'yanmen_exporter', 'yanmen_web', 'yanmen_notifier'] loop
		if not exists (select from pg_roles where rolname = r) then
			execute format('create role %I login noinherit', r);
		end if;
		execute format('alter role %I nosuperuser nocreatedb nocreaterole noreplication nobypassrls', r);
	end loop;
	if current_database() in ('postgres', 'template0', 'template1') then
		raise exception 'roles.sql is run in the gateway''s own database, not in %', current_database();
	end if;
	execute format('alter database %I owner to yanmen_owner', current_database());
	execute format('revoke all on database %I from public', current_database());
	execute format('grant connect on database %I to yanmen_broker, yanmen_sealer, yanmen_exporter, yanmen_web, yanmen_notifier', current_database());
	-- Shorter than the ten seconds after which the broker drops a connection: a search that takes too long ends
	-- with a clear word instead.
	execute format('alter role yanmen_broker in database %I set statement_timeout = ''8s''', current_database());
	execute format('alter role yanmen_broker in database %I set idle_in_transaction_session_timeout = ''30s''',
		current_database());
	execute format('alter role yanmen_exporter in database %I set statement_timeout = ''8s''', current_database());
	execute format('alter role yanmen_web in database %I set statement_timeout = ''8s''', current_database());
	execute format('alter role yanmen_notifier in database %I set statement_timeout = ''8s''', current_database());
	execute format('alter role yanmen_sealer in database %I set statement_timeout = ''60s''', current_database());
	execute format('alter database %I set timezone = ''UTC''', current_database());
end
$$;
revoke all on schema public from public;
