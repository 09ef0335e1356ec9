/*
 * command_accounts - the rows of command.c about rotation and account templates; included there, inside the table.
 */
/* clang-format off */
#define ROTATION_NOTES_EN \
	"  --every DAYS   so long a password is good\n" \
	"  --account A    accounts of this name alone; without it all that have a password\n" \
	"  --via A        the account of each target that logs in and changes the others; without it each its own\n" \
	"  --at HH:MM     the time of the day, UTC, 03:00\n" \
	"  --length N     characters, 24; small and capital letters, digits and others are in each\n" \
	"  --keep DAYS    how long the replaced password can be taken back, 30; then it is destroyed"
#define ROTATION_NOTES_ZH \
	"  --every DAYS   密码有效天数\n" \
	"  --account A    仅限该名称的账号;不给出则为所有使用密码的账号\n" \
	"  --via A        由各资源的该账号登录并修改其他账号;不给出则各自修改\n" \
	"  --at HH:MM     执行时间(UTC),默认 03:00\n" \
	"  --length N     密码长度,默认 24;含大小写字母、数字与其他字符\n" \
	"  --keep DAYS    旧密码可恢复的天数,默认 30;到期销毁"
#define TEMPLATE_TEXTS \
	TEXT("--login", "login"), TEXT("--kind", "kind"), TEXT("--root", "root"), TEXT("--sudo", "sudo"), TEXT("--about", "about")
#define TEMPLATE_NOTES_EN \
	"  --login L       the account's name on the targets; without it the template's\n" \
	"  --kind K        how one logs in: password, key, ca\n" \
	"  --root on|off   whether it may become root there; --sudo WORDS: what sudo allows it, for people to read\n" \
	"  --about TEXT    a description"
