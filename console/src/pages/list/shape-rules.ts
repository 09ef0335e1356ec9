/* Secure mode and its command rules; SQL rules and what databases do where none fits. */
import { may } from '@/me'
import type { Choice, Column, Field, Row, Shape } from './shape'

const words = (values: string[], below: string): Choice[] => values.map((value) => ({ value, text: `${below}.${value}` }))
const plain = (text: string): Choice[] => text.split(' ').map((value) => ({ value }))
const text = (key: string, about?: string): Field => ({ key, label: `rule.${key}`, kind: 'text', about, value: (row) => row[key] })
const id = (row: Row) => ({ id: String(row.id) })
const mine = (row: Row) => row.mine === true
const reasons: Field[] = [text('reason_en'), text('reason_zh')]
const enabled: Field = { key: 'enabled', label: 'rule.enabled', kind: 'switch', value: (row) => (row.enabled ? 'on' : 'off') }

function switching<N extends 'command-rule set' | 'sql-rule set'>(command: N, to: 'on' | 'off') {
	return {
		command,
		label: to === 'on' ? 'action.enable' : 'action.disable',
		permission: 'rule.manage',
		args: (row: { id: number }) => ({ id: String(row.id), enabled: to }),
		when: (row: { mine: boolean; enabled: boolean }) => row.mine && row.enabled === (to === 'off'),
		bulk: true,
		versioned: true,
	}
}

export const secure_modes: Shape = {
	collection: 'secure_modes',
	kind: 'cluster',
	title: 'rules.secure_modes',
	notice: 'rules.not_enforced',
	watched: ['secure_modes', 'command_rules', 'clusters'],
	search: 'list.search',
	filters: [{ key: 'secure', label: 'rules.secure', kind: 'choice', choices: [{ value: 'true', text: 'list.yes' }, { value: 'false', text: 'list.no' }] }],
	columns: [
		{ key: 'name', label: 'field.cluster', sort: true },
		{ key: 'secure', label: 'rules.secure', kind: 'yes', sort: true, width: 110 },
		{ key: 'doors', label: 'rules.doors', kind: 'word', words: 'rule_doors', width: 200 },
		{ key: 'unknown', label: 'rules.unknown', kind: 'word', words: 'rule_action' },
		{ key: 'default', label: 'rules.default', kind: 'word', words: 'rule_action' },
		{ key: 'rules', label: 'rules.count', sort: true, width: 90, to: (row) => `/inventory/command_rules?cluster=${encodeURIComponent(String(row.name))}` },
	],
	actions: [
		{
			command: 'secure-mode set',
			label: 'action.change',
			permission: 'rule.manage',
			args: (row) => ({ cluster: row.name }),
			versioned: true,
			fields: [
				{ key: 'secure', label: 'rules.secure', kind: 'switch', value: (row) => (row.secure ? 'on' : 'off') },
				{ key: 'doors', label: 'rules.doors', kind: 'choice', choices: words(['refuse', 'observer', 'record'], 'rule_doors'), about: 'rules.doors_about', value: (row) => row.doors },
				{ key: 'unknown', label: 'rules.unknown', kind: 'choice', choices: words(['allow', 'ask', 'deny'], 'rule_action'), about: 'rules.unknown_about', value: (row) => row.unknown },
				{ key: 'default', label: 'rules.default', kind: 'choice', choices: words(['allow', 'ask', 'deny'], 'rule_action'), about: 'rules.default_about', value: (row) => row.default },
			],
		},
	],
}

const COMMAND_ACTIONS = words(['deny', 'ask', 'allow', 'alert'], 'rule_action')
const commandAction: Field = { key: 'action', label: 'rule.action', kind: 'choice', choices: COMMAND_ACTIONS, required: true, value: (row) => row.action }
const commandWhat: Field[] = [
	text('name'),
	text('program', 'rules.program_about'),
	text('args', 'rules.args_about'),
	commandAction,
	text('path', 'rules.path_about'),
	text('account'),
	text('target'),
	text('hours', 'rules.hours_about'),
	...reasons,
	enabled,
]
const ofCluster: Field = { key: 'cluster', label: 'field.cluster', kind: 'of', from: 'clusters', about: 'rules.cluster_about' }
const since: Field = { key: 'since', label: 'rules.since', kind: 'time', about: 'rules.since_about' }

