/*
 * tds_pass PORT CERTIFICATE KEY none|login|all - one client (descriptor 0) to the server at 127.0.0.1:PORT, by the codecs of sqlproxy/tds alone:
 * the smallest gateway that can be made of them.  No session, no rules but one: a statement with the word DROP is refused.
 *
 * At the target it is "app" with "Real-1"; the target is plain.  Prints a line each: "login USER COVER", "statement TEXT", "refused TEXT",
 * "transaction", "attention", "bulk", "done ROWS", "error CODE"; the reason at the end.
 */
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "sqlproxy/tds/front.h"
#include "sqlproxy/tds/reply.h"
#include "sqlproxy/tds/request.h"
#include "sqlproxy/tds/rpc.h"
#include "sqlproxy/tds/text.h"
#include "sqlproxy/tds/walk.h"
#include <arpa/inet.h>
#include <err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { CHUNK = 65536, HELD = 1 << 22, MESSAGE = 1 << 24 };

static struct pass {
	struct tds_front front;
	struct tds_message message;
	struct tds_walk walk;
	enum tds_rank rank;
	size_t packet_size;
	int target;
	struct buf client_in, target_in, wire;
	bool refused; /* of the message in hand */
} p;

static void __attribute__((noreturn)) over(const char *why)
{
	(void)printf("over: %s\n", why);
	exit(0);
}

static void send_all(int fd, struct span s)
{
	while (s.n > 0) {
		ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
		if (n <= 0)
			over("a peer is gone");
		s = span_of(s.p + n, s.n - (size_t)n);
	}
}

static struct span receive(int fd)
{
	static uint8_t bytes[CHUNK];
	ssize_t n = recv(fd, bytes, sizeof bytes, 0);
	if (n <= 0)
		over("a peer is gone");
	return span_of(bytes, (size_t)n);
}

static void to_client(struct span clear)
{
	buf_clear(&p.wire);
	if (tds_front_seal(&p.front, clear, &p.wire, NULL) < 0)
		over("TLS");
	send_all(0, buf_span(&p.wire));
}

static void log_in(void)
{
	struct buf in, out;
	struct err err = { 0 };
	int r = 0;
	buf_init(&in, HELD);
	buf_init(&out, HELD);
	while (r == 0) {
		struct span got = receive(0);
		buf_put_span(&in, got);
		struct span left = buf_span(&in);
		r = tds_front_feed(&p.front, &left, &out, &err);
		send_all(0, buf_span(&out));
		buf_clear(&out);
		buf_drop(&in, in.len - left.n);
	}
	if (r < 0)
		over(err.say);
	if (tds_front_open(&p.front, buf_span(&in), &p.client_in, &err) < 0)
		over(err.detail);
	buf_done(&in);
	buf_done(&out);
}

static void log_in_there(uint16_t port)
{
	static const char *const covers[] = { "nothing", "login", "all" };
	const struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port) };
	const struct tds_login7_as as = { span_str("app"), span_str("Real-1"), span_str(""), span_str("") };
	struct buf user, login, packets;
	buf_init(&user, 1024);
	buf_init(&login, HELD);
	buf_init(&packets, HELD);
	tds_text_get(p.front.login.text[TDS_LOGIN7_USER], &user);
	(void)printf("login %s %s\n", buf_str(&user), covers[p.front.cover]);
	if (tds_login7_put(&p.front.login, &as, &login, NULL) < 0)
		over("the login");
	tds_packet_put(&packets, TDS_LOGIN7, buf_span(&login));
	p.rank = p.front.login.rank;
	tds_walk_rank(&p.walk, p.rank);
	tds_front_forget(&p.front);
	p.target = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p.target < 0 || connect(p.target, (const struct sockaddr *)&to, sizeof to) < 0)
		err(2, "connect");
	send_all(p.target, buf_span(&packets));
	buf_done(&user);
	buf_done(&login);
	buf_done(&packets);
}

static void judge(struct span utf16)
{
	struct buf utf8;
	buf_init(&utf8, MESSAGE * 2);
	tds_text_get(utf16, &utf8);
	for (size_t i = 0; i < utf8.len; i++)
		utf8.data[i] = utf8.data[i] < ' ' ? ' ' : utf8.data[i];
	bool denied = strstr(buf_str(&utf8), "DROP");
	p.refused |= denied;
	(void)printf("%s %s\n", denied ? "refused" : "statement", buf_str(&utf8));
	buf_done(&utf8);
}

static int read_rpc(struct span body, struct err *err)
{
	struct tds_rpc_walk w;
	struct tds_rpc call;
	struct tds_rpc_param param;
	int r;
	tds_rpc_walk(&w, body, p.rank);
	while ((r = tds_rpc_next(&w, &call, err)) > 0) {
		while ((r = tds_rpc_param(&w, &call, &param, err)) > 0) {
			struct buf text;
			buf_init(&text, MESSAGE);
			if (tds_rpc_role(call.proc, &param) == TDS_ROLE_STATEMENT && (r = tds_rpc_statement(&param, &text, err)) == 0)
				judge(buf_span(&text));
			buf_done(&text);
			if (r < 0)
				return r;
		}
		if (r < 0)
			return r;
	}
	return r;
}

