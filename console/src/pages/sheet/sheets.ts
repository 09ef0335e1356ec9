/* The inventory's pages as sheets.  Secrets are in none: users get keys and passwords, accounts credentials on their pages. */
import type { Row } from '@/pages/list/shape'
import { listOf, sameList, textOf, Wrong, type Around, type Cells, type Sheet, type SheetColumn, type Step } from './sheet'

const of = (name: string, more: Partial<SheetColumn> = {}): SheetColumn => ({ name, get: (row) => row[name], ...more })
const given = (args: Record<string, unknown>) => Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined && value !== ''))
const text = (value: unknown) => (value === null || value === undefined ? '' : String(value))
const fixed = (cell: string | undefined, row: unknown) => {
	if (cell && cell !== row) throw new Wrong('kind_fixed', String(row))
}
/* What differs, as arguments of one command; none when nothing does. */
function step(command: string, who: Record<string, unknown>, changes: Record<string, unknown>): Step[] {
	const args = given(changes)
	return Object.keys(args).length > 0 ? [[command, { ...who, ...args }]] : []
}

const users: Sheet = {
	permission: 'user.manage',
	columns: [of('name', { required: true }), of('role', { required: true }), of('lang'), of('state', { told: true }), of('password', { told: true }), of('created', { told: true })],
	keysOf: (row) => [text(row.name)],
	key: (cells) => cells.name!,
	add: (cells) => [['user add', given({ name: cells.name, role: cells.role, lang: cells.lang })]],
	change: (cells, row) =>
		step('user set', { name: row.name, version: row.version }, {
			role: cells.role !== row.role ? cells.role : '',
			lang: cells.lang !== undefined && cells.lang !== text(row.lang) ? cells.lang || 'none' : '',
		}),
}

const groups: Sheet = {
	permission: 'group.manage',
	columns: [of('name', { required: true }), of('kind'), of('retention_days'), of('admins', { told: true }), of('targets', { told: true })],
	keysOf: (row) => [text(row.name)],
	key: (cells) => cells.name!,
	add: (cells) => {
		if (cells.kind && !['ordinary', 'network_default'].includes(cells.kind)) throw new Wrong('bad_kind', cells.kind)
		const add: Step = ['group add', given({ name: cells.name, network_default: cells.kind === 'network_default' ? '1' : '' })]
		return cells.retention_days ? [add, ['group retention', { group: cells.name, days: cells.retention_days }]] : [add]
	},
	change: (cells, row) => {
		fixed(cells.kind, row.kind)
		const days = cells.retention_days
		return step('group retention', { group: row.name, version: row.version }, { days: days !== undefined && days !== text(row.retention_days) ? days || 'default' : '' })
	},
}

const clusters: Sheet = {
	permission: 'cluster.manage',
	columns: [of('name', { required: true }), of('networks', { required: true }), of('admins', { told: true }), of('targets', { told: true })],
	keysOf: (row) => [text(row.name)],
	key: (cells) => cells.name!,
	add: (cells) => [['cluster add', { name: cells.name, network: listOf(cells.networks) }]],
	change: (cells, row) => (sameList(row.networks, listOf(cells.networks)) ? [] : [['cluster set', { name: row.name, version: row.version, network: listOf(cells.networks) }]]),
}

/* Into which groups it goes, and out of which. */
function membership(cells: Cells, row: Row, around: Around): Step[] {
	if (cells.groups === undefined) return []
	const is = ((row.groups as string[] | undefined) ?? []).filter((name) => !around.selfFilling.has(name))
	const wanted = listOf(cells.groups).filter((name) => !around.selfFilling.has(name))
	const put = wanted.filter((name) => !is.includes(name)).map((group): Step => ['group put', { group, target: [row.name] }])
	const take = is.filter((name) => !wanted.includes(name)).map((group): Step => ['group take', { group, target: [row.name] }])
	return [...put, ...take]
}

