#include "notify/job.h"
#include "gateway/core/pg.h"
#include "gateway/core/secret.h"
#include "gateway/core/utf8.h"
#include <stdlib.h>
#include <string.h>

struct notify_job *notify_job_new(const struct pg_result *res, int row)
{
	struct notify_job *j = calloc(1, sizeof *j);
	if (!j)
		abort();
	for (int i = 0; i < NOTIFY_COLUMNS; i++) {
		const char *text = pg_text(res, row, i);
		j->text[i] = strdup(text ? text : "");
		if (!j->text[i])
			abort();
	}
	return j;
}

struct notify_job *notify_job_free(struct notify_job *j)
{
	if (j) {
		for (int i = 0; i < NOTIFY_COLUMNS; i++)
			free(j->text[i]);
		j->secret = secret_free(j->secret);
		free(j);
	}
	return NULL;
}

const char *notify_job_text(const struct notify_job *j, enum notify_column c)
{
	return j->text[c];
}

bool notify_job_is_mail(const struct notify_job *j)
{
	return strcmp(j->text[NOTIFY_VIA], "mail") == 0;
}

bool notify_job_is_robot(const struct notify_job *j)
{
	return strcmp(j->text[NOTIFY_VIA], "dingtalk") == 0 || strcmp(j->text[NOTIFY_VIA], "wecom") == 0;
}

void notify_job_say(struct notify_job *j, enum notify_result result, struct span words)
{
	size_t n = 0;
	j->result = result;
	for (size_t i = 0; i < words.n && n + 5 < sizeof j->said;) {
		uint32_t v = 0;
		size_t len = utf8_get(span_of(words.p + i, words.n - i), &v);
		n += utf8_put(len == 0 || utf8_is_control(v) ? ' ' : v, (uint8_t *)j->said + n);
		i += len ? len : 1;
	}
	while (n > 0 && j->said[n - 1] == ' ')
		n--;
	j->said[n] = '\0';
}