static int read_request(struct err *err)
{
	struct span body = tds_message_body(&p.message), text;
	struct tds_headers h;
	struct tds_tm tm;
	int r = 0;
	switch (p.message.type) {
	case TDS_ATTENTION:
		(void)printf("attention\n");
		return 0;
	case TDS_BATCH:
		if ((r = tds_request_headers(&body, p.rank, &h, err)) == 0 && (r = tds_request_batch(body, &text, err)) == 0)
			judge(text);
		return r;
	case TDS_RPC:
		return (r = tds_request_headers(&body, p.rank, &h, err)) < 0 ? r : read_rpc(body, err);
	case TDS_TRANSACTION:
		if ((r = tds_request_headers(&body, p.rank, &h, err)) == 0 && (r = tds_request_tm(body, &tm, err)) == 0)
			(void)printf("transaction\n");
		return r;
	default:
		return fault(err, -1, "not here", "type %02x", p.message.type);
	}
}

static void request(void)
{
	struct err err = { 0 };
	p.refused = false;
	int r = read_request(&err);
	if (r == 0 && !p.refused) {
		send_all(p.target, tds_message_wire(&p.message));
		return;
	}
	struct buf message, packets;
	buf_init(&message, TDS_MESSAGE_MAX);
	buf_init(&packets, 2 * TDS_MESSAGE_MAX);
	if (r < 0)
		(void)printf("refused: %s\n", err.detail);
	tds_reply_refused(&message, p.rank, p.message.type, r < 0 ? span_str(err.say) : span_str("No DROP here. 禁止 DROP。"));
	tds_packet_put_sized(&packets, TDS_REPLY, buf_span(&message), p.packet_size);
	to_client(buf_span(&packets));
	buf_done(&message);
	buf_done(&packets);
}

static void from_client(void)
{
	struct tds_frame f;
	struct err err = { 0 };
	int r;
	while ((r = tds_frame_get(buf_span(&p.client_in), TDS_FROM_CLIENT, &f, &err)) > 0) {
		if (f.type == TDS_BULK) {
			send_all(p.target, f.bytes);
			if (f.status & TDS_STATUS_LAST)
				(void)printf("bulk\n");
		} else if ((r = tds_message_add(&p.message, &f, &err)) > 0) {
			request();
			tds_message_clear(&p.message);
		}
		buf_drop(&p.client_in, f.bytes.n);
		if (r < 0)
			break;
	}
	if (r < 0)
		over(err.detail);
}

static void told(const struct tds_event *e)
{
	if (e->kind == TDS_EVENT_LOGIN) {
		p.rank = tds_version_rank(e->code);
		tds_walk_rank(&p.walk, p.rank);
	} else if (e->kind == TDS_EVENT_ENVIRONMENT && e->change == TDS_ENV_PACKET_SIZE) {
		p.packet_size = (size_t)e->number;
	} else if (e->kind == TDS_EVENT_ERROR) {
		(void)printf("error %u\n", e->code);
	} else if (e->kind == TDS_EVENT_DONE && e->status & TDS_DONE_COUNT) {
		(void)printf("done %llu\n", (unsigned long long)e->rows);
	}
}

static void from_target(void)
{
	struct tds_frame f;
	struct tds_event e;
	struct err err = { 0 };
	int r;
	while ((r = tds_frame_get(buf_span(&p.target_in), TDS_FROM_SERVER, &f, &err)) > 0) {
		struct span body = f.body;
		while ((r = tds_walk_next(&p.walk, &body, &e, &err)) > 0)
			told(&e);
		if (r == 0 && f.status & TDS_STATUS_LAST)
			r = tds_walk_end(&p.walk, &e, &err);
		if (r < 0)
			break;
		to_client(f.bytes);
		buf_drop(&p.target_in, f.bytes.n);
	}
	if (r < 0)
		over(err.detail);
}

static void relay(void)
{
	struct pollfd fds[] = { { .fd = 0, .events = POLLIN }, { .fd = p.target, .events = POLLIN } };
	from_client();
	while (poll(fds, 2, -1) > 0) {
		if (fds[0].revents) {
			struct err err = { 0 };
			if (tds_front_open(&p.front, receive(0), &p.client_in, &err) < 0)
				over(err.detail);
			from_client();
		}
		if (fds[1].revents) {
			buf_put_span(&p.target_in, receive(p.target));
			from_target();
		}
	}
}

int main(int argc, char **argv)
{
	static const uint8_t version[6] = { 16, 0, 0x10, 0, 0, 0 };
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	if (argc != 5 || !tls || SSL_CTX_use_certificate_chain_file(tls, argv[2]) != 1 || SSL_CTX_use_PrivateKey_file(tls, argv[3], SSL_FILETYPE_PEM) != 1)
		errx(2, "usage: tds_pass PORT CERTIFICATE KEY none|login|all");
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	tds_front_context(tls);
	tds_front_init(&p.front, tls, argv[4][0] == 'a' ? TDS_COVER_ALL : argv[4][0] == 'l' ? TDS_COVER_LOGIN : TDS_COVER_NONE, version);
	tds_message_init(&p.message, MESSAGE);
	buf_init(&p.client_in, HELD);
	buf_init(&p.target_in, HELD);
	buf_init(&p.wire, HELD);
	p.packet_size = TDS_PACKET_SIZE;
	if (tds_walk_init(&p.walk, TDS_7_4, NULL) < 0)
		errx(2, "memory");
	log_in();
	log_in_there((uint16_t)strtoul(argv[1], NULL, 10));
	relay();
	return 0;
}