const targets: Sheet = {
	permission: 'target.manage',
	columns: [
		of('name', { required: true }),
		of('kind', { required: true }),
		of('address', { required: true }),
		of('cluster', { required: true }),
		of('charset'),
		of('legacy'),
		of('groups'),
		of('accounts', { told: true }),
		of('pinned', { told: true }),
	],
	keysOf: (row) => [text(row.name)],
	key: (cells) => cells.name!,
	add: (cells, around) => {
		const { name, kind, address, cluster, charset, legacy } = cells
		return [['target add', given({ name, kind, address, cluster, charset, legacy })], ...membership(cells, { id: 0, name, groups: [] }, around)]
	},
	change: (cells, row, around) => {
		fixed(cells.kind, row.kind)
		const legacy = row.legacy ? 'on' : 'off'
		return [
			...step('target set', { name: row.name, version: row.version }, {
				address: cells.address !== row.address ? cells.address : '',
				charset: cells.charset !== row.charset ? cells.charset : '',
				legacy: cells.legacy !== legacy ? cells.legacy : '',
			}),
			...(cells.cluster === row.cluster ? [] : [['cluster put', { cluster: cells.cluster, target: [row.name] }] as Step]),
			...membership(cells, row, around),
		]
	},
}

const accounts: Sheet = {
	permission: 'account.set',
	alone: true,
	columns: [
		of('target', { required: true }),
		{ name: 'account', get: (row) => row.name, required: true },
		of('kind', { required: true }),
		of('default', { told: true }),
		of('suspended', { told: true }),
		of('updated', { told: true }),
	],
	keysOf: (row) => [`${text(row.name)}@${text(row.target)}`],
	key: (cells) => `${cells.account}@${cells.target}`,
	add: (cells, around) => {
		if (!around.targets.has(cells.target!)) throw new Wrong('no_such_target', cells.target)
		if (cells.kind !== 'ca') throw new Wrong('needs_secret', cells.kind)
		return [['account set', { target: cells.target, account: cells.account, kind: 'ca' }]]
	},
	change: (cells, row) => {
		if (cells.kind !== row.kind && cells.kind !== 'ca') throw new Wrong('needs_secret', cells.kind)
		return cells.kind === row.kind ? [] : [['account set', { target: cells.target, account: cells.account, kind: 'ca', version: row.version }]]
	},
}

const granted = (cells: Cells) =>
	given({ ...cells, id: '', online: '', from: undefined, features: undefined, until: cells.until && new Date(cells.until).toISOString() })
const number = (value: unknown) => text(value) || '0'
const moment = (value: unknown) => (text(value) === '' ? 0 : new Date(text(value)).getTime())

const USUAL = ['shell', 'exec', 'sftp', 'scp', 'upload', 'download', 'forward', 'query']
const ordered = (value: unknown) => [...((value as string[] | null) ?? [])].sort().join(' ')
/* The same for the grant and for a line without its id that says the same. */
const contentOf = (row: Row) =>
	[
		...['user', 'account', 'target', 'group', 'hours'].map((key) => text(row[key])),
		moment(row.until),
		...['idle', 'total', 'concurrent', 'paste_max'].map((key) => number(row[key])),
		text(row.paste) || 'ask',
		textOf(row.copy) || 'on',
		ordered(row.from),
		ordered(row.features) || ordered(USUAL),
	].join('|')

const grants: Sheet = {
	permission: 'grant.manage',
	columns: [
		of('id'),
		of('user', { required: true }),
		of('account', { required: true }),
		of('target'),
		of('group'),
		of('from'),
		of('hours'),
		of('until'),
		of('features'),
		of('idle'),
		of('total'),
		of('concurrent'),
		of('paste'),
		of('paste_max'),
		of('copy'),
		of('online', { told: true }),
	],
	keysOf: (row) => [text(row.id), contentOf(row)],
	key: (cells) => cells.id || contentOf({ ...cells, id: 0, from: listOf(cells.from), features: listOf(cells.features) }),
	add: (cells) => {
		if (cells.until && Number.isNaN(moment(cells.until))) throw new Wrong('missing', 'until')
		return [['grant add', { ...granted(cells), from: listOf(cells.from), feature: listOf(cells.features) }]]
	},
	/* A grant is not changed: it ends, and another one begins. */
	change: (cells, row) => {
		const same =
			(['user', 'account', 'target', 'group', 'hours'] as const).every((key) => cells[key] === undefined || cells[key] === text(row[key])) &&
			(['idle', 'total', 'concurrent', 'paste_max'] as const).every((key) => cells[key] === undefined || number(cells[key]) === number(row[key])) &&
			(cells.paste === undefined || (cells.paste || 'ask') === text(row.paste)) &&
			(cells.copy === undefined || (cells.copy || 'on') === textOf(row.copy)) &&
			(cells.from === undefined || sameList(row.from, listOf(cells.from))) &&
			(cells.features === undefined || sameList(row.features, listOf(cells.features))) &&
			(cells.until === undefined || moment(cells.until) === moment(row.until))
		if (same) return []
		const whole: Cells = Object.fromEntries(grants.columns.map((column) => [column.name, cells[column.name] ?? textOf(row[column.name])]))
		return [['grant remove', { id: text(row.id), version: row.version }], ...grants.add(whole, { targets: new Set(), selfFilling: new Set() })]
	},
}

