#include "gateway/core/scope.h"
#include "tools/yanmen/backup.h"
#include "tools/yanmen/cli.h"
#include "tools/yanmen/doctor.h"
#include "tools/yanmen/escrow.h"
#include "tools/yanmen/export.h"
#include "tools/yanmen/init.h"
#include "tools/yanmen/migrate.h"
#include "tools/yanmen/replay.h"
#include "tools/yanmen/restore.h"
#include "tools/yanmen/samples.h"
#include "tools/yanmen/sql.h"
#include "tools/yanmen/ssh_config.h"
#include "tools/yanmen/verify.h"
#include "tools/yanmen/watch.h"

/*
 * The form of the CLI, kept for good.  A row without `run` asks the broker and shows what it answers.
 * A table: laid out by hand.
 */
/* clang-format off */
#define WORD(word, k) { .kind = CLI_WORD, .name = word, .key = k, .needed = true }
#define LOCAL_WORD(word) { .kind = CLI_WORD, .name = word, .needed = true }
#define WORDS(word, k) { .kind = CLI_WORDS, .name = word, .key = k, .needed = true }
#define NEED(option, k) { .kind = CLI_TEXT, .name = option, .key = k, .needed = true }
#define TEXT(option, k) { .kind = CLI_TEXT, .name = option, .key = k }
#define MANY(option, k) { .kind = CLI_MANY, .name = option, .key = k }
#define LOCAL(option) { .kind = CLI_TEXT, .name = option }
#define NEED_LOCAL(option) { .kind = CLI_TEXT, .name = option, .needed = true }
#define ID WORD("ID", "id")
#define RENAMED WORD("OLD", "name"), WORD("NEW", "to"), VERSION
/* The version that the list shows with --json: refused when somebody changed it since. */
#define VERSION TEXT("--if-version", "version")
#define VERSION_NOTE_EN "  --if-version N   only when it still has version N (in the JSON of its list)"
#define VERSION_NOTE_ZH "  --if-version N   仅当版本仍为 N 时才执行(版本见列表的 JSON 输出)"
#define CONTENT { .kind = CLI_CONTENT, .name = "--file", .needed = true }
#define EDITION TEXT("--edition", "edition")
#define EDITION_NOTES \
	.notes_en = "  --edition N   only when it still has edition N (in the JSON of its list)", \
	.notes_zh = "  --edition N   仅当文档仍为第 N 次修改后的状态时才执行(见列表的 JSON 输出)"
#define READERS \
	{ .kind = CLI_MANY, .name = "--user", .key = "user", .choice = 1 }, { .kind = CLI_MANY, .name = "--role", .key = "role", .choice = 1 }, \
	{ .kind = CLI_MANY, .name = "--group", .key = "group", .choice = 1 }
#define SHARE_EN "with whom? give --user, --role or --group"
#define SHARE_ZH "与谁共享?请给出 --user、--role 或 --group"
#define TARGET_NOTES_EN \
	"  --charset C        utf-8, gbk, gb18030, big5: what its programs print; search and replay show UTF-8\n" \
	"  --legacy on|off    allows SHA-1, CBC and small groups towards this target alone"
#define TARGET_NOTES_ZH \
	"  --charset C        utf-8, gbk, gb18030, big5:其程序所用字符集;检索与回放显示为 UTF-8\n" \
	"  --legacy on|off    仅对该资源允许 SHA-1、CBC 等过时算法"
#define TLS_KEY_EN "  --tls-key K        of a database: SHA-256 of its TLS public key, sha256//BASE64; accounts are entered again"
#define DATABASE_EN \
	"  --tls off          of a database without TLS: whoever is between reads and writes along\n" \
	"  --database D       of a database: which one its sessions begin with"
#define TLS_KEY_ZH "  --tls-key K        数据库的 TLS 公钥 SHA-256,sha256//BASE64;其账号须重新录入"
#define DATABASE_ZH \
	"  --tls off          数据库不启用 TLS:链路上的第三方可读可改\n" \
	"  --database D       数据库会话的默认库"
#define SESSION_COLUMNS "session,state,user,target,account,protocol,address,started,ended,reason"

