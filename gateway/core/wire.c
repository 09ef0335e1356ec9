#include "gateway/core/wire.h"
#include "gateway/core/err.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "wire_hash.h"
#include <errno.h>
#include <string.h>

/* Two builds whose tables differ must not talk: the version and a hash of wire.h, both from the build. */
const char wire_build[] = YANMEN_VERSION "+" YANMEN_WIRE_HASH;

/* ---- one reader and one writer a field kind ---- */
#define NUMBER(kind, type, width) \
	static void put_##kind(struct buf *b, type v) \
	{ \
		wr_le(b, (uint64_t)v, width); \
	} \
	static type get_##kind(struct rd *r) \
	{ \
		return (type)rd_le(r, width); \
	}
NUMBER(U8, uint8_t, 1)
NUMBER(U16, uint16_t, 2)
NUMBER(U32, uint32_t, 4)
NUMBER(U64, uint64_t, 8)
NUMBER(I64, int64_t, 8)

#define FIXED(kind, type) \
	static void put_##kind(struct buf *b, type v) \
	{ \
		buf_put(b, v.b, sizeof v.b); \
	} \
	static type get_##kind(struct rd *r) \
	{ \
		type v = { 0 }; \
		struct span s = rd_bytes(r, sizeof v.b); \
		if (s.n == sizeof v.b) \
			memcpy(v.b, s.p, sizeof v.b); \
		return v; \
	}
FIXED(ID, struct id)
FIXED(H32, struct wire_h32)
FIXED(SIG, struct wire_sig)

static void put_STR(struct buf *b, struct span v)
{
	wr_str32le(b, v);
}

static struct span get_STR(struct rd *r)
{
	return rd_str32le(r);
}

/* ---- one codec a message ---- */
static int bad(const char *name, struct span body, struct err *err)
{
	return fault(err, -EBADMSG, "internal error", "malformed %s message of %zu bytes", name, body.n);
}

/* A body is written into room on the stack, which never grows and is wiped: some messages carry a secret. */
struct room {
	struct buf b;
	uint8_t bytes[MSG_BODY_MAX + 1];
};

static void room_wipe(struct room *room)
{
	secret_wipe(room->bytes, room->b.len);
}

#define ROOM(r) \
	scoped(room_wipe) __attribute__((uninitialized)) struct room r; \
	r.b = (struct buf){ .data = r.bytes, .size = sizeof r.bytes, .cap = MSG_BODY_MAX }

#define PUT_FIELD(kind, field) put_##kind(b, m->field);
#define GET_FIELD(kind, field) got.field = get_##kind(&r);
#define CODEC(name, number, fields) \
	void wire_##name##_put(struct buf *b, const struct wire_##name *m) \
	{ \
		(void)b, (void)m; \
		fields(PUT_FIELD) \
	} \
	int wire_##name##_get(struct span body, struct wire_##name *ret, struct err *err) \
	{ \
		struct rd r = rd_of(body); \
		struct wire_##name got = { 0 }; \
		fields(GET_FIELD) \
		if (!rd_done(&r)) \
			return bad(#name, body, err); \
		*ret = got; \
		return 0; \
	} \
	int wire_##name##_send(int sock, const struct wire_##name *m, int fd) \
	{ \
		ROOM(room); \
		wire_##name##_put(&room.b, m); \
		return room.b.failed ? -EMSGSIZE : msg_send(sock, number, buf_span(&room.b), fd); \
	} \
	int wire_##name##_queue(struct msgq *q, const struct wire_##name *m, int fd) \
	{ \
		ROOM(room); \
		wire_##name##_put(&room.b, m); \
		return room.b.failed ? -EMSGSIZE : msgq_send(q, number, buf_span(&room.b), fd); \
	}
WIRE_MESSAGES(CODEC)

#define NAME(name, number, fields) \
	case number: \
		return #name;

const char *wire_type_name(uint16_t type)
{
	switch (type) {
		WIRE_MESSAGES(NAME)
	default:
		return "?";
	}
}

const char *wire_role_name(uint8_t role)
{
	static const char *const names[] = {
		[WIRE_PARENT] = "parent", [WIRE_VAULT] = "vault",   [WIRE_RECORDER] = "recorder", [WIRE_PWHASH] = "pwhash",
		[WIRE_BROKER] = "broker", [WIRE_SSH] = "ssh",       [WIRE_READER] = "reader",     [WIRE_CLI] = "cli",
		[WIRE_EXPORT] = "export",  [WIRE_WEB] = "web",       [WIRE_TERM] = "term",         [WIRE_BROWSER] = "browser",
		[WIRE_NOTIFY] = "notify",  [WIRE_MYSQL] = "mysql",   [WIRE_TDS] = "tds",
	};
	return role < COUNT_OF(names) && names[role] ? names[role] : "?";
}

const char *wire_file_protocol_name(uint8_t protocol)
{
	static const char *const names[] = {
		[WIRE_FILE_SFTP] = "sftp",
		[WIRE_FILE_SCP] = "scp",
		[WIRE_FILE_RSYNC] = "rsync",
	};
	return protocol < COUNT_OF(names) && names[protocol] ? names[protocol] : "?";
}

const char *wire_file_op_name(uint8_t op)
{
	static const char *const names[] = {
		[WIRE_FILE_UPLOAD] = "upload",
		[WIRE_FILE_DOWNLOAD] = "download",
		[WIRE_FILE_RENAME] = "rename",
		[WIRE_FILE_REMOVE] = "remove",
		[WIRE_FILE_MKDIR] = "mkdir",
		[WIRE_FILE_RMDIR] = "rmdir",
		[WIRE_FILE_SETSTAT] = "setstat",
		[WIRE_FILE_SYMLINK] = "symlink",
		[WIRE_FILE_HARDLINK] = "hardlink",
		[WIRE_FILE_COPY] = "copy",
		[WIRE_FILE_UNREADABLE] = "unreadable",
	};
	return op < COUNT_OF(names) && names[op] ? names[op] : "?";
}

const char *wire_file_state_name(uint8_t state)
{
	static const char *const names[] = {
		[WIRE_FILE_BEGUN] = "begun",
		[WIRE_FILE_COMPLETE] = "complete",
		[WIRE_FILE_PARTIAL] = "partial",
		[WIRE_FILE_FAILED] = "failed",
		[WIRE_FILE_REFUSED] = "refused",
	};
	return state < COUNT_OF(names) && names[state] ? names[state] : "?";
}
