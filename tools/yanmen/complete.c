#include "tools/yanmen/manual.h"
#include <string.h>

/* ---- what an option takes ---- */

static bool is_value_text(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789|-_", s[i]))
			return false;
	return n > 0;
}

enum cli_takes cli_manual_takes(const struct cli_command *c, const struct cli_param *p, struct buf *ret_values)
{
	if (p->kind == CLI_FLAG)
		return CLI_TAKES_NOTHING;
	if (p->kind == CLI_SECRET || p->kind == CLI_CONTENT || p->kind == CLI_SQL || p->kind == CLI_LINES)
		return CLI_TAKES_FILE;
	if (p->kind == CLI_WORD || p->kind == CLI_WORDS)
		return p->key ? CLI_TAKES_TEXT : CLI_TAKES_FILE;
	const char *at = c->form;
	size_t name = strlen(p->name);
	while ((at = strstr(at, p->name)) && at[name] != ' ')
		at += name;
	if (!at)
		return CLI_TAKES_TEXT;
	at += name + 1;
	size_t n = strcspn(at, " ])");
	if (!p->key && (strncmp(at, "F", n) == 0 || strncmp(at, "FILE", n) == 0))
		return CLI_TAKES_FILE;
	if (!is_value_text(at, n))
		return CLI_TAKES_TEXT;
	for (size_t i = 0; i < n; i++)
		buf_put(ret_values, at[i] == '|' ? " " : at + i, 1);
	return CLI_TAKES_VALUES;
}

/* ---- the table by nouns ---- */

static size_t noun_length(const struct cli_command *c)
{
	return strcspn(c->words, " ");
}

static bool same_noun(const struct cli_command *a, const struct cli_command *b)
{
	return noun_length(a) == noun_length(b) && strncmp(a->words, b->words, noun_length(a)) == 0;
}

/* Is it the first row of its noun? */
static bool is_first(size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (same_noun(&cli_commands[i], &cli_commands[at]))
			return false;
	return true;
}

static const char *verb_of(const struct cli_command *c)
{
	const char *blank = strchr(c->words, ' ');
	return blank ? blank + 1 : NULL;
}

static void put_options(const struct cli_command *c, struct buf *out)
{
	for (size_t i = 0; i < CLI_PARAMS && c->params[i].name; i++)
		if (c->params[i].name[0] == '-')
			buf_printf(out, " %s", c->params[i].name);
}

/* ---- bash and zsh: one function that both understand ---- */

/* What may follow a noun: its verbs, and the options of a command that is the noun alone. */
static void put_noun(const struct cli_command *noun, struct buf *out)
{
	buf_printf(out, "\t\"%.*s \"*) list=\"", (int)noun_length(noun), noun->words);
	for (size_t i = 0; i < cli_commands_n; i++) {
		if (!same_noun(noun, &cli_commands[i]))
			continue;
		if (verb_of(&cli_commands[i]))
			buf_printf(out, " %s", verb_of(&cli_commands[i]));
		else
			put_options(&cli_commands[i], out);
	}
	buf_printf(out, "\" ;;\n");
}

static void put_words(struct buf *out)
{
	buf_printf(out, "\tcase \"$1 $2\" in\n");
	for (size_t i = 0; i < cli_commands_n; i++)
		if (verb_of(&cli_commands[i])) {
			buf_printf(out, "\t\"%s\") list=\"", cli_commands[i].words);
			put_options(&cli_commands[i], out);
			buf_printf(out, "\" ;;\n");
		}
	for (size_t i = 0; i < cli_commands_n; i++)
		if (is_first(i))
			put_noun(&cli_commands[i], out);
	buf_printf(out, "\t\" \") list=\"");
	for (size_t i = 0; i < cli_commands_n; i++)
		if (is_first(i))
			buf_printf(out, " %.*s", (int)noun_length(&cli_commands[i]), cli_commands[i].words);
	buf_printf(out, "\" ;;\n\tesac\n");
}

static void put_value(const struct cli_command *c, const struct cli_param *p, struct buf *out)
{
	struct buf values;
	buf_init(&values, 1024);
	enum cli_takes takes = cli_manual_takes(c, p, &values);
	if (takes != CLI_TAKES_NOTHING && p->name[0] == '-') {
		buf_printf(out, verb_of(c) ? "\t\"%s %s\") " : "\t\"%s \"*\" %s\") ", c->words, p->name);
		if (takes == CLI_TAKES_VALUES)
			buf_printf(out, "kind=value list=\"%s\" ;;\n", buf_str(&values));
		else
			buf_printf(out, "kind=%s ;;\n", takes == CLI_TAKES_FILE ? "file" : "text");
	} else if (takes == CLI_TAKES_FILE) { /* a file that has no option */
		buf_printf(out, "\t\"%s \"*) kind=both ;;\n", c->words);
	}
	buf_done(&values);
}

/* Behind an option its value; a row of a file without option comes behind the options' rows. */
static void put_values(struct buf *out)
{
	buf_printf(out, "\tcase \"$1 $2 $3\" in\n\t*\" --config\") kind=file ;;\n");
	for (int words = 0; words < 2; words++)
		for (size_t i = 0; i < cli_commands_n; i++)
			for (size_t k = 0; k < CLI_PARAMS && cli_commands[i].params[k].name; k++)
				if ((cli_commands[i].params[k].name[0] != '-') == words)
					put_value(&cli_commands[i], &cli_commands[i].params[k], out);
	buf_printf(out, "\tesac\n");
}

static void put_look(struct buf *out)
{
	buf_printf(out, "# noun verb word-before: sets list, and kind (words, value, file, both, text).\n"
			"_yanmen_look()\n{\n\tlist= kind=words\n");
	put_words(out);
	put_values(out);
	buf_printf(out, "\tif [[ $kind != value ]]; then list=\"$list --json --config --help\"; fi\n}\n\n");
}

