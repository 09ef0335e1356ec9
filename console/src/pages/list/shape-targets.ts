import { renaming, type Choice, type Field, type Row, type Shape } from './shape'

const KINDS: Choice[] = ['linux', 'windows', 'mysql', 'sqlserver'].map((value) => ({ value, text: `kind.${value}` }))
const SETS: Choice[] = ['utf-8', 'gbk', 'gb18030', 'big5'].map((value) => ({ value }))
const charset: Field = { key: 'charset', label: 'field.charset', kind: 'choice', choices: SETS, value: (row) => row.charset }
const legacy: Field = { key: 'legacy', label: 'field.legacy', kind: 'switch', about: 'about.legacy', value: (row) => (row.legacy ? 'on' : 'off') }
const database: Field = { key: 'database', label: 'rule.database', kind: 'text', about: 'about.database', value: (row) => row.database }
const tls: Field = { key: 'tls', label: 'field.tls', kind: 'switch', about: 'about.tls', value: (row) => (row.tls ? 'on' : 'off') }
const name = (row: Row) => ({ name: row.name })

export const targets: Shape = {
	collection: 'targets',
	kind: 'target',
	title: 'inventory.targets',
	watched: ['targets', 'accounts', 'groups', 'clusters'],
	search: 'list.search',
	filters: [{ key: 'kind', label: 'field.kind', kind: 'choice', choices: KINDS }],
	columns: [
		{ key: 'name', label: 'field.name', sort: true },
		{ key: 'kind', label: 'field.kind', kind: 'word', words: 'kind', sort: true, width: 100 },
		{ key: 'address', label: 'field.address', sort: true, width: 175 },
		{ key: 'cluster', label: 'field.cluster', sort: true },
		{ key: 'groups', label: 'field.groups', kind: 'list' },
		{ key: 'accounts', label: 'field.accounts', kind: 'list' },
		{ key: 'pinned', label: 'field.pinned', kind: 'yes', width: 90 },
	],
	create: {
		command: 'target add',
		label: 'action.add',
		permission: 'target.manage',
		answer: true,
		fields: [
			{ key: 'name', label: 'field.name', kind: 'text', required: true },
			{ key: 'kind', label: 'field.kind', kind: 'choice', choices: KINDS, required: true },
			{ key: 'address', label: 'field.address', kind: 'text', required: true, about: 'about.address' },
			{ key: 'cluster', label: 'field.cluster', kind: 'of', from: 'clusters', required: true },
			charset,
			legacy,
		],
	},
	actions: [
		{ command: 'target test', label: 'action.test', permission: 'target.test', args: name, answer: true, bulk: true },
		{
			command: 'target set',
			label: 'action.change',
			permission: 'target.manage',
			args: name,
			versioned: true,
			fields: [
				{ key: 'address', label: 'field.address', kind: 'text', about: 'about.readdress', value: (row) => row.address },
				charset,
				legacy,
			],
		},
		{
			command: 'target set',
			label: 'action.database',
			permission: 'target.manage',
			args: name,
			versioned: true,
			when: (row) => row.kind === 'mysql' || row.kind === 'sqlserver',
			fields: [database, tls, { key: 'tls_key', label: 'rotation.tls_key', kind: 'text', about: 'rotation.tls_key_about' }],
		},
		renaming('target', 'target.manage'),
		{
			command: 'target repin',
			label: 'action.repin',
			permission: 'target.manage',
			danger: true,
			answer: true,
			together: (rows) => ({ target: rows.map((row) => row.name) }),
		},
		{
			command: 'group put',
			label: 'action.group_put',
			permission: 'group.put',
			together: (rows) => ({ target: rows.map((row) => row.name) }),
			fields: [{ key: 'group', label: 'field.group', kind: 'of', from: 'groups', required: true }],
		},
		{
			command: 'template apply',
			label: 'credentials.apply',
			permission: 'account.set',
			together: (rows) => ({ target: rows.map((row) => row.name) }),
			answer: true,
			fields: [
				{ key: 'name', label: 'credentials.template', kind: 'of', from: 'templates', required: true },
				{ key: 'secret', label: 'field.secret', kind: 'secret', about: 'credentials.secret_about' },
			],
		},
		{ command: 'target remove', label: 'action.remove', permission: 'target.manage', args: name, versioned: true, danger: true, bulk: true },
	],
}

const SECRETS: Choice[] = ['password', 'key', 'ca'].map((value) => ({ value, text: `secret.${value}` }))

export const accounts: Shape = {
	collection: 'accounts',
	kind: 'account',
	title: 'inventory.accounts',
	watched: ['accounts', 'targets'],
	search: 'list.search',
	columns: [
		{ key: 'target', label: 'field.target', sort: true },
		{ key: 'name', label: 'field.account', sort: true },
		{ key: 'kind', label: 'field.secret_kind', kind: 'word', words: 'secret', sort: true },
		{ key: 'default', label: 'field.default', kind: 'yes', width: 90 },
		{ key: 'suspended', label: 'field.suspended', kind: 'yes', width: 100 },
		{ key: 'template', label: 'credentials.template', sort: true },
		{ key: 'updated', label: 'field.changed', kind: 'time', sort: true, width: 175 },
	],
	create: {
		command: 'account set',
		label: 'action.add',
		permission: 'account.set',
		fields: [
			{ key: 'target', label: 'field.target', kind: 'of', from: 'targets', required: true },
			{ key: 'account', label: 'field.account', kind: 'text', required: true, about: 'about.account' },
			{ key: 'kind', label: 'field.secret_kind', kind: 'choice', choices: SECRETS, required: true },
			{ key: 'secret', label: 'field.secret', kind: 'secret', about: 'about.secret' },
		],
	},
	actions: [
		{
			command: 'account set',
			label: 'action.secret',
			permission: 'account.set',
			args: (row) => ({ target: row.target, account: row.name }),
			versioned: true,
			fields: [
				{ key: 'kind', label: 'field.secret_kind', kind: 'choice', choices: SECRETS, required: true, value: (row) => row.kind },
				{ key: 'secret', label: 'field.secret', kind: 'secret', about: 'about.secret' },
			],
		},
		{
			command: 'account remove',
			label: 'action.remove',
			permission: 'account.set',
			args: (row) => ({ target: row.target, account: row.name }),
			versioned: true,
			danger: true,
			bulk: true,
		},
	],
}
