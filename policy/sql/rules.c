#include "policy/sql/rules.h"
#include <errno.h>

struct span pol_sql_text(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_string(v) ? span_of(json_string_value(v), json_string_length(v)) : span_str("");
}

uint64_t pol_sql_bits(const json_t *names, uint64_t (*bit)(struct span))
{
	const json_t *one;
	uint64_t bits = 0;
	size_t i;

	json_array_foreach(names, i, one)
		bits |= bit(span_str(json_string_value(one)));
	return bits;
}

const struct decide_hours *pol_sql_hours_of(struct pol_sql_hours *h, struct span text, bool *no)
{
	if (text.n == 0)
		return NULL;
	for (size_t i = 0; i < h->n; i++)
		if (span_eq(h->text[i], text))
			return &h->of[i];
	*no = h->n == POL_SQL_HOURS || decide_hours_parse(text, &h->of[h->n], NULL) < 0;
	if (*no)
		return NULL;
	h->text[h->n] = text;
	return &h->of[h->n++];
}

/* The networks as the text that decide_net_has reads; borrowed from the row, where it is put. */
static struct span nets_of(json_t *row)
{
	const json_t *one;
	struct buf text;
	size_t i;

	buf_init(&text, 8192);
	json_array_foreach(json_object_get(row, "from"), i, one) {
		buf_put(&text, ",", i > 0);
		buf_put(&text, json_string_value(one), json_string_length(one));
	}
	(void)json_object_set_new(row, "from_text", json_stringn((const char *)text.data, text.len));
	buf_done(&text);
	return pol_sql_text(row, "from_text");
}

int pol_sql_rules_read(json_t *rows, struct pol_sql_rules *ret)
{
	json_t *row;
	size_t i;

	ret->n = ret->hours.n = 0;
	if (json_array_size(rows) > POL_SQL_RULES)
		return -EPROTO;
	json_array_foreach(rows, i, row) {
		struct decide_sql_rule *r = &ret->rule[ret->n++];
		*r = (struct decide_sql_rule){ .id = json_integer_value(json_object_get(row, "id")) };
		bool no = !decide_sql_action(pol_sql_text(row, "action"), &r->action);
		r->user = pol_sql_text(row, "user");
		r->role = pol_sql_text(row, "role");
		r->dialect = pol_sql_text(row, "dialect");
		r->database = pol_sql_text(row, "database");
		r->tables = pol_sql_text(row, "tables");
		r->program = pol_sql_text(row, "program");
		r->from = nets_of(row);
		r->classes = pol_sql_bits(json_object_get(row, "classes"), decide_sql_class);
		r->flags = pol_sql_bits(json_object_get(row, "flags"), decide_sql_flag);
		r->without = pol_sql_bits(json_object_get(row, "without"), decide_sql_flag);
		r->statements = json_integer_value(json_object_get(row, "statements"));
		r->rows = json_integer_value(json_object_get(row, "rows"));
		if (!no)
			r->hours = pol_sql_hours_of(&ret->hours, pol_sql_text(row, "hours"), &no);
		if (no)
			return -EPROTO;
	}
	return 0;
}
