#ifndef TDS_RPC_H
#define TDS_RPC_H
#include "sqlproxy/tds/type.h"
/*
 * rpc - calls of procedures: which one, with which parameters, and the statement in it that the server would run.
 *
 * Source:  [MS-TDS] 2.2.6.6 RPC Request, 2.2.5.5.5 TVP; the parameters of sp_executesql, sp_prepare, sp_cursoropen and their like:
 *          Transact-SQL reference, system stored procedures.
 * Shape:   behind ALL_HEADERS: calls with 0xff (up to 7.1 0x80) or 0xfe between them.  A call: a name, or 0xffff and a number; flags;
 *          parameters {name, status u8, TYPE_INFO, value} to the next separator.
 * Names:   sp_executesql, SYS.SP_EXECUTESQL, [x]..[sp_executesql] and sp_executesql;1 are the same.  A name that cannot be taken
 *          apart, or that some collation takes for one of these and another does not (wide letters, accents), is refused: it would be
 *          one procedure here and another one there.
 * Walk:    tds_rpc_next gives a call and leaves the reader at its first parameter; tds_rpc_param gives each of them, then 0.  They must be
 *          read to the end before the next call.  What cannot be walked is -EPROTO: then nothing of the message may pass.
 * Limits:  TDS_RPC_PARAMETERS a call; columns of a table as a parameter: TDS_RPC_COLUMNS.
 * Errors:  -EPROTO; -EACCES for what was not agreed on (encrypted parameters).  Owns: nothing.  Trust: every byte is hostile.
 */
enum { TDS_RPC_PARAMETERS = 2100 + 16, TDS_RPC_COLUMNS = 1024 };
enum tds_proc { /* numbers of [MS-TDS]; 0: by its name, and none of these */
	TDS_PROC_OTHER,
	TDS_SP_CURSOR,
	TDS_SP_CURSOROPEN,
	TDS_SP_CURSORPREPARE,
	TDS_SP_CURSOREXECUTE,
	TDS_SP_CURSORPREPEXEC,
	TDS_SP_CURSORUNPREPARE,
	TDS_SP_CURSORFETCH,
	TDS_SP_CURSOROPTION,
	TDS_SP_CURSORCLOSE,
	TDS_SP_EXECUTESQL,
	TDS_SP_PREPARE,
	TDS_SP_EXECUTE,
	TDS_SP_PREPEXEC,
	TDS_SP_PREPEXECRPC,
	TDS_SP_UNPREPARE,
	TDS_PROCS
};
enum { TDS_RPC_NO_METADATA = 0x02 }; /* flags */

struct tds_rpc {
	enum tds_proc proc;
	struct span name; /* UTF-16LE as it came; empty when it came as a number */
	uint16_t flags;
	bool no_exec;     /* a separator said that this one is not to run */
	size_t parameters; /* that were given until now */
};
struct tds_rpc_param {
	size_t at;        /* 0 the first */
	struct span name; /* UTF-16LE; may be empty */
	bool output, standard; /* by reference; its default value */
	struct tds_type type;
	struct tds_value value; /* TDS_TABLE: no bytes */
	uint64_t rows;          /* TDS_TABLE */
};

struct tds_rpc_walk {
	struct rd r;
	enum tds_rank rank;
	bool started;
};
void tds_rpc_walk(struct tds_rpc_walk *w, struct span body, enum tds_rank rank);
int tds_rpc_next(struct tds_rpc_walk *w, struct tds_rpc *ret, struct err *err);   /* 1 a call, 0 the end */
int tds_rpc_param(struct tds_rpc_walk *w, struct tds_rpc *rpc, struct tds_rpc_param *ret, struct err *err); /* 1 or 0 */

/* What a parameter is to its procedure, by its place or by its name: more than one may be a statement, and then both count.  The values
 * of sp_cursor are values, but may be expressions of T-SQL: who lets it pass lets change the cursor's table. */
enum tds_role { TDS_ROLE_VALUE, TDS_ROLE_STATEMENT, TDS_ROLE_DECLARED, TDS_ROLE_HANDLE, TDS_ROLE_OPTION };
enum tds_role tds_rpc_role(enum tds_proc proc, const struct tds_rpc_param *param);
/* A parameter's text as UTF-16LE, appended: what classify() reads.  -EMSGSIZE over what `out` holds. */
int tds_rpc_statement(const struct tds_rpc_param *param, struct buf *out, struct err *err);
/* A handle, an option; -1 when it is no number or null. */
int64_t tds_rpc_number(const struct tds_rpc_param *param);
/* sp_executesql, ...; "?" for TDS_PROC_OTHER. */
const char *tds_rpc_name(enum tds_proc proc);
#endif