#define TEMPLATE_NOTES_ZH \
	"  --login L       资源上的登录名;缺省为模板名\n" \
	"  --kind K        登录方式:password、key、ca\n" \
	"  --root on|off   是否可成为 root;--sudo WORDS:其 sudo 权限的文字说明\n" \
	"  --about TEXT    说明"
	{ .words = "account rotate", .form = "TARGET ACCOUNT [--via A]",
	  .en = "changes an account's password on its target to a random one, and tries it by a new login",
	  .zh = "将资源上的账号密码改为随机强密码,并以新登录验证", .example = "account rotate web01 cyadmin",
	  .notes_en = "  --via A   another account of the target logs in and changes it: root, or one with sudo for chpasswd",
	  .notes_zh = "  --via A   由该资源的另一账号登录并修改:root,或可经 sudo 执行 chpasswd 的账号",
	  .params = { WORD("TARGET", "target"), WORD("ACCOUNT", "account"), TEXT("--via", "via") } },
	{ .words = "account rotations", .form = "[--target T] [--account A]", .en = "rotations of passwords: when, why, by whom, how they went",
	  .zh = "列出密码轮换记录:时间、原因、发起人与结果", .example = "account rotations --target web01",
	  .columns = "id,target,account,why,asked_by,state,started,ended,say", .params = { TEXT("--target", "target"), TEXT("--account", "account") } },
	{ .words = "account settle", .form = "ID", .en = "looks again at a rotation that is unsure: does the new password work, or the old one?",
	  .zh = "重新核实状态不明的轮换:新密码有效还是旧密码有效", .example = "account settle 12", .params = { ID } },
	{ .words = "account recover", .form = "ID", .en = "takes the other password of a rotation: the replaced one, as when a target was restored; of a failed one that it had made",
	  .zh = "改用某次轮换的另一个密码:被替换的密码(如资源从备份还原后),或失败的轮换所生成的密码", .example = "account recover 12", .params = { ID } },
	{ .words = "account ages", .form = "[--older DAYS]", .en = "passwords: how old they are, when their policy changes them, how it went last",
	  .zh = "列出密码的使用天数、下次轮换时间与最近结果", .example = "account ages --older 90",
	  .columns = "target,account,kind,days,rotated,policy,due,state,say,hindrance", .params = { TEXT("--older", "older") } },
	{ .words = "rotation add",
	  .form = "NAME --every DAYS (--group G | --cluster C | --target T) [--account A] [--via A] [--at HH:MM] [--length N] [--keep DAYS]",
	  .en = "passwords of these targets are rotated every so many days, by themselves", .zh = "添加轮换策略:定期自动更换这些资源的密码",
	  .example = "rotation add web-30 --every 30 --group web --at 03:30", .notes_en = ROTATION_NOTES_EN, .notes_zh = ROTATION_NOTES_ZH,
	  .params = { WORD("NAME", "name"), NEED("--every", "every"), { .kind = CLI_TEXT, .name = "--group", .key = "group", .choice = 1 },
		  { .kind = CLI_TEXT, .name = "--cluster", .key = "cluster", .choice = 1 },
		  { .kind = CLI_TEXT, .name = "--target", .key = "target", .choice = 1 }, TEXT("--account", "account"), TEXT("--via", "via"),
		  TEXT("--at", "at"), TEXT("--length", "length"), TEXT("--keep", "keep") },
	  .choices = { { .at_most_one = true, .en = "of what? give one of --group G, --cluster C, --target T",
		  .zh = "针对什么?请给出 --group、--cluster 或 --target 之一" } } },
	{ .words = "rotation set",
	  .form = "NAME [--every DAYS] [--account A] [--via A] [--at HH:MM] [--length N] [--keep DAYS] [--if-version N]",
	  .en = "changes a rotation policy", .zh = "修改轮换策略", .example = "rotation set web-30 --every 60",
	  .notes_en = ROTATION_NOTES_EN "\n" VERSION_NOTE_EN, .notes_zh = ROTATION_NOTES_ZH "\n" VERSION_NOTE_ZH,
	  .params = { WORD("NAME", "name"), TEXT("--every", "every"), TEXT("--account", "account"), TEXT("--via", "via"), TEXT("--at", "at"),
		  TEXT("--length", "length"), TEXT("--keep", "keep"), VERSION } },
	{ .words = "rotation remove", .form = "NAME", .en = "removes a rotation policy", .zh = "移除轮换策略", .example = "rotation remove web-30",
	  .params = { WORD("NAME", "name") } },
	{ .words = "rotation list", .form = "", .en = "rotation policies", .zh = "列出轮换策略", .example = "rotation list",
	  .columns = "name,group,cluster,target,account,via,every,at,length,keep,accounts" },
	{ .words = "template add", .form = "NAME [--login L] [--kind password|key|ca] [--root on|off] [--sudo WORDS] [--about TEXT]",
	  .en = "a template of accounts: the name they have on targets, how one logs in, what they may there",
	  .zh = "添加账号模板:资源上的登录名、登录方式与权限", .example = "template add appadmin --kind ca --sudo 'systemctl restart app'",
	  .notes_en = TEMPLATE_NOTES_EN, .notes_zh = TEMPLATE_NOTES_ZH, .params = { WORD("NAME", "name"), TEMPLATE_TEXTS } },
	{ .words = "template set",
	  .form = "NAME [--login L] [--kind password|key|ca] [--root on|off] [--sudo WORDS] [--about TEXT] [--if-version N]",
	  .en = "changes a template; accounts that it was applied to stay as they are", .zh = "修改账号模板;已应用的账号不变",
	  .example = "template set cyadmin --sudo 'ALL, without su'", .notes_en = TEMPLATE_NOTES_EN "\n" VERSION_NOTE_EN,
	  .notes_zh = TEMPLATE_NOTES_ZH "\n" VERSION_NOTE_ZH, .params = { WORD("NAME", "name"), TEMPLATE_TEXTS, VERSION } },
	{ .words = "template rename", .form = "OLD NEW [--if-version N]",
	  .en = "another name, and the login too where it is the same: xxadmin with the customer's initials",
	  .zh = "更改模板名称;登录名与之相同时一并更改(如将 xxadmin 改为客户缩写)", .example = "template rename xxadmin abadmin",
	  .notes_en = VERSION_NOTE_EN, .notes_zh = VERSION_NOTE_ZH, .params = { RENAMED } },
	{ .words = "template remove", .form = "NAME", .en = "removes a template; accounts that it was applied to stay", .zh = "移除账号模板;已应用的账号保留",
	  .example = "template remove appadmin", .params = { WORD("NAME", "name") } },
	{ .words = "template apply", .form = "NAME (--target T… | --group G | --cluster C) [--password-file F | --key-file F]",
	  .en = "gives each of these targets the template's account; one that is there stays as it is",
	  .zh = "为这些资源添加模板中的账号;已有同名账号保持不变", .example = "template apply cyadmin --group web --password-file first.txt",
	  .notes_en = "  --password-file F, --key-file F   the credential, as the template's kind asks; a template of kind ca needs none\n"
		      "  --target T   may be repeated",
	  .notes_zh = "  --password-file F、--key-file F   模板类型所需的凭据;类型 ca 无需凭据\n"
		      "  --target T   可重复",
	  .params = { WORD("NAME", "name"), { .kind = CLI_MANY, .name = "--target", .key = "target", .choice = 1 },
		  { .kind = CLI_TEXT, .name = "--group", .key = "group", .choice = 1 },
		  { .kind = CLI_TEXT, .name = "--cluster", .key = "cluster", .choice = 1 },
		  { .kind = CLI_SECRET, .name = "--password-file" }, { .kind = CLI_SECRET, .name = "--key-file" } },
	  .choices = { { .en = "where? give --target T, --group G or --cluster C", .zh = "应用到何处?请给出 --target、--group 或 --cluster" } } },
	{ .words = "template list", .form = "", .en = "account templates", .zh = "列出账号模板", .example = "template list",
	  .columns = "name,login,root,kind,sudo,about,accounts" },
