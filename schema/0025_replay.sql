-- Replaying, beside the picture: what is in a recording, when it showed a text; and a message to somebody who is at work.

-- The index is read from the recording by a reader (policy/command/recording.c); here are the right and the audit row.
create function api.recording_index(caller jsonb, args jsonb) returns jsonb
language sql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
	select yanmen.recording_command(caller, args, 'recording.read', 'recording.index')
$$;

-- Lines of one recording that hold a text, upper and lower case alike, in order.  They are those of the search index: what is not
-- there is said, in place of an answer that looks whole.
create function api.recording_find(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	wanted text := lower(btrim(yanmen.need_arg(args, 'text')));
	facts jsonb := yanmen.recording_command(caller, args, 'recording.read', 'recording.searched');
	sid uuid := (facts ->> 'id')::uuid;
	r yanmen.recording;
	x search.recording;
	found_rows jsonb;
begin
	if wanted = '' then
		raise exception 'text is one line without control characters' using errcode = 'YM400';
	end if;
	select * into r from yanmen.recording y where y.session_id = sid;
	select * into x from search.recording y where y.session_id = sid;
	if r.state = 'removed' then
		raise exception 'this recording was removed by retention' using errcode = 'YM404';
	elsif x.session_id is null and r.state = 'open' then
		raise exception 'the text of a session can be searched when it has ended' using errcode = 'YM409';
	elsif x.state = 'failed' then
		raise exception 'the text of this recording could not be read; see: audit reindex' using errcode = 'YM409';
	elsif x.state is distinct from 'done' and (select value from yanmen.setting where key = 'search.terminal') <> 'on' then
		raise exception 'the text of terminals is not kept for searching; see: settings get search.terminal' using errcode = 'YM409';
	elsif x.state is distinct from 'done' then
		raise exception 'the text of this recording is not ready for searching; try again in a minute' using errcode = 'YM409';
	end if;
	select coalesce(jsonb_agg(jsonb_build_object('second', round(extract(epoch from h.at) - r.started_us / 1e6, 3),
		'at', yanmen.time_text(h.at), 'channel', h.channel, 'text', left(h.text, 300)) order by h.at, h.id), '[]')
	into found_rows
	from (select l.* from search.line l join search.source o on o.id = l.source
		where o.session = sid and l.kind in ('o', 's') and strpos(lower(l.text), wanted) > 0
		order by l.at, l.id limit 500) h;
	if jsonb_array_length(found_rows) = 500 then
		found_rows := found_rows || jsonb_build_object('kind', 'search.more', 'text', 'there are more than 500');
	elsif x.lines >= (select value::bigint from yanmen.setting where key = 'search.lines') then
		found_rows := found_rows || jsonb_build_object('kind', 'search.more', 'text',
			'of this recording only the first ' || x.lines || ' lines can be searched');
	end if;
	return found_rows;
end
$$;

-- One line for the person at a session; the broker's parent tells the worker.
create function api.session_message(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	words text := btrim(yanmen.need_arg(args, 'text'));
	s yanmen.session;
begin
	perform api.need(caller, 'session.control');
	s := yanmen.find_session(yanmen.need_arg(args, 'id'), yanmen.reach(caller, 'session.control'));
	if s.state <> 'online' then
		raise exception 'session % has ended', s.id using errcode = 'YM404';
	elsif words = '' or words ~ '[\x01-\x1f\x7f-\x9f]' then
		raise exception 'text is one line without control characters' using errcode = 'YM400';
	end if;
	perform yanmen.note(caller, 'session.message', jsonb_build_object('session', s.id, 'user', s.user_name, 'target', s.target_name,
		'text', words));
	return yanmen.session_facts(s) || jsonb_build_object('worker', s.worker);
end
$$;
grant execute on all functions in schema api to yanmen_broker;