const struct cli_command cli_commands[] = {
	{ .words = "user add", .form = "NAME --role R [--password-file F] [--key FILE] [--certificate-only]",
	  .en = "adds a user; the role decides what he may do", .zh = "添加用户;角色决定其权限",
	  .example = "user add alice --role engineer --key alice.pub",
	  .notes_en = "  --password-file F   one line, the password\n"
		      "  --key FILE          public keys, OpenSSH lines; may be repeated\n"
		      "  --certificate-only  neither: he logs in with what `certificate issue` gives him; one of the three is needed\n"
		      "  roles: admin, auditor, group_admin, cluster_admin, engineer, dba, operator, user",
	  .notes_zh = "  --password-file F   一行,即密码\n"
		      "  --key FILE          OpenSSH 公钥,每行一个,可重复\n"
		      "  --certificate-only  两者皆无:凭 certificate issue 签发的证书登录;三者至少给出一个\n"
		      "  角色:admin, auditor, group_admin, cluster_admin, engineer, dba, operator, user",
	  .params = { WORD("NAME", "name"), NEED("--role", "role"),
		  { .kind = CLI_SECRET, .name = "--password-file", .choice = 1 },
		  { .kind = CLI_LINES, .name = "--key", .key = "key", .choice = 1 },
		  { .kind = CLI_FLAG, .name = "--certificate-only", .choice = 1 } },
	  .choices = { { .en = "how will this user log in? give --password-file FILE, --key FILE or both, or --certificate-only",
		  .zh = "该用户如何登录?请给出 --password-file 文件、--key 文件(可同时给出),或 --certificate-only" } } },
	{ .words = "user disable", .form = "NAME [--rotate]", .en = "no more logins; running sessions end",
	  .zh = "禁止登录,并结束正在进行的会话", .example = "user disable alice --rotate",
	  .notes_en = "  --rotate   the passwords of all accounts that he could use are rotated; the setting rotation.leavers does it always",
	  .notes_zh = "  --rotate   同时轮换其可用的所有账号的密码;设置 rotation.leavers 可使其始终如此",
	  .params = { WORD("NAME", "name"), { .kind = CLI_FLAG, .name = "--rotate", .key = "rotate", .fixed = "on" } } },
	{ .words = "user remove", .form = "NAME", .en = "removes a user, his keys and grants; his sessions end, his history stays",
	  .zh = "移除用户及其密钥和授权;结束其会话,保留历史记录", .example = "user remove alice", .params = { WORD("NAME", "name") } },
	{ .words = "user enable", .form = "NAME", .en = "takes a user disable back", .zh = "恢复被停用的用户",
	  .example = "user enable alice", .params = { WORD("NAME", "name") } },
	{ .words = "user set", .form = "NAME [--role R] [--lang en|zh|none] [--mail ADDRESS|none] [--if-version N]",
	  .en = "changes a user's role, language or mail address", .zh = "修改用户的角色、语言或邮箱", .example = "user set alice --role dba", .notes_en = VERSION_NOTE_EN, .notes_zh = VERSION_NOTE_ZH,
	  .params = { WORD("NAME", "name"), { .kind = CLI_TEXT, .name = "--role", .key = "role", .choice = 1 },
		  { .kind = CLI_TEXT, .name = "--lang", .key = "lang", .choice = 1 }, { .kind = CLI_TEXT, .name = "--mail", .key = "mail", .choice = 1 },
		  VERSION },
	  .choices = { { .en = "what is to change? give --role, --lang or --mail", .zh = "要修改什么?请给出 --role、--lang 或 --mail" } } },
	{ .words = "user rename", .form = "OLD NEW [--if-version N]",
	  .en = "another login name; grants and keys stay, sessions keep the name of their time, certificates are issued anew",
	  .zh = "更改登录名;授权与密钥保留,会话保留当时的名称,证书需重新签发", .example = "user rename alice alice.liu",
	  .notes_en = VERSION_NOTE_EN, .notes_zh = VERSION_NOTE_ZH, .params = { RENAMED } },
	{ .words = "user factor", .form = "NAME off|enrolled|required|passkey|default",
	  .en = "the second factor of one user; passkey = at the console by passkey alone; default = as the setting factor.policy says",
	  .zh = "设置某用户的第二因子;passkey 即控制台仅凭通行密钥登录;default 即按 factor.policy",
	  .example = "user factor alice required", .params = { WORD("NAME", "name"), WORD("POLICY", "policy") } },
	{ .words = "user password", .form = "NAME --password-file F", .en = "sets a password; the user changes it at the next sign-in at the console",
	  .zh = "设置用户密码;用户下次登录控制台时须修改", .example = "user password alice --password-file new.txt",
	  .params = { WORD("NAME", "name"), { .kind = CLI_SECRET, .name = "--password-file", .needed = true } } },
	{ .words = "user list", .form = "", .en = "all users", .zh = "列出用户", .example = "user list",
	  .columns = "id,name,role,state,password,keys,created" },
	{ .words = "factor list", .form = "", .en = "second factors: who has one, recovery codes left", .zh = "列出第二因子",
	  .example = "factor list", .columns = "name,state,policy,enrolled,since,codes_left,passkeys" },
	{ .words = "factor reset", .form = "NAME", .en = "a lost telephone: takes second factor and passkeys away; where required, the user enrols anew",
	  .zh = "手机丢失:清除第二因子与通行密钥;若为必需,用户下次登录重新登记", .example = "factor reset alice", .params = { WORD("NAME", "name") } },
	{ .words = "factor codes", .form = "NAME --output F", .en = "writes ten new recovery codes to a new file; the old ones are void",
	  .zh = "将十个新恢复码写入新文件;旧码作废", .example = "factor codes alice --output alice-codes.txt",
	  .params = { WORD("NAME", "name"), NEED_LOCAL("--output") }, .run = cli_export },
	{ .words = "passkey list", .form = "[--user U]", .en = "passkeys of the users, for signing in at the console", .zh = "列出用户的通行密钥(用于登录控制台)",
	  .example = "passkey list --user alice", .columns = "id,user,name,site,created,used", .params = { TEXT("--user", "user") } },
	{ .words = "passkey remove", .form = "ID", .en = "takes a passkey away", .zh = "移除一个通行密钥",
	  .example = "passkey remove 0b9d7c1e-52f4-4d0c-9a53-7f1e6f0d2a11", .params = { ID } },
	{ .words = "certificate issue", .form = "USER --key FILE [--for 8h] [--from NET]… --output F",
	  .en = "certifies a user's public key: he logs in with it until it ends, without a key or password stored here",
	  .zh = "为用户的公钥签发证书:有效期内即可登录,网关无需保存其密钥或密码",
	  .example = "certificate issue alice --key id_ed25519.pub --for 12h --output id_ed25519-cert.pub",
	  .notes_en = "  --key FILE   his public key, an OpenSSH line\n"
		      "  --for T      how long it is good, 8h; the setting certificate.longest is the most\n"
		      "  --from NET   only from this network, such as 10.0.0.0/8; may be repeated\n"
		      "  ssh finds the certificate beside the key when it is called KEY-cert.pub",
	  .notes_zh = "  --key FILE   用户公钥,OpenSSH 单行格式\n"
		      "  --for T      有效时长,默认 8h;上限见设置 certificate.longest\n"
		      "  --from NET   仅限来自该网络,例如 10.0.0.0/8;可重复\n"
		      "  证书与密钥同目录且名为 KEY-cert.pub 时,ssh 会自动使用",
	  .params = { WORD("USER", "user"), { .kind = CLI_LINES, .name = "--key", .key = "key", .needed = true },
		  { .kind = CLI_SECONDS, .name = "--for", .key = "for" }, MANY("--from", "from"), NEED_LOCAL("--output") },
	  .run = cli_export },
	{ .words = "certificate list", .form = "[--user U]", .en = "users' certificates: in force, expired, revoked",
	  .zh = "列出用户证书:有效、过期、已吊销", .example = "certificate list --user alice",
	  .columns = "serial,user,state,key,sources,issued,until,reason", .params = { TEXT("--user", "user") } },
	{ .words = "certificate revoke", .form = "(SERIAL | --user U) [--reason R]",
	  .en = "takes a certificate, or all of a user, back; sessions that began with it end",
	  .zh = "吊销一个证书或某用户的全部证书,并结束以其登录的会话", .example = "certificate revoke 17 --reason \"laptop lost\"",
	  .params = { { .kind = CLI_WORD, .name = "SERIAL", .key = "serial", .choice = 1 },
		  { .kind = CLI_TEXT, .name = "--user", .key = "user", .choice = 1 }, TEXT("--reason", "reason") },
	  .choices = { { .at_most_one = true, .en = "give the SERIAL of one certificate, or --user for all of a user",
		  .zh = "请给出一个证书的 SERIAL,或以 --user 指定某用户的全部证书" } } },
	{ .words = "certificate ca", .form = "", .en = "the public key of the CA that signs users' certificates",
	  .zh = "签发用户证书的 CA 公钥", .example = "certificate ca" },
	{ .words = "console list", .form = "", .en = "who is signed in at the console, from where and with which browser",
	  .zh = "列出控制台的登录:用户、来源地址与浏览器", .example = "console list",
	  .columns = "id,user,address,created,seen,agent" },
	{ .words = "console end", .form = "ID", .en = "signs that browser out; its terminals end", .zh = "使该浏览器退出登录,并结束其终端",
	  .example = "console end 0b9d7c1e-52f4-4d0c-9a53-7f1e6f0d2a11", .params = { ID } },
	{ .words = "token add", .form = "NAME --user U --scope S… [--for 30d] [--from NET]… --output F",
	  .en = "an API token of a user: a program signs in with it, over HTTPS; its text is written once, into a new file",
	  .zh = "为用户创建 API 令牌:程序凭其经 HTTPS 登录;令牌文本仅写入新文件一次",
	  .example = "token add nightly --user alice --scope read --for 30d --output alice.token",
	  .notes_en = "  --scope S    read = whatever lists and reads, or a permission such as target.manage; may be repeated\n"
		      "               a token never may more than its user, and never makes tokens or changes factors\n"
		      "  --for T      how long it is good, 30d; the setting api.token.longest is the most\n"
		      "  --from NET   only from this network, such as 10.0.0.0/8; may be repeated\n"
		      "  yanmen --url https://HOST:PORT --token-file F … uses it; so does Authorization: Bearer",
	  .notes_zh = "  --scope S    read 即所有列出与读取,或某项权限如 target.manage;可重复\n"
		      "               令牌权限不超过其用户,且不能创建令牌或更改第二因子\n"
		      "  --for T      有效时长,默认 30d;上限见设置 api.token.longest\n"
		      "  --from NET   仅限来自该网络,例如 10.0.0.0/8;可重复\n"
		      "  用法:yanmen --url https://主机:端口 --token-file F …,或 Authorization: Bearer",
	  .params = { WORD("NAME", "name"), NEED("--user", "user"), { .kind = CLI_MANY, .name = "--scope", .key = "scope", .needed = true },
		  { .kind = CLI_SECONDS, .name = "--for", .key = "for" }, MANY("--from", "from"), NEED_LOCAL("--output") },
	  .run = cli_export },
	{ .words = "token list", .form = "", .en = "API tokens: whose, what they may, when and from where they were used",
	  .zh = "列出 API 令牌:属于谁、范围、上次使用的时间与地址", .example = "token list",
	  .columns = "id,name,user,state,scopes,networks,until,used,used_from" },
	{ .words = "token revoke", .form = "ID", .en = "takes an API token back, at once", .zh = "立即吊销 API 令牌",
	  .example = "token revoke 0b9d7c1e-52f4-4d0c-9a53-7f1e6f0d2a11", .params = { ID } },
#include "tools/yanmen/command_access.h"
	{ .words = "group add", .form = "NAME [--network-default]", .en = "adds a resource group", .zh = "添加资源组",
	  .example = "group add web", .notes_en = "  --network-default   fills itself: every target of a cluster's networks that is in no other group",
	  .notes_zh = "  --network-default   自动包含集群网络内未归入其他组的资源",
	  .params = { WORD("NAME", "name"),
		  { .kind = CLI_FLAG, .name = "--network-default", .key = "network_default", .fixed = "1" } } },
	{ .words = "group put", .form = "GROUP TARGET…", .en = "puts targets into a group", .zh = "将资源放入资源组",
	  .example = "group put web web01 web02", .params = { WORD("GROUP", "group"), WORDS("TARGET", "target") } },
	{ .words = "group take", .form = "GROUP TARGET…", .en = "takes targets out of a group", .zh = "将资源移出资源组",
	  .example = "group take web web02", .params = { WORD("GROUP", "group"), WORDS("TARGET", "target") } },
	{ .words = "group remove", .form = "NAME", .en = "removes a group and the grants to it; its targets stay",
	  .zh = "移除资源组及对它的授权;其中的资源保留", .example = "group remove web", .params = { WORD("NAME", "name") } },
	{ .words = "group rename", .form = "OLD NEW [--if-version N]", .en = "another name; members, admins and grants stay",
	  .zh = "更改资源组名称;成员、管理员与授权保留", .example = "group rename web www", .notes_en = VERSION_NOTE_EN,
	  .notes_zh = VERSION_NOTE_ZH, .params = { RENAMED } },
	{ .words = "group list", .form = "", .en = "all resource groups", .zh = "列出资源组", .example = "group list",
	  .columns = "id,name,kind,admins,targets" },
	{ .words = "group admin", .form = "GROUP USER", .en = "makes a user the group's admin", .zh = "指定资源组管理员",
	  .example = "group admin web bob", .params = { WORD("GROUP", "group"), WORD("USER", "user") } },
	{ .words = "cluster add", .form = "NAME --network CIDR…", .en = "adds a cluster and the networks of its targets",
	  .zh = "添加集群及其网络", .example = "cluster add dc1 --network 10.1.0.0/16 10.2.0.0/16",
	  .params = { WORD("NAME", "name"), { .kind = CLI_SPREAD, .name = "--network", .key = "network", .needed = true } } },
	{ .words = "cluster put", .form = "CLUSTER TARGET…", .en = "moves targets into a cluster", .zh = "将资源移入集群",
	  .example = "cluster put dc1 web01", .params = { WORD("CLUSTER", "cluster"), WORDS("TARGET", "target") } },
	{ .words = "cluster remove", .form = "NAME", .en = "removes a cluster that holds no target", .zh = "移除不含资源的集群",
	  .example = "cluster remove dc1", .params = { WORD("NAME", "name") } },
	{ .words = "cluster set", .form = "NAME --network CIDR… [--if-version N]",
	  .en = "changes the networks of a cluster; its targets must lie inside", .zh = "修改集群网络;其资源须在网络之内",
	  .example = "cluster set dc1 --network 10.1.0.0/16 10.3.0.0/16", .notes_en = VERSION_NOTE_EN, .notes_zh = VERSION_NOTE_ZH,
	  .params = { WORD("NAME", "name"), { .kind = CLI_SPREAD, .name = "--network", .key = "network", .needed = true }, VERSION } },
	{ .words = "cluster rename", .form = "OLD NEW [--if-version N]", .en = "another name; targets and admins stay",
	  .zh = "更改集群名称;资源与管理员保留", .example = "cluster rename dc1 shanghai", .notes_en = VERSION_NOTE_EN,
	  .notes_zh = VERSION_NOTE_ZH, .params = { RENAMED } },
	{ .words = "cluster admin", .form = "CLUSTER USER", .en = "gives a cluster into the care of a user with the role cluster_admin",
	  .zh = "将集群交由具有 cluster_admin 角色的用户管理", .example = "cluster admin dc1 bob",
	  .params = { WORD("CLUSTER", "cluster"), WORD("USER", "user") } },
	{ .words = "cluster list", .form = "", .en = "all clusters", .zh = "列出集群", .example = "cluster list",
	  .columns = "id,name,networks,admins,targets" },
	{ .words = "target add", .form = "NAME --kind linux|windows|mysql|sqlserver --address HOST:PORT --cluster C [--charset C] [--legacy on] [--database D] [--tls off]",
	  .en = "adds a target; its host key is pinned when it can be reached", .zh = "添加资源;可达时固定其主机密钥",
	  .example = "target add web01 --kind linux --address 10.1.0.5:22 --cluster dc1",
	  .notes_en = TARGET_NOTES_EN "\n" DATABASE_EN, .notes_zh = TARGET_NOTES_ZH "\n" DATABASE_ZH,
	  .params = { WORD("NAME", "name"), NEED("--kind", "kind"), NEED("--address", "address"),
		  NEED("--cluster", "cluster"), TEXT("--charset", "charset"), TEXT("--legacy", "legacy"), TEXT("--database", "database"),
		  TEXT("--tls", "tls") } },
	{ .words = "target set", .form = "NAME [--address HOST:PORT] [--charset C] [--legacy on|off] [--tls-key K] [--tls on|off] [--database D] [--if-version N]",
	  .en = "changes a target; another address suspends its accounts until their credentials are entered again",
	  .zh = "修改资源;更换地址后其账号暂停,直至重新录入凭据", .example = "target set old01 --charset gbk --legacy on",
	  .notes_en = TARGET_NOTES_EN "\n" TLS_KEY_EN "\n" DATABASE_EN "\n" VERSION_NOTE_EN, .notes_zh = TARGET_NOTES_ZH "\n" TLS_KEY_ZH "\n" DATABASE_ZH "\n" VERSION_NOTE_ZH,
	  .params = { WORD("NAME", "name"), { .kind = CLI_TEXT, .name = "--address", .key = "address", .choice = 1 },
		  { .kind = CLI_TEXT, .name = "--charset", .key = "charset", .choice = 1 },
		  { .kind = CLI_TEXT, .name = "--legacy", .key = "legacy", .choice = 1 },
		  { .kind = CLI_TEXT, .name = "--tls-key", .key = "tls_key", .choice = 1 },
		  { .kind = CLI_TEXT, .name = "--tls", .key = "tls", .choice = 1 },
		  { .kind = CLI_TEXT, .name = "--database", .key = "database", .choice = 1 }, VERSION },
	  .choices = { { .en = "what is to change? give --address, --charset, --legacy, or of a database --tls-key, --tls, --database",
		  .zh = "要修改什么?请给出 --address、--charset、--legacy,或数据库的 --tls-key、--tls、--database" } } },
	{ .words = "target rename", .form = "OLD NEW [--if-version N]",
	  .en = "another name; credentials, host key and grants stay, sessions keep the name of their time",
	  .zh = "更改资源名称;凭据、主机密钥与授权保留,会话保留当时的名称", .example = "target rename web01 www01",
	  .notes_en = VERSION_NOTE_EN, .notes_zh = VERSION_NOTE_ZH, .params = { RENAMED } },
	{ .words = "target remove", .form = "NAME",
	  .en = "removes a target, its credentials and grants; its sessions end, their recordings stay",
	  .zh = "移除资源及其凭据和授权;结束其会话,保留录像", .example = "target remove web01", .params = { WORD("NAME", "name") } },
	{ .words = "target list", .form = "", .en = "all targets", .zh = "列出资源", .example = "target list",
	  .columns = "id,name,kind,address,cluster,pinned,accounts,groups" },
	{ .words = "target test", .form = "NAME", .en = "connects and compares the host key; pins it when there is none yet",
	  .zh = "连接并核对主机密钥;尚未固定时予以固定", .example = "target test web01", .params = { WORD("NAME", "name") } },
	{ .words = "target repin", .form = "NAME…", .en = "accepts a planned change of host keys", .zh = "接受计划内的主机密钥变更",
	  .example = "target repin web01 web02", .params = { WORDS("NAME", "target") } },
	{ .words = "account set", .form = "TARGET ACCOUNT --password-file F | --key-file F | --ca",
	  .en = "the login on a target, and how to log in; the vault seals it", .zh = "设置资源上的账号及其凭据(由保险库加密)",
	  .example = "account set web01 cyadmin --key-file id_ed25519",
	  .notes_en = "  --password-file F   one line, the password\n"
		      "  --key-file F        a private key without passphrase\n"
		      "  --ca                short-lived certificates of the gateway's own CA",
	  .notes_zh = "  --password-file F   一行,即密码\n"
		      "  --key-file F        无口令的私钥\n"
		      "  --ca                由网关自身 CA 签发的短期证书",
	  .params = { WORD("TARGET", "target"), WORD("ACCOUNT", "account"),
		  { .kind = CLI_SECRET, .name = "--password-file", .choice = 1, .kind_value = "password" },
		  { .kind = CLI_SECRET, .name = "--key-file", .choice = 1, .kind_value = "key" },
		  { .kind = CLI_FLAG, .name = "--ca", .choice = 1, .kind_value = "ca" } },
	  .choices = { { .at_most_one = true, .en = "give one of --password-file FILE, --key-file FILE, --ca",
		  .zh = "请在 --password-file 文件、--key-file 文件、--ca 中给出一个" } } },
	{ .words = "account remove", .form = "TARGET ACCOUNT", .en = "deletes an account's credential; its sessions end",
	  .zh = "删除账号凭据,并结束其会话", .example = "account remove web01 cyadmin",
	  .params = { WORD("TARGET", "target"), WORD("ACCOUNT", "account") } },
#include "tools/yanmen/command_accounts.h"
#include "tools/yanmen/command_cloud.h"
	{ .words = "grant add",
	  .form = "--user U --account A (--target T | --group G) [--from NET]… [--hours SPEC] [--until T] [--feature F]…",
	  .en = "who may use which account on which targets, and when", .zh = "授权:谁可在何时使用哪些资源上的哪个账号",
	  .example = "grant add --user alice --account cyadmin --group web --hours 'mon-fri 09:00-18:00 +08:00' --until 30d",
	  .notes_en = "  --from NET      client networks, 10.0.0.0/8\n"
		      "  --hours SPEC    mon-fri 09:00-12:00,13:00-18:00; sat 10:00-12:00 +08:00\n"
		      "  --until T       30d, or 2026-12-31T18:00:00+08:00\n"
		      "  --feature F     shell, exec, sftp, scp, forward, query (SQL), and the ways files may go: upload, download; all without it;\n"
		      "                  reverse, agent, x11, infile: -R, -A, -X and LOAD DATA LOCAL too, which lend the target something of the user's;\n"
		      "                  keep-upload, keep-download: what those files hold is recorded too (`file export`)\n"
		      "  --idle S, --total S, --concurrent N   limits of its sessions\n"
		      "  --paste P       into a terminal in a browser: allow, ask (several lines are shown first; without it), deny\n"
		      "  --paste-max N   bytes of one paste there; --copy off: its page does not copy",
	  .notes_zh = "  --from NET      客户端网络,如 10.0.0.0/8\n"
		      "  --hours SPEC    时段,如 mon-fri 09:00-12:00,13:00-18:00; sat 10:00-12:00 +08:00\n"
		      "  --until T       30d,或 2026-12-31T18:00:00+08:00\n"
		      "  --feature F     shell, exec, sftp, scp, forward, query(SQL),以及文件方向 upload(上传)、download(下载);不给出则全部允许;\n"
		      "                  reverse、agent、x11、infile:另外允许 -R、-A、-X、LOAD DATA LOCAL(目标可借用用户一侧的端口、密钥代理、屏幕、文件);\n"
		      "                  keep-upload、keep-download:同时留存文件内容(见 file export)\n"
		      "  --idle S, --total S, --concurrent N   会话的限制\n"
		      "  --paste P       向浏览器终端粘贴:allow 允许,ask 多行先预览(默认),deny 禁止\n"
		      "  --paste-max N   单次粘贴的字节上限;--copy off:网页不允许复制",
	  .params = { NEED("--user", "user"), NEED("--account", "account"),
		  { .kind = CLI_TEXT, .name = "--target", .key = "target", .choice = 1 },
		  { .kind = CLI_TEXT, .name = "--group", .key = "group", .choice = 1 }, MANY("--from", "from"),
		  TEXT("--hours", "hours"), { .kind = CLI_UNTIL, .name = "--until", .key = "until" }, MANY("--feature", "feature"),
		  { .kind = CLI_SECONDS, .name = "--idle", .key = "idle" },
		  { .kind = CLI_SECONDS, .name = "--total", .key = "total" }, TEXT("--concurrent", "concurrent"), TEXT("--paste", "paste"),
		  TEXT("--paste-max", "paste_max"), TEXT("--copy", "copy") },
	  .choices = { { .at_most_one = true, .en = "give either --target T or --group G", .zh = "请给出 --target 或 --group 之一" } } },
	{ .words = "grant remove", .form = "ID", .en = "ends a grant", .zh = "撤销授权", .example = "grant remove 12", .params = { ID } },
	{ .words = "grant list", .form = "", .en = "all grants", .zh = "列出授权", .example = "grant list",
	  .columns = "id,user,account,target,group,hours,until,features,online,expired" },
	{ .words = "history", .wire = "history list", .form = "KIND NAME",
	  .en = "who changed it, when, from what to what; out of the audit log", .zh = "变更历史:何人何时将何值改为何值(取自审计日志)",
	  .example = "history target web01",
	  .notes_en = "  KIND   user, group, cluster, target, template, account (NAME: TARGET/ACCOUNT), grant (its ID), setting (its KEY)",
	  .notes_zh = "  KIND   user、group、cluster、target、template、account(NAME 为 资源/账号)、grant(编号)、setting(键)",
	  .columns = "at,actor,event,before,after", .params = { WORD("KIND", "kind"), WORD("NAME", "name") } },
	{ .words = "request add",
	  .form = "TARGET… --account A --until T --reason R [--starts T] [--kind software --detail X]",
	  .en = "asks for an account on targets, for a term", .zh = "申请在一段时间内使用资源上的账号",
	  .example = "request add web01 --account cyadmin --until 3d --reason 'ticket 4711'",
	  .notes_en = "  who asks is who signs in (console, HTTPS); on the gateway itself: grant add\n"
		      "  --kind software   wants something installed: --detail says what; --account only if a login is needed",
	  .notes_zh = "  以登录者身份申请(控制台、HTTPS);在网关本机请用 grant add\n"
		      "  --kind software   申请安装软件,--detail 写明内容;需要登录时才给出 --account",
	  .params = { WORDS("TARGET", "target"), TEXT("--account", "account"), NEED("--reason", "reason"),
		  { .kind = CLI_UNTIL, .name = "--until", .key = "until", .needed = true },
		  { .kind = CLI_UNTIL, .name = "--starts", .key = "starts" }, TEXT("--kind", "kind"), TEXT("--detail", "detail") } },
	{ .words = "request list", .form = "[--state asked|approved|active|ended|refused|withdrawn]",
	  .en = "requests: one's own, and those one decides", .zh = "列出申请:自己的,以及由自己审批的", .example = "request list --state asked",
	  .columns = "id,state,user,kind,targets,account,starts,until,reason,decided_by,answer", .params = { TEXT("--state", "state") } },
	{ .words = "request show", .form = "ID", .en = "one request; for who decides also what the asker has already",
	  .zh = "查看申请;审批人还可看到申请人已有的权限", .example = "request show 12", .params = { ID } },
	{ .words = "request approve", .form = "ID [--until T] [--reason R]",
	  .en = "grants what was asked for, at most for its term; never one's own", .zh = "批准申请,期限不得超出所申请;不得审批本人的申请",
	  .example = "request approve 12", .params = { ID, { .kind = CLI_UNTIL, .name = "--until", .key = "until" }, TEXT("--reason", "reason") } },
	{ .words = "request refuse", .form = "ID --reason R", .en = "refuses a request; who asked reads the reason", .zh = "驳回申请;申请人会看到原因",
	  .example = "request refuse 12 --reason 'use the replica'", .params = { ID, NEED("--reason", "reason") } },
	{ .words = "request withdraw", .form = "ID [--reason R]",
	  .en = "takes a request back, or ends what it opened; others' access needs a reason", .zh = "撤回申请,或提前收回其权限;收回他人权限须给出原因",
	  .example = "request withdraw 12", .params = { ID, TEXT("--reason", "reason") } },
	{ .words = "request extend", .form = "ID --until T --reason R", .en = "asks for a later end of an access that holds", .zh = "申请延长仍有效的权限",
	  .example = "request extend 12 --until 7d --reason 'not finished'",
	  .params = { ID, { .kind = CLI_UNTIL, .name = "--until", .key = "until", .needed = true }, NEED("--reason", "reason") } },
	{ .words = "preapproval add", .form = "NAME (--role R | --user U) --group G --longest S [--account A] [--kind software]",
	  .en = "requests of these people for this group are approved at once, by the system", .zh = "预审批:符合条件的申请由系统立即批准",
	  .example = "preapproval add night --role engineer --group web --longest 8h",
	  .params = { WORD("NAME", "name"), { .kind = CLI_TEXT, .name = "--role", .key = "role", .choice = 1 },
		  { .kind = CLI_TEXT, .name = "--user", .key = "user", .choice = 1 }, NEED("--group", "group"),
		  { .kind = CLI_SECONDS, .name = "--longest", .key = "longest", .needed = true }, TEXT("--account", "account"),
		  TEXT("--kind", "kind") },
	  .choices = { { .at_most_one = true, .en = "give either --role R or --user U", .zh = "请给出 --role 或 --user 之一" } } },
	{ .words = "preapproval remove", .form = "NAME", .en = "ends a pre-approval; what it approved stays", .zh = "移除预审批;已批准的申请不受影响",
	  .example = "preapproval remove night", .params = { WORD("NAME", "name") } },
	{ .words = "preapproval list", .form = "", .en = "what is approved at once", .zh = "列出预审批", .example = "preapproval list",
	  .columns = "name,kind,role,user,group,account,longest,created_by" },
#include "tools/yanmen/command_rules.h"
#include "tools/yanmen/command_sql.h"
#include "tools/yanmen/command_sql_request.h"
	{ .words = "role add", .form = "NAME [--right PERMISSION[:own]]... [--about TEXT]",
	  .en = "adds a role: a set of rights, none that its maker does not have", .zh = "添加角色:一组权限,不得超出添加者自身的权限",
	  .example = "role add nightwatch --right session.list --right session.watch:own",
	  .notes_en = "  --right P      a permission of `role list`; P:own = only in the user's own groups and clusters",
	  .notes_zh = "  --right P      `role list` 所列权限;P:own 表示仅限该用户所管理的组与集群",
	  .params = { WORD("NAME", "name"), MANY("--right", "right"), TEXT("--about", "about") } },
	{ .words = "role set", .form = "NAME [--right PERMISSION[:own]]... [--about TEXT] [--if-version N]",
	  .en = "the rights of a role that was added, all of them anew; who has it has these at once",
	  .zh = "重新设定自定义角色的全部权限;拥有该角色者立即生效", .example = "role set nightwatch --right session.list",
	  .notes_en = "  --right P      a permission of `role list`; P:own = only in the user's own groups and clusters\n" VERSION_NOTE_EN,
	  .notes_zh = "  --right P      `role list` 所列权限;P:own 表示仅限该用户所管理的组与集群\n" VERSION_NOTE_ZH,
	  .params = { WORD("NAME", "name"), { .kind = CLI_MANY, .name = "--right", .key = "right", .choice = 1 },
		  { .kind = CLI_TEXT, .name = "--about", .key = "about", .choice = 1 }, VERSION },
	  .choices = { { .en = "what is to change? give --right or --about", .zh = "要修改什么?请给出 --right 或 --about" } } },
	{ .words = "role remove", .form = "NAME [--if-version N]", .en = "removes a role that was added and that nobody has", .zh = "移除无人拥有的自定义角色",
	  .example = "role remove nightwatch", .notes_en = VERSION_NOTE_EN, .notes_zh = VERSION_NOTE_ZH,
	  .params = { WORD("NAME", "name"), VERSION } },
	{ .words = "role list", .form = "", .en = "roles and what each may", .zh = "列出角色及其权限", .example = "role list",
	  .columns = "name,custom,users,about,permissions" },
#include "tools/yanmen/command_notify.h"
	{ .words = "duty list", .form = "", .en = "who has which duty: system, security, audit", .zh = "列出三员(系统、安全、审计)及其人员",
	  .example = "duty list", .columns = "duty,users,roles,separate" },
	{ .words = "duty separate", .form = "on|off",
	  .en = "separates system, security and audit administration; off: on the gateway itself alone", .zh = "三员分立;关闭只能在网关本机进行",
	  .example = "duty separate on",
	  .notes_en = "  on needs a user of each of the roles system_admin, security_admin, audit_admin; the role admin loses what\n"
		      "  belongs to a duty, nobody is given two, nobody grants himself, the last one with a duty cannot go",
	  .notes_zh = "  开启前须有 system_admin、security_admin、audit_admin 角色的用户各至少一名;开启后 admin 角色失去各项职责,\n"
		      "  任何人不得兼任,不得给自己授权,也不能停用某职责的最后一人",
	  .params = { WORD("on|off", "state") } },
	{ .words = "ssh-config", .form = "--user U [--gate HOST:PORT]",
	  .en = "prints a configuration for OpenSSH: ssh TARGET goes through the gateway", .zh = "输出 OpenSSH 客户端配置:ssh 资源名 即经由网关",
	  .example = "ssh-config --user alice --gate gate.example.com:2222",
	  .notes_en = "  --gate HOST:PORT   the gateway as its clients reach it; without it this machine's name and the configured port",
	  .notes_zh = "  --gate HOST:PORT   客户端所见的网关地址;缺省为本机名与所配置的端口",
	  .params = { NEED("--user", "user"), LOCAL("--gate") }, .run = cli_ssh_config },
	{ .words = "session list", .form = "[--state online|closed|crashed] [--user U] [--target T]", .en = "sessions",
	  .zh = "列出会话", .example = "session list --state online", .columns = SESSION_COLUMNS,
	  .params = { TEXT("--state", "state"), TEXT("--user", "user"), TEXT("--target", "target") } },
	{ .words = "session watch", .form = "ID", .en = "shows a session live; Ctrl-C ends the watching, not the session",
	  .zh = "实时观看会话;Ctrl-C 结束观看,不影响会话", .example = "session watch 0190a5b2", .params = { ID }, .here = true, .run = cli_watch },
	{ .words = "session kill", .form = "ID --reason R", .en = "ends a session at once; the reason is shown to its user",
	  .zh = "立即结束会话;原因会显示给用户", .example = "session kill 0190a5b2 --reason 'maintenance'",
	  .params = { ID, NEED("--reason", "reason") } },
	{ .words = "session lock", .form = "ID [--reason R]", .en = "freezes a session's input", .zh = "冻结会话输入",
	  .example = "session lock 0190a5b2", .params = { ID, TEXT("--reason", "reason") } },
	{ .words = "session unlock", .form = "ID [--reason R]", .en = "lets a locked session go on", .zh = "解除会话冻结",
	  .example = "session unlock 0190a5b2", .params = { ID, TEXT("--reason", "reason") } },
	{ .words = "session message", .form = "ID --text T", .en = "shows a line to the person at a session", .zh = "向会话中的用户显示一行消息",
	  .example = "session message 0190a5b2 --text 'please finish by six'", .params = { ID, NEED("--text", "text") } },
	{ .words = "recording list", .form = "[--user U] [--target T]", .en = "recordings", .zh = "列出录像",
	  .example = "recording list", .columns = "session,state,recording,user,target,account,started,ended,size",
	  .params = { TEXT("--user", "user"), TEXT("--target", "target") } },
	{ .words = "recording export", .form = "ID --format asciicast|text|jsonl|csv|sealed --output F",
	  .en = "writes a recording to a new file", .zh = "将录像导出到新文件",
	  .example = "recording export 0190a5b2 --format asciicast --output session.cast",
	  .params = { ID, NEED("--format", "format"), NEED_LOCAL("--output") }, .run = cli_export },
	{ .words = "recording index", .form = "ID --output F",
	  .en = "writes what a recording holds and when, as JSON: commands, files, notes, activity",
	  .zh = "以 JSON 导出录像的目录:命令、文件、提示与活动时间", .example = "recording index 0190a5b2 --output index.json",
	  .params = { ID, NEED_LOCAL("--output") }, .run = cli_export },
	{ .words = "recording find", .form = "ID --text T", .en = "when a recording showed a text", .zh = "查找录像中某段文字出现的时间",
	  .example = "recording find 0190a5b2 --text 'segmentation fault'", .columns = "second,at,channel,text",
	  .params = { ID, NEED("--text", "text") } },
	{ .words = "recording verify", .form = "ID", .en = "proves that a recording is whole and unaltered",
	  .zh = "验证录像完整且未被改动", .example = "recording verify 0190a5b2", .params = { ID } },
	{ .words = "replay", .form = "ID [--speed N] [--idle S] [--from S]", .en = "plays a recording in this terminal",
	  .zh = "在此终端回放录像", .example = "replay 0190a5b2 --speed 2 --idle 3",
	  .notes_en = "  --speed N   2 is twice as fast; --idle S: pauses of at most S seconds; --from S: begin there\n"
		      "  keys: space pauses and goes on, right and left 10 s on and back, + and - change the speed, q quits",
	  .notes_zh = "  --speed N   2 为两倍速;--idle S:停顿最多 S 秒;--from S:从该秒开始\n"
		      "  按键:空格暂停或继续,左右方向键后退或前进 10 秒,+ - 调速,q 退出",
	  .params = { ID, LOCAL("--speed"), LOCAL("--idle"), { .kind = CLI_SECONDS, .name = "--from", .key = "from" } },
	  .here = true, .run = cli_replay },
	{ .words = "file list", .form = "[--since 1h] [--user U] [--target T] [--session ID] [--sha256 H] [--path X]",
	  .en = "files that moved, and what was done to files: way, path, size, SHA-256",
	  .zh = "文件台账:传输与文件操作的方向、路径、大小、SHA-256", .example = "file list --since 1d --user alice",
	  .columns = "id,started,user,target,protocol,op,state,size,path,to,sha256,kept,why",
	  .params = { { .kind = CLI_SINCE, .name = "--since", .key = "since" }, TEXT("--user", "user"), TEXT("--target", "target"),
		  TEXT("--session", "session"), TEXT("--sha256", "sha256"), TEXT("--path", "path") } },
	{ .words = "file export", .form = "ID --output F",
	  .en = "writes what a moved file held to a new file, compared with its SHA-256; ID: of `file list`, kept there is true",
	  .zh = "将台账中已留存内容的文件导出到新文件,并核对 SHA-256;ID 取自 file list,且其 kept 为 true",
	  .example = "file export 0190a5b2:1 --output copy.bin", .columns = "id,op,path,size,sha256",
	  .params = { ID, NEED_LOCAL("--output") }, .run = cli_export },
	{ .words = "document add", .form = "NAME --file F [--about TEXT] [--note TEXT]",
	  .en = "adds a document for others to read; nobody sees it before it is shared", .zh = "添加供他人阅读的文档;共享之前他人不可见",
	  .example = "document add 'Server rules.pdf' --file rules.pdf --about 'how we name servers'",
	  .notes_en = "  the settings document.most and document.total say how much there may be",
	  .notes_zh = "  单个文档与全部文档的上限见设置 document.most 与 document.total",
	  .params = { WORD("NAME", "name"), CONTENT, TEXT("--about", "about"), TEXT("--note", "note") } },
	{ .words = "document update", .form = "NAME --file F [--note TEXT]", .en = "a new version; the old ones stay",
	  .zh = "上传新版本;旧版本保留", .example = "document update 'Server rules.pdf' --file rules-2.pdf --note 'new naming'",
	  EDITION_NOTES,
	  .params = { WORD("NAME", "name"), CONTENT, TEXT("--note", "note"), EDITION } },
	{ .words = "document set", .form = "NAME [--rename NEW] [--about TEXT]", .en = "another name or description", .zh = "修改文档名称或说明",
	  .example = "document set rules.pdf --rename 'Server rules.pdf'",
	  EDITION_NOTES,
	  .params = { WORD("NAME", "name"), TEXT("--rename", "rename"), TEXT("--about", "about"), EDITION } },
	{ .words = "document share", .form = "NAME (--user U | --role R | --group G)…",
	  .en = "lets users, roles, or whoever has a grant in a resource group read it", .zh = "共享给用户、角色,或在某资源组有授权的人",
	  .example = "document share 'Server rules.pdf' --group web --user bob", EDITION_NOTES,
	  .params = { WORD("NAME", "name"), READERS, EDITION },
	  .choices = { { .en = SHARE_EN, .zh = SHARE_ZH } } },
	{ .words = "document unshare", .form = "NAME (--user U | --role R | --group G)…", .en = "takes that back", .zh = "取消共享",
	  .example = "document unshare 'Server rules.pdf' --user bob", EDITION_NOTES,
	  .params = { WORD("NAME", "name"), READERS, EDITION },
	  .choices = { { .en = SHARE_EN, .zh = SHARE_ZH } } },
	{ .words = "document list", .form = "[--text X]", .en = "documents, or those whose name, description or text has these words",
	  .zh = "列出文档,或名称、说明、正文含有指定词语的文档", .example = "document list --text '命名'",
	  .columns = "id,name,type,size,version,changed,changed_by,users,roles,groups", .params = { TEXT("--text", "text") } },
	{ .words = "document versions", .form = "NAME", .en = "what was uploaded, newest first", .zh = "列出文档的各个版本,由新到旧",
	  .example = "document versions 'Server rules.pdf'", .columns = "version,current,size,type,uploaded,uploaded_by,removed,note,sha256",
	  .params = { WORD("NAME", "name") } },
	{ .words = "document restore", .form = "NAME --number N", .en = "an old version is the one that is read again",
	  .zh = "恢复某个旧版本为当前版本", .example = "document restore 'Server rules.pdf' --number 1",
	  EDITION_NOTES,
	  .params = { WORD("NAME", "name"), NEED("--number", "version"), EDITION } },
	{ .words = "document get", .form = "NAME --output F [--number N]", .en = "writes a document to a new file", .zh = "将文档保存到新文件",
	  .example = "document get 'Server rules.pdf' --output rules.pdf", .columns = "id,name,version,type,size,sha256",
	  .params = { WORD("NAME", "name"), NEED_LOCAL("--output"), TEXT("--number", "version") }, .run = cli_export },
	{ .words = "document remove", .form = "NAME [--number N]", .en = "removes a document, or one old version; the audit log keeps who had it",
	  .zh = "移除文档或其某个旧版本;审计日志保留访问记录", .example = "document remove 'Server rules.pdf'",
	  EDITION_NOTES,
	  .params = { WORD("NAME", "name"), TEXT("--number", "version"), EDITION } },
	{ .words = "audit search",
	  .form = "--since 1h|30m|7d|RFC3339 [--until …] [--text X] [--user U] [--target T] [--kind K]… [--limit N] [--before NEXT]",
	  .en = "who did what, newest first: commands, terminal text, files, logins, changes",
	  .zh = "检索审计:命令、终端输出、文件、登录、变更,由新到旧", .example = "audit search --since 7d --text '/etc/passwd' --kind command",
	  .notes_en = "  --text    whole words, all of them; \"quoted words\" and words with other signs (/etc/passwd, 10.0.0.5)\n"
		      "            stand just so; Chinese anywhere in the text, one character is enough\n"
		      "  --kind    command, output, statement (SQL), file, login, admin\n"
		      "  --before  the last row's `next`: the page after it\n"
		      "  replay SESSION --from OFFSET shows what happened",
	  .notes_zh = "  --text    整词匹配,多个词须同时出现;\"引号内\"及含符号的词(/etc/passwd、10.0.0.5)须原样出现;\n"
		      "            中文可从任意位置匹配,单字亦可\n"
		      "  --kind    command 命令,output 终端输出,statement SQL 语句,file 文件,login 登录,admin 变更\n"
		      "  --before  填上一页最后一行的 next,查看下一页\n"
		      "  用 replay SESSION --from OFFSET 回放当时的情形",
	  .columns = "at,kind,user,target,session,offset,text,next",
	  .params = { { .kind = CLI_SINCE, .name = "--since", .key = "since", .needed = true },
		  { .kind = CLI_SINCE, .name = "--until", .key = "until" }, TEXT("--text", "text"), TEXT("--user", "user"),
		  TEXT("--target", "target"), MANY("--kind", "kind"), TEXT("--limit", "limit"), TEXT("--before", "before") } },
	{ .words = "audit save",
	  .form = "--format csv|jsonl --output F --since 1h|30m|7d|RFC3339 [--until …] [--text X] [--user U] [--target T] [--kind K]…",
	  .en = "what audit search finds, all of it (at most 100,000 rows), in a new file", .zh = "将 audit search 的全部结果(最多 100,000 行)保存到新文件",
	  .example = "audit save --format csv --output week.csv --since 7d --kind login",
	  .params = { NEED("--format", "format"), NEED_LOCAL("--output"), { .kind = CLI_SINCE, .name = "--since", .key = "since", .needed = true },
		  { .kind = CLI_SINCE, .name = "--until", .key = "until" }, TEXT("--text", "text"), TEXT("--user", "user"),
		  TEXT("--target", "target"), MANY("--kind", "kind") }, .run = cli_export },
	{ .words = "audit reindex", .form = "--recording ID | --all",
	  .en = "makes the copy that is searched again, from the audit log and the recordings",
	  .zh = "根据审计日志与录像重建检索数据", .example = "audit reindex --recording 0190a5b2",
	  .params = { { .kind = CLI_TEXT, .name = "--recording", .key = "recording", .choice = 1 },
		  { .kind = CLI_FLAG, .name = "--all", .key = "all", .choice = 1, .fixed = "1" } },
	  .choices = { { .at_most_one = true, .en = "give --recording ID or --all", .zh = "请给出 --recording ID 或 --all" } } },
	{ .words = "audit export", .form = "--output F", .en = "writes the audit log to a new file, to be verified anywhere",
	  .zh = "导出审计日志到新文件,可离线验证", .example = "audit export --output audit.jsonl",
	  .params = { NEED_LOCAL("--output") }, .run = cli_export },
	{ .words = "audit verify", .form = "", .en = "proves that the audit log is whole and unaltered", .zh = "验证审计日志完整且未被改动",
	  .example = "audit verify" },
	{ .words = "verify", .form = "PATH --public-key FILE",
	  .en = "verifies a sealed recording or an exported audit log offline, with the public key alone",
	  .zh = "仅凭公钥离线验证密封录像或导出的审计日志", .example = "verify audit.jsonl --public-key yanmen.pub", .offline = true,
	  .params = { LOCAL_WORD("PATH"), NEED_LOCAL("--public-key") }, .run = cli_verify },
	{ .words = "settings", .wire = "settings list", .form = "", .en = "all settings", .zh = "列出设置", .example = "settings",
	  .columns = "name,value,about" },
	{ .words = "settings list", .form = "", .en = "all settings", .zh = "列出设置", .example = "settings list",
	  .columns = "name,value,about" },
	{ .words = "settings get", .form = "KEY", .en = "one setting", .zh = "查看一项设置", .example = "settings get banner.text",
	  .params = { WORD("KEY", "key") } },
	{ .words = "settings set", .form = "KEY VALUE", .en = "changes a setting", .zh = "修改设置",
	  .example = "settings set banner.text 'authorised use only'", .params = { WORD("KEY", "key"), WORD("VALUE", "value") } },
	{ .words = "init", .form = "", .en = "makes the vault's master key, once", .zh = "生成保险库主密钥(仅一次)", .example = "init",
	  .here = true, .run = cli_init },
	{ .words = "migrate", .form = "", .en = "brings the database to this release's schema", .zh = "将数据库升级到本版本的结构",
	  .example = "migrate", .here = true, .run = cli_migrate },
	{ .words = "setup done", .form = "", .en = "the console does not lead administrators through the first run any more",
	  .zh = "控制台不再引导管理员完成首次设置", .example = "setup done" },
	{ .words = "escrow init", .wire = "escrow set", .form = "--output F",
	  .en = "makes the auditor's key pair; keep the file off the gateway", .zh = "生成审计员密钥对;请将文件保存在网关之外",
	  .example = "escrow init --output auditor.key", .params = { NEED_LOCAL("--output") }, .run = cli_escrow_init },
	{ .words = "escrow open", .form = "FILE.jsonl --key F",
	  .en = "shows an exported recording with what was typed, opened with the auditor's key",
	  .zh = "用审计员密钥打开导出录像中的键入内容", .example = "escrow open session.jsonl --key auditor.key", .offline = true,
	  .params = { LOCAL_WORD("FILE.jsonl"), NEED_LOCAL("--key") }, .run = cli_escrow_open },
	{ .words = "samples remove", .form = "", .en = "removes the sample targets", .zh = "移除示例资源", .example = "samples remove",
	  .here = true, .run = cli_samples_remove },
	{ .words = "group retention", .form = "GROUP DAYS|default",
	  .en = "how long recordings of a group's targets are kept; 0 = for ever, the longest of several groups counts",
	  .zh = "该组资源的录像保留天数;0 为永久,多个组取最长者", .example = "group retention web 365",
	  .params = { WORD("GROUP", "group"), WORD("DAYS", "days") } },
	{ .words = "group requestable", .form = "GROUP on|off", .en = "whether users may ask for this group's targets", .zh = "用户可否申请该组的资源",
	  .example = "group requestable web on", .params = { WORD("GROUP", "group"), WORD("on|off", "requestable") } },
	{ .words = "recording hold", .form = "ID --reason R", .en = "keeps a recording, however old, until it is released",
	  .zh = "保留录像,不因到期而删除,直至解除", .example = "recording hold 0190a5b2 --reason 'case 17'",
	  .params = { ID, NEED("--reason", "reason") } },
	{ .words = "recording release", .form = "ID", .en = "ends a hold", .zh = "解除保留", .example = "recording release 0190a5b2",
	  .params = { ID } },
	{ .words = "retention run", .form = "", .en = "removes now what is due; it happens by itself once an hour",
	  .zh = "立即清理到期录像(平时每小时自动进行)", .example = "retention run" },
	{ .words = "backup", .form = "--output DIR [--passphrase-file F] [--escrow] [--no-key] [--base DIR]",
	  .en = "database, recordings, configuration and the wrapped key of this running instance, into a new folder",
	  .zh = "备份正在运行的实例:数据库、录像、配置与加密后的密钥,写入新目录",
	  .example = "backup --output /backup/2026-11-30 --base /backup/2026-11-29 --passphrase-file /root/backup.pass",
	  .notes_en = "  --passphrase-file F   the key goes in, wrapped by this passphrase (one line, at least 12 characters)\n"
		      "  --escrow              the key goes in, sealed to the auditor key of escrow init\n"
		      "  --no-key              the key stays out: keep copies of the key file yourself\n"
		      "  --base DIR            an earlier backup: recordings that it has are linked, not read again",
	  .notes_zh = "  --passphrase-file F   密钥以此口令加密后放入(一行,至少 12 个字符)\n"
		      "  --escrow              密钥以 escrow init 的审计员公钥密封后放入\n"
		      "  --no-key              不放入密钥:请自行保存密钥文件副本\n"
		      "  --base DIR            较早的备份:其中已有的录像直接硬链接",
	  .params = { NEED_LOCAL("--output"), { .kind = CLI_TEXT, .name = "--passphrase-file", .choice = 1 },
		  { .kind = CLI_FLAG, .name = "--escrow", .choice = 1 }, { .kind = CLI_FLAG, .name = "--no-key", .choice = 1 },
		  LOCAL("--base") },
	  .choices = { { .en = "how is the key to go in? give --passphrase-file FILE, --escrow, both, or --no-key",
		  .zh = "密钥如何放入?请给出 --passphrase-file 文件、--escrow(可同时给出),或 --no-key" } },
	  .here = true, .run = cli_backup },
	{ .words = "restore", .form = "--from DIR (--passphrase-file F | --escrow-key F | --vault-key F)",
	  .en = "a backup becomes this new instance; its database must be empty, and the gateway must not run",
	  .zh = "由备份恢复出新实例;其数据库须为空,且网关未运行",
	  .example = "restore --from /backup/2026-11-30 --passphrase-file /root/backup.pass",
	  .notes_en = "  --escrow-key F   the auditor's private key\n  --vault-key F    your own copy of the key file\n"
		      "  every file is compared with the signed manifest before anything is used",
	  .notes_zh = "  --escrow-key F   审计员私钥\n  --vault-key F    您保存的密钥文件副本\n"
		      "  使用之前,每个文件都会与已签名的清单核对",
	  .params = { NEED_LOCAL("--from"), { .kind = CLI_TEXT, .name = "--passphrase-file", .choice = 1 },
		  { .kind = CLI_TEXT, .name = "--escrow-key", .choice = 1 }, { .kind = CLI_TEXT, .name = "--vault-key", .choice = 1 } },
	  .choices = { { .at_most_one = true, .en = "give one of --passphrase-file FILE, --escrow-key FILE, --vault-key FILE",
		  .zh = "请在 --passphrase-file 文件、--escrow-key 文件、--vault-key 文件 中给出一个" } },
	  .here = true, .run = cli_restore },
	{ .words = "key rotate", .form = "[--ca] [--host] [--users]",
	  .en = "a new master key: credentials are sealed anew, older recordings stay readable",
	  .zh = "更换主密钥:重新密封凭据,旧录像仍可读取", .example = "key rotate",
	  .notes_en = "  --ca      a new SSH user CA too: targets that trust the old one must be told\n"
		      "  --host    a new SSH host key too: clients will be asked about it\n"
		      "  --users   a new CA of users' certificates too: all of them are revoked\n"
		      "  afterwards make a new backup, and publish the file that `public keys` shows",
	  .notes_zh = "  --ca      同时更换 SSH 用户 CA:须通知信任旧 CA 的资源\n"
		      "  --host    同时更换 SSH 主机密钥:客户端会提示密钥变更\n"
		      "  --users   同时更换用户证书 CA:所有用户证书即被吊销\n"
		      "  完成后请重新备份,并重新发布 public keys 给出的公钥文件",
	  .params = { { .kind = CLI_FLAG, .name = "--ca", .key = "ca", .fixed = "1" },
		  { .kind = CLI_FLAG, .name = "--host", .key = "host", .fixed = "1" },
		  { .kind = CLI_FLAG, .name = "--users", .key = "users", .fixed = "1" } } },
	{ .words = "public keys", .form = "", .en = "the keys that others need: evidence, SSH CA, SSH host key",
	  .zh = "对外公开的公钥:证据、SSH CA、主机密钥", .example = "public keys" },
	{ .words = "doctor", .form = "", .en = "checks that everything works", .zh = "检查各部分是否正常", .example = "doctor",
	  .columns = "name,state,say", .run = cli_doctor },
};
/* clang-format on */
const size_t cli_commands_n = COUNT_OF(cli_commands);
