-- What a search of the audit finds, as a file: pages of text for the broker, which writes them one behind the other.

-- A cell of CSV (RFC 4180).  What a spreadsheet would take for a formula gets an apostrophe in front.
create function search.csv(t text) returns text language sql immutable parallel safe as $$
	select '"' || replace(case when t ~ '^\s*[-=+@\uff0d\uff1d\uff0b\uff20]' or t ~ '^[\t\r\n]' then '''' else '' end || coalesce(t, ''),
		'"', '""') || '"'
$$;
create function search.csv_row(r jsonb) returns text language sql immutable parallel safe as $$
	select string_agg(search.csv(r ->> k), ',' order by n) || E'\r\n'
	from unnest(array['at', 'kind', 'user', 'target', 'session', 'offset', 'text', 'actor', 'id']) with ordinality x (k, n)
$$;
create function search.jsonl_row(r jsonb) returns text language sql immutable parallel safe as $$
	select (r - 'next')::text || E'\n'
$$;
-- args: format (csv, jsonl), and those of audit search; before: behind the page that came last.  The answer: text, rows, next (null: that was
-- all).  The first page is written down; CSV begins with its heading, and with the mark by which a spreadsheet knows UTF-8.
create function api.audit_save(caller jsonb, args jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, yanmen, audit, pg_temp as $$
declare
	want constant int := 1000;
	q search.query := search.query_of(caller, args);
	is_csv bool := yanmen.arg(args, 'format') = 'csv';
	f record;
	body text;
	further text;
begin
	if yanmen.arg(args, 'format') not in ('csv', 'jsonl') then
		raise exception 'format is csv or jsonl' using errcode = 'YM400';
	end if;
	select * into f from search.find(q, want);
	select coalesce(string_agg(case when is_csv then search.csv_row(x.r) else search.jsonl_row(x.r) end, '' order by l.at desc, l.id desc), ''),
		(array_agg(x.r ->> 'next' order by l.at, l.id))[1]
	into body, further
	from unnest(f.lines) l, lateral (select search.line_facts(l) as r) x;
	if f.stopped_at is not null then
		further := audit.us(f.stopped_at) || '.' || 999999999999999999;
	elsif cardinality(f.lines) < want then
		further := null;
	end if;
	if coalesce(yanmen.arg(args, 'before'), '') = '' then
		perform yanmen.note(caller, 'audit.saved', jsonb_build_object('search', args));
		if is_csv then
			body := U&'\FEFF' || search.csv_row(jsonb_build_object('at', 'time', 'kind', 'kind', 'user', 'user', 'target', 'target', 'session', 'session',
				'offset', 'offset', 'text', 'text', 'actor', 'actor', 'id', 'id')) || body;
		end if;
	end if;
	return jsonb_build_object('text', body, 'rows', cardinality(f.lines), 'next', further);
end
$$;
grant execute on all functions in schema api to yanmen_broker;