export const command_rules: Shape = {
	collection: 'command_rules',
	kind: 'command_rule',
	title: 'rules.command_rules',
	notice: 'rules.not_enforced',
	help: 'rules.command_help',
	order: { command: 'command-rule move', permission: 'rule.manage' },
	watched: ['command_rules', 'clusters'],
	search: 'list.search',
	filters: [
		{ key: 'action', label: 'rule.action', kind: 'choice', choices: COMMAND_ACTIONS },
		{ key: 'enabled', label: 'rule.enabled', kind: 'choice', choices: [{ value: 'true', text: 'list.yes' }, { value: 'false', text: 'list.no' }] },
		{ key: 'cluster', label: 'field.cluster', kind: 'text' },
	],
	columns: [
		{ key: 'cluster', label: 'field.cluster', width: 100, empty: 'rules.all_clusters' },
		{ key: 'name', label: 'field.name', width: 140 },
		{ key: 'action', label: 'rule.action', kind: 'word', words: 'rule_action', width: 82 },
		{ key: 'program', label: 'rule.program', width: 120, clip: true },
		{ key: 'args', label: 'rule.args', width: 140, clip: true },
		{ key: 'enabled', label: 'rule.enabled', kind: 'yes', width: 70 },
	],
	create: { command: 'command-rule add', label: 'action.add', permission: 'rule.manage', fields: [ofCluster, ...commandWhat] },
	more: [
		{ command: 'command-rule import', label: 'rules.starter', permission: 'rule.manage', fields: [{ ...ofCluster, about: 'rules.starter_about' }], answer: true },
		{
			command: 'command-rule check',
			label: 'rules.check',
			permission: 'rule.list',
			answer: true,
			fields: [{ key: 'line', label: 'rules.line', kind: 'text', required: true, about: 'rules.line_about' }, ofCluster, { key: 'directory', label: 'rules.directory', kind: 'text' }],
		},
	],
	actions: [
		{ command: 'command-rule set', label: 'action.change', permission: 'rule.manage', args: id, fields: commandWhat, whole: true, versioned: true, when: mine },
		{ command: 'command-rule try', label: 'rules.try', permission: 'rule.list', args: id, fields: [since], answer: true },
		switching('command-rule set', 'on'),
		switching('command-rule set', 'off'),
		{ command: 'command-rule remove', label: 'action.remove', permission: 'rule.manage', args: id, versioned: true, danger: true, bulk: true, when: mine },
	],
}

const CLASSES = plain('SELECT SHOW EXPLAIN INSERT UPDATE DELETE REPLACE MERGE CREATE ALTER DROP TRUNCATE RENAME GRANT SET USE TCL LOCK CALL PREPARE EXECUTE DEALLOCATE DECLARE CONTROL BLOCK ADMIN KILL REPL HANDLER EMPTY UNPARSED')
const FLAGS = plain('NO_WHERE TAUTOLOGY MULTI DYNAMIC ROUTINE FUNC FILE_READ FILE_WRITE LOCAL_FILE OSCMD REMOTE CODE IMPERSONATE LEXMODE SET_GLOBAL VERSION_COMMENT TEMP BULK')
const SQL_ACTIONS = words(['deny', 'approve', 'allow', 'alert'], 'rule_action')
const many = (key: string, from: string, choices: Choice[], about?: string): Field => ({ key, label: `rule.${key}`, kind: 'many', choices, about, value: (row) => row[from] })
const some = (key: string): Field => ({ key, label: `rule.${key}`, kind: 'text', value: (row) => (row[key] ? String(row[key]) : '') })
const sqlWhat: Field[] = [
	text('name'),
	many('class', 'classes', CLASSES, 'rules.class_about'),
	many('flag', 'flags', FLAGS, 'rules.flag_about'),
	many('without', 'without', FLAGS),
	{ key: 'action', label: 'rule.action', kind: 'choice', choices: SQL_ACTIONS, required: true, value: (row) => row.action },
	text('tables', 'rules.tables_about'),
	text('database'),
	text('user', 'rules.user_about'),
	text('role'),
	{ key: 'dialect', label: 'rule.dialect', kind: 'choice', choices: [{ value: 'mysql', text: 'kind.mysql' }, { value: 'tsql', text: 'kind.sqlserver' }], value: (row) => row.dialect },
	text('program'),
	{ key: 'from', label: 'rule.from', kind: 'area', several: true, value: (row) => row.from },
	text('hours', 'rules.hours_about'),
	some('statements'),
	some('rows'),
	...reasons,
	enabled,
]
const scopes: Field[] = [
	{ ...ofCluster, about: 'rules.scope_about' },
	{ key: 'group', label: 'field.group', kind: 'of', from: 'groups' },
	{ key: 'target', label: 'field.target', kind: 'of', from: 'targets' },
]
const scope: Column = { key: 'cluster', or: ['group', 'target'], label: 'rules.scope', width: 130, empty: 'rules.everything' }

