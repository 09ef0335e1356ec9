#include "webterm/origin.h"

bool web_origin_is(struct span origin, const char *configured, struct span host)
{
	struct span scheme = span_str("https://");
	if (configured[0])
		return span_is(origin, configured);
	return host.n > 0 && origin.n == scheme.n + host.n && span_eq(span_of(origin.p, scheme.n), scheme) &&
	       span_eq(span_of(origin.p + scheme.n, host.n), host);
}
