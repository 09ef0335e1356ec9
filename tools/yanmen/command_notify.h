/*
 * command_notify - the rows of command.c's table about channels and the outbox: a part of that file, read inside the table.
 */
/* clang-format off */
#define CHANNEL_PARAMS \
	TEXT("--address", "address"), TEXT("--from", "from"), TEXT("--login", "login"), TEXT("--tls", "tls"), \
	{ .kind = CLI_SECRET, .name = "--secret-file" }, { .kind = CLI_LINES, .name = "--ca-file", .key = "ca" }, \
	MANY("--event", "event"), TEXT("--group", "group"), TEXT("--lang", "lang"), TEXT("--state", "state")
#define CHANNEL_NOTES_EN \
	"  --address H:P      mail: the server, smtp.example.com:587\n" \
	"  --from A           mail: the address that messages come from\n" \
	"  --login L          mail: as whom to sign in there; the password is in --secret-file\n" \
	"  --tls M            mail: starttls (587), tls (465), none (never with a password)\n" \
	"  --secret-file F    the password; of the others the URL, and the key to sign with in the second line\n" \
	"  --ca-file F        PEM: who must have signed the server's certificate; without it, whom the system trusts\n" \
	"  --event E          only these, may be repeated: request.asked, request.nobody, request.approved, request.refused,\n" \
	"                     request.ending, request.ended, sql.asked, sql.nobody, sql.approved, sql.refused, sql.ended,\n" \
	"                     session.ended, alert; without it all of them\n" \
	"  --group G          only what is about its targets      --state on|off  off: nothing new is written for it\n" \
	"  --lang en|zh|none  language of its messages; a person's own goes before"
#define CHANNEL_NOTES_ZH \
	"  --address H:P      邮件:服务器,如 smtp.example.com:587\n" \
	"  --from A           邮件:发件人地址\n" \
	"  --login L          邮件:登录名;密码放在 --secret-file\n" \
	"  --tls M            邮件:starttls(587)、tls(465)、none(不得有密码)\n" \
	"  --secret-file F    邮件为密码;其余为 URL,第二行为签名密钥\n" \
	"  --ca-file F        PEM:服务器证书的签发者;未给出则信任系统证书\n" \
	"  --event E          仅这些事件,可重复:request.asked、request.nobody、request.approved、request.refused、\n" \
	"                     request.ending、request.ended、sql.asked、sql.nobody、sql.approved、sql.refused、sql.ended、\n" \
	"                     session.ended、alert;未给出则全部\n" \
	"  --group G          仅与该资源组有关的消息      --state on|off  off:不再产生新消息\n" \
	"  --lang en|zh|none  该渠道的语言;用户自己的语言优先"
	{ .words = "channel add", .form = "NAME --kind mail|webhook|dingtalk|wecom [--secret-file F] [OPTION]…",
	  .en = "a way in which people are told outside of the console", .zh = "添加通知渠道:控制台之外通知用户的方式",
	  .example = "channel add mail --kind mail --address smtp.example.com:587 --from yanmen@example.com",
	  .notes_en = CHANNEL_NOTES_EN, .notes_zh = CHANNEL_NOTES_ZH,
	  .params = { WORD("NAME", "name"), NEED("--kind", "kind"), CHANNEL_PARAMS } },
	{ .words = "channel set", .form = "NAME [--secret-file F] [OPTION]… [--if-version N]",
	  .en = "changes a channel; what is not given stays", .zh = "修改通知渠道;未给出的保持不变", .example = "channel set robot --state off",
	  .notes_en = CHANNEL_NOTES_EN "\n" VERSION_NOTE_EN, .notes_zh = CHANNEL_NOTES_ZH "\n" VERSION_NOTE_ZH,
	  .params = { WORD("NAME", "name"), CHANNEL_PARAMS, VERSION } },
	{ .words = "channel remove", .form = "NAME", .en = "ends a channel; what waits for it is not sent", .zh = "移除通知渠道;尚未发送的消息不再发送",
	  .example = "channel remove robot", .params = { WORD("NAME", "name") } },
	{ .words = "channel list", .form = "", .en = "the channels, without their secrets", .zh = "列出通知渠道(不含密钥)", .example = "channel list",
	  .columns = "name,kind,state,address,group,events" },
	{ .words = "channel test", .form = "NAME [--to ADDRESS]", .en = "sends a real message at once, and shows the server's words",
	  .zh = "立即发送测试消息,并显示服务器答复", .example = "channel test mail --to me@example.com", .params = { WORD("NAME", "name"), TEXT("--to", "to") } },
	{ .words = "notice list", .form = "[--state S] [--limit N]", .en = "the outbox: messages and how they went, the newest first",
	  .zh = "发件箱:消息及其状态,最新的在前", .example = "notice list --state dead",
	  .columns = "id,kind,channel,user,request,state,attempts,said", .params = { TEXT("--state", "state"), TEXT("--limit", "limit") } },
	{ .words = "notice retry", .form = "ID", .en = "tries it again at once", .zh = "立即重试", .example = "notice retry 17", .params = { ID } },
	{ .words = "notice drop", .form = "ID", .en = "gives it up", .zh = "放弃发送", .example = "notice drop 17", .params = { ID } },
/* clang-format on */