const COMMAND_COLUMNS = ['name', 'program', 'args', 'action', 'path', 'account', 'target', 'hours', 'enabled', 'reason_en', 'reason_zh']
const SQL_TEXTS = ['name', 'action', 'user', 'role', 'dialect', 'database', 'tables', 'hours', 'program', 'statements', 'rows', 'enabled', 'reason_en', 'reason_zh']
const SQL_LISTS = { class: 'classes', flag: 'flags', without: 'without', from: 'from' } as const

/* Rules: found by their id; those without one are added at the end of their scope. */
function rules(noun: 'command-rule' | 'sql-rule', scopes: string[], texts: string[], lists: Record<string, string>): Sheet {
	const was = (row: Row, name: string) => (['statements', 'rows'].includes(name) && row[name] === 0 ? '' : textOf(row[name]))
	const values = (cells: Cells, row?: Row) => ({
		...Object.fromEntries(texts.filter((name) => cells[name] !== undefined && (!row || cells[name] !== was(row, name))).map((name) => [name, cells[name]])),
		...Object.fromEntries(Object.keys(lists).filter((name) => cells[name] !== undefined && (!row || !sameList(row[lists[name]!], listOf(cells[name])))).map((name) => [name, cells[name] ? listOf(cells[name]) : ['']])),
	})
	return {
		permission: 'rule.manage',
		columns: [
			of('id'),
			...scopes.map((name) => of(name)),
			...texts.map((name) => of(name, { get: (row) => was(row, name), required: name === 'action' })),
			...Object.entries(lists).map(([name, key]) => of(name, { get: (row) => row[key] })),
		],
		keysOf: (row) => [text(row.id)],
		key: (cells) => cells.id || scopes.concat(texts, Object.keys(lists)).map((name) => cells[name] ?? '').join('|'),
		add: (cells) => {
			if (cells.id) throw new Wrong('kind_fixed', cells.id)
			return [[`${noun} add`, given({ ...Object.fromEntries(scopes.map((name) => [name, cells[name]])), ...values(cells) })]]
		},
		change: (cells, row) => {
			scopes.forEach((name) => fixed(cells[name], text(row[name])))
			const changes = values(cells, row)
			return Object.keys(changes).length > 0 ? [[`${noun} set`, { id: text(row.id), version: row.version, ...changes }]] : []
		},
	}
}
const command_rules = rules('command-rule', ['cluster'], COMMAND_COLUMNS, {})
const sql_rules = rules('sql-rule', ['cluster', 'group', 'target'], SQL_TEXTS, SQL_LISTS)

/* What an account of a cloud console is; its secrets are entered by themselves, and are in no file. */
const clouds: Sheet = {
	permission: 'cloud.manage',
	columns: [
		...['name', 'provider', 'kind', 'login', 'group'].map((name) => of(name, { required: true })),
		...['url', 'key_id', 'remind'].map((name) => of(name)),
		...['password_at', 'key_at', 'due', 'users', 'opened'].map((name) => of(name, { told: true })),
	],
	keysOf: (row) => [text(row.name)],
	key: (cells) => cells.name!,
	add: ({ name, provider, kind, login, group, url, key_id, remind }) => [['cloud add', given({ name, provider, kind, login, group, url, key_id, remind })]],
	change: (cells, row) => {
		const other = (key: string, empty = '') => (cells[key] !== undefined && cells[key] !== text(row[key]) ? cells[key] || empty : '')
		return step('cloud set', { name: row.name, version: row.version }, {
			...Object.fromEntries(['provider', 'kind', 'login', 'group', 'remind'].map((key) => [key, other(key)])),
			url: other('url', 'none'),
			key_id: other('key_id', 'none'),
		})
	},
}

export const sheets: Record<string, Sheet> = { users, groups, clusters, targets, accounts, grants, command_rules, sql_rules, clouds }