export const sql_rules: Shape = {
	collection: 'sql_rules',
	kind: 'sql_rule',
	title: 'rules.sql_rules',
	notice: 'rules.sql_not_enforced',
	help: 'rules.sql_help',
	order: { command: 'sql-rule move', permission: 'rule.manage' },
	watched: ['sql_rules', 'targets'],
	search: 'list.search',
	filters: [{ key: 'action', label: 'rule.action', kind: 'choice', choices: SQL_ACTIONS }],
	columns: [
		scope,
		{ key: 'name', label: 'field.name', width: 150 },
		{ key: 'action', label: 'rule.action', kind: 'word', words: 'rule_action', width: 90 },
		{ key: 'classes', label: 'rule.class', kind: 'list', clip: true },
		{ key: 'flags', label: 'rule.flag', kind: 'list', clip: true },
		{ key: 'enabled', label: 'rule.enabled', kind: 'yes', width: 80 },
	],
	create: { command: 'sql-rule add', label: 'action.add', permission: 'rule.manage', fields: [...scopes, ...sqlWhat] },
	more: [
		{ command: 'sql-rule import', label: 'rules.starter', permission: 'rule.manage', fields: scopes, answer: true },
		{
			command: 'sql-rule check',
			label: 'rules.sql_check',
			permission: 'rule.list',
			answer: true,
			fields: [
				{ key: 'target', label: 'field.target', kind: 'of', from: 'sql_policies', required: true, about: 'rules.sql_check_about' },
				many('class', '', CLASSES),
				many('flag', '', FLAGS),
				{ key: 'table', label: 'rule.tables', kind: 'area', several: true, about: 'rules.table_about' },
				{ key: 'user', label: 'field.user', kind: 'of', from: 'users' },
				{ ...some('statements'), label: 'rules.batch' },
				{ ...some('rows'), label: 'rules.estimate' },
			],
		},
	],
	actions: [
		{ command: 'sql-rule set', label: 'action.change', permission: 'rule.manage', args: id, fields: sqlWhat, whole: true, versioned: true, when: mine },
		switching('sql-rule set', 'on'),
		switching('sql-rule set', 'off'),
		{ command: 'sql-rule remove', label: 'action.remove', permission: 'rule.manage', args: id, versioned: true, danger: true, bulk: true, when: mine },
	],
}

export const sql_policies: Shape = {
	collection: 'sql_policies',
	kind: 'target',
	title: 'rules.sql_policies',
	notice: 'rules.sql_not_enforced',
	watched: ['sql_policies', 'targets', 'groups'],
	search: 'list.search',
	columns: [
		{ key: 'name', label: 'field.target', sort: true },
		{ key: 'kind', label: 'field.kind', kind: 'word', words: 'kind', sort: true },
		{ key: 'cluster', label: 'field.cluster', sort: true },
		{ key: 'default', label: 'rules.default', kind: 'word', words: 'rule_action' },
		{ key: 'approval', label: 'rules.approval', kind: 'yes' },
		{ key: 'approvers', label: 'rules.approvers' },
	],
	actions: [
		{
			command: 'sql-policy set',
			label: 'action.change',
			permission: 'rule.manage',
			args: (row) => ({ target: row.name }),
			whole: true,
			versioned: true,
			fields: [
				{ key: 'default', label: 'rules.default', kind: 'choice', choices: words(['allow', 'approve', 'deny'], 'rule_action'), value: (row) => row.default },
				{ key: 'approval', label: 'rules.approval', kind: 'switch', about: 'rules.approval_about', value: (row) => (row.approval ? 'on' : 'off') },
				{ key: 'approvers', label: 'rules.approvers', kind: 'of', from: 'groups', about: 'rules.approvers_about', value: (row) => row.approvers ?? '' },
			],
		},
	],
}

/* Where the secure mode of a cluster is looked at; '' for who may not. */
export const secureModeOf = (cluster: unknown) => (may('rule.list') ? `/inventory/secure_modes?q=${encodeURIComponent(String(cluster))}` : '')
