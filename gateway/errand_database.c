#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/inside.h"
#include "gateway/proto.h"
#include "gateway/rotate/means.h"
#include <errno.h>
#include <openssl/ssl.h>
#include <string.h>

enum { DATABASE_US = 30 * 1000 * 1000 };

static uint8_t how_of(int code)
{
	switch (code) {
	case 0:
		return WIRE_ROTATE_DONE;
	case -EACCES:
		return WIRE_ROTATE_NO_LOGIN;
	case -EPERM:
		return WIRE_ROTATE_REFUSED;
	case -EKEYREJECTED:
		return WIRE_ROTATE_HOST_KEY;
	case -EINVAL:
	case -ENOTSUP:
		return WIRE_ROTATE_UNKNOWN;
	case -ETIMEDOUT:
		return WIRE_ROTATE_LATE;
	default:
		return WIRE_ROTATE_BROKEN;
	}
}

/* The account changes its own; what the server says stays here (err is not passed on). */
uint8_t gw_errand_database(const struct gw_proto_rotate *job, uint8_t means, const char *host, bool *ret_sent)
{
	struct rotate_login login = { .account = job->login,
		.secret = job->secret,
		.host = host,
		.tls = ROTATE_TLS_PIN,
		.deadline_us = clock_mono_us() + DATABASE_US };
	struct err why = { 0 };
	int r;

	if (!job->secret || job->host_key.n != sizeof login.pin || (job->account && strcmp(job->account, job->login) != 0))
		return WIRE_ROTATE_UNKNOWN;
	memcpy(login.pin, job->host_key.p, sizeof login.pin);
	/* No file may be opened here any more. */
	if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return WIRE_ROTATE_BROKEN;
	if (means == WIRE_ROTATE_MYSQL)
		r = job->fresh ? rotate_mysql_change(job->fd, &login, job->fresh, &why) : rotate_mysql_verify(job->fd, &login, &why);
	else
		r = job->fresh ? rotate_tds_change(job->fd, &login, job->fresh, &why) : rotate_tds_verify(job->fd, &login, &why);
	*ret_sent = job->fresh && (r == 0 || r == -EINPROGRESS);
	log_ev(LOG_LEVEL_INFO, "rotate.database", LOG_N("code", r));
	return how_of(r);
}