static const char walk[] =
	"\t\tif [[ -n $skip ]]; then\n\t\t\tskip=\n"
	"\t\telif [[ $word == --config ]]; then\n\t\t\tskip=1\n"
	"\t\telif [[ $word == -* ]]; then\n\t\t\t:\n"
	"\t\telif [[ -z $one ]]; then\n\t\t\tone=$word\n"
	"\t\telif [[ -z $two ]]; then\n\t\t\ttwo=$word\n"
	"\t\tfi\n\tdone\n";

void cli_complete_bash(struct buf *out)
{
	buf_printf(out, "# bash completion for yanmen; made from its table of commands.\n");
	put_look(out);
	buf_printf(out, "_yanmen()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} one= two= skip= word i list kind\n"
			"\tCOMPREPLY=()\n\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tword=${COMP_WORDS[i]}\n%s"
			"\t_yanmen_look \"$one\" \"$two\" \"${COMP_WORDS[COMP_CWORD-1]}\"\n"
			"\t[[ $kind == words || $kind == value || $kind == both ]] && COMPREPLY=($(compgen -W \"$list\" -- \"$cur\"))\n"
			"\t[[ $kind == file || $kind == both ]] && COMPREPLY+=($(compgen -f -- \"$cur\"))\n"
			"\treturn 0\n}\ncomplete -o filenames -F _yanmen yanmen\n", walk);
}

void cli_complete_zsh(struct buf *out)
{
	buf_printf(out, "#compdef yanmen\n# zsh completion for yanmen; made from its table of commands.\n");
	put_look(out);
	buf_printf(out, "_yanmen()\n{\n\tlocal one= two= skip= word list kind\n"
			"\tfor word in \"${(@)words[2,CURRENT-1]}\"; do\n%s"
			"\t_yanmen_look \"$one\" \"$two\" \"${words[CURRENT-1]}\"\n"
			"\t[[ $kind == words || $kind == value || $kind == both ]] && compadd -- ${=list}\n"
			"\t[[ $kind == file || $kind == both ]] && _files\n"
			"\treturn 0\n}\n\n_yanmen \"$@\"\n", walk);
}

/* ---- fish ---- */

static void put_quoted(struct buf *out, const char *s)
{
	buf_put(out, "'", 1);
	for (; *s; s++) {
		if (*s == '\'' || *s == '\\')
			buf_put(out, "\\", 1);
		buf_put(out, s, 1);
	}
	buf_put(out, "'", 1);
}

static void put_fish_option(const struct cli_command *c, const struct cli_param *p, struct buf *out)
{
	struct buf values;
	buf_init(&values, 1024);
	enum cli_takes takes = cli_manual_takes(c, p, &values);
	if (p->name[0] == '-') {
		buf_printf(out, "complete -c yanmen -n '__yanmen_is %s' -l %s", c->words, p->name + 2);
		if (takes == CLI_TAKES_VALUES)
			buf_printf(out, " -x -a '%s'", buf_str(&values));
		else if (takes != CLI_TAKES_NOTHING)
			buf_printf(out, takes == CLI_TAKES_FILE ? " -r -F" : " -x");
		buf_put(out, "\n", 1);
	} else if (takes == CLI_TAKES_FILE) {
		buf_printf(out, "complete -c yanmen -n '__yanmen_is %s' -F\n", c->words);
	}
	buf_done(&values);
}

static void put_fish_command(size_t at, struct buf *out)
{
	const struct cli_command *c = &cli_commands[at];
	if (is_first(at))
		buf_printf(out, "complete -c yanmen -n __yanmen_start -a %.*s", (int)noun_length(c), c->words);
	if (is_first(at) && !verb_of(c)) {
		buf_printf(out, " -d ");
		put_quoted(out, c->en);
	}
	if (is_first(at))
		buf_put(out, "\n", 1);
	if (verb_of(c)) {
		buf_printf(out, "complete -c yanmen -n '__yanmen_noun %.*s' -a %s -d ", (int)noun_length(c), c->words, verb_of(c));
		put_quoted(out, c->en);
		buf_put(out, "\n", 1);
	}
	for (size_t i = 0; i < CLI_PARAMS && c->params[i].name; i++)
		put_fish_option(c, &c->params[i], out);
}

void cli_complete_fish(struct buf *out)
{
	buf_printf(out, "# fish completion for yanmen; made from its table of commands.\n"
			"function __yanmen_words\n    set -l skip 0\n    for word in (commandline -opc)[2..-1]\n"
			"        if test $skip = 1\n            set skip 0\n"
			"        else if test \"$word\" = --config\n            set skip 1\n"
			"        else if not string match -q -- '-*' $word\n            echo $word\n        end\n    end\nend\n"
			"function __yanmen_start\n    test (count (__yanmen_words)) -eq 0\nend\n"
			"function __yanmen_noun\n    set -l words (__yanmen_words)\n"
			"    test (count $words) -eq 1; and test \"$words[1]\" = \"$argv[1]\"\nend\n"
			"function __yanmen_is\n    set -l words (__yanmen_words)\n    set -l n (count $argv)\n"
			"    test (count $words) -ge $n; and test \"$words[1..$n]\" = \"$argv\"\nend\n"
			"complete -c yanmen -f\n"
			"complete -c yanmen -l json -d 'answers as JSON'\n"
			"complete -c yanmen -l config -r -F -d 'the configuration'\n"
			"complete -c yanmen -l help -d 'help'\n"
			"complete -c yanmen -l version -d 'the release'\n");
	for (size_t i = 0; i < cli_commands_n; i++)
		put_fish_command(i, out);
}
