import { renaming, type Choice, type Row, type Shape } from './shape'

const LANGUAGES: Choice[] = [{ value: 'zh', text: 'lang.zh' }, { value: 'en', text: 'lang.en' }]
const name = (row: Row) => ({ name: row.name })
const POLICIES: Choice[] = ['default', 'off', 'enrolled', 'required', 'passkey'].map((value) => ({ value, text: `factor.${value}` }))
const USUAL = ['shell', 'exec', 'sftp', 'scp', 'upload', 'download', 'forward', 'query']
const FEATURES: Choice[] = [...USUAL, 'reverse', 'agent', 'x11', 'infile', 'keep-upload', 'keep-download'].map((value) => ({ value, text: `feature.${value}` }))

export const users: Shape = {
	collection: 'users',
	kind: 'user',
	title: 'inventory.users',
	watched: ['users'],
	search: 'list.search',
	filters: [{ key: 'state', label: 'field.state', kind: 'choice', choices: ['active', 'disabled'].map((value) => ({ value, text: `user_state.${value}` })) }],
	columns: [
		{ key: 'name', label: 'field.name', sort: true },
		{ key: 'role', label: 'field.role', kind: 'word', words: 'role', sort: true },
		{ key: 'state', label: 'field.state', kind: 'word', words: 'user_state', sort: true, width: 100 },
		{ key: 'password', label: 'field.password', kind: 'yes', width: 100 },
		{ key: 'enrolled', label: 'field.enrolled', kind: 'yes', width: 110 },
		{ key: 'seen', label: 'field.seen', kind: 'time', sort: true, width: 175 },
		{ key: 'created', label: 'field.created', kind: 'time', sort: true, width: 175 },
	],
	create: {
		command: 'user add',
		label: 'action.add',
		permission: 'user.manage',
		fields: [
			{ key: 'name', label: 'field.name', kind: 'text', required: true, about: 'about.user' },
			{ key: 'role', label: 'field.role', kind: 'of', from: 'roles', required: true },
			{ key: 'secret', label: 'field.password', kind: 'secret', about: 'about.password' },
			{ key: 'key', label: 'field.keys', kind: 'area', several: true, about: 'about.keys' },
			{ key: 'lang', label: 'field.lang', kind: 'choice', choices: LANGUAGES },
		],
	},
	actions: [
		{
			command: 'user set',
			label: 'action.change',
			permission: 'user.manage',
			args: name,
			versioned: true,
			fields: [
				{ key: 'role', label: 'field.role', kind: 'of', from: 'roles', value: (row) => row.role },
				{ key: 'lang', label: 'field.lang', kind: 'choice', choices: [...LANGUAGES, { value: 'none', text: 'inventory_more.no_language' }], value: (row) => row.lang || 'none' },
				{ key: 'mail', label: 'notify.mail_address', kind: 'text', about: 'notify.about_mail', value: (row) => row.mail },
			],
		},
		{ command: 'user disable', label: 'action.disable', permission: 'user.manage', args: name, versioned: true, danger: true, bulk: true, when: (row) => row.state === 'active', fields: [{ key: 'rotate', label: 'rotation.leaver', kind: 'choice', choices: [{ value: 'on', text: 'rotation.leaver_yes' }], about: 'rotation.leaver_about' }] },
		{ command: 'user enable', label: 'action.enable', permission: 'user.manage', args: name, versioned: true, bulk: true, when: (row) => row.state === 'disabled' },
		{
			command: 'user password',
			label: 'signin.set_password',
			permission: 'password.set',
			args: name,
			when: (row) => row.state === 'active',
			fields: [{ key: 'secret', label: 'field.password', kind: 'secret', required: true, about: 'signin.set_about' }],
		},
		{
			command: 'user factor',
			label: 'action.factor',
			permission: 'factor.manage',
			args: name,
			versioned: true,
			bulk: true,
			fields: [{ key: 'policy', label: 'field.policy', kind: 'choice', choices: POLICIES, required: true, value: (row) => row.factor || 'default' }],
		},
		{ command: 'factor reset', label: 'action.factor_reset', permission: 'factor.manage', args: name, danger: true, when: (row) => row.enrolled === true },
		renaming('user', 'user.manage', 'about.user'),
		{ command: 'user remove', label: 'action.remove', permission: 'user.manage', args: name, versioned: true, danger: true, bulk: true },
	],
}

export const grants: Shape = {
	collection: 'grants',
	kind: 'grant',
	title: 'inventory.grants',
	watched: ['grants', 'sessions'],
	search: 'list.search',
	columns: [
		{ key: 'user', label: 'field.user', sort: true },
		{ key: 'account', label: 'field.account', sort: true },
		{ key: 'target', label: 'field.target', sort: true },
		{ key: 'group', label: 'field.group', sort: true },
		{ key: 'from', label: 'field.networks', kind: 'list' },
		{ key: 'hours', label: 'field.hours', width: 140 },
		{ key: 'until', label: 'field.until', kind: 'time', sort: true, width: 175 },
		{ key: 'features', label: 'field.features', kind: 'list', width: 200 },
		{ key: 'paste', label: 'term_rules.paste', kind: 'word', words: 'paste_rule', width: 110 },
		{ key: 'online', label: 'field.online', width: 80 },
		{ key: 'expired', label: 'field.expired', kind: 'yes', width: 90 },
	],
	create: {
		command: 'grant add',
		label: 'action.add',
		permission: 'grant.manage',
		fields: [
			{ key: 'user', label: 'field.user', kind: 'of', from: 'users', required: true },
			{ key: 'account', label: 'field.account', kind: 'text', required: true },
			{ key: 'target', label: 'field.target', kind: 'of', from: 'targets', about: 'about.target_or_group' },
			{ key: 'group', label: 'field.group', kind: 'of', from: 'groups' },
			{ key: 'feature', label: 'field.features', kind: 'many', choices: FEATURES, about: 'about.features' },
			{ key: 'from', label: 'field.networks', kind: 'area', several: true, about: 'about.from' },
			{ key: 'hours', label: 'field.hours', kind: 'text', about: 'about.hours' },
			{ key: 'until', label: 'field.until', kind: 'time' },
			{ key: 'idle', label: 'field.idle', kind: 'text', about: 'about.seconds' },
			{ key: 'total', label: 'field.longest', kind: 'text', about: 'about.seconds' },
			{ key: 'concurrent', label: 'field.concurrent', kind: 'text' },
			{ key: 'paste', label: 'term_rules.paste', kind: 'choice', choices: ['allow', 'ask', 'deny'].map((value) => ({ value, text: `paste_rule.${value}` })), about: 'term_rules.paste_about' },
			{ key: 'paste_max', label: 'term_rules.paste_max', kind: 'text', about: 'term_rules.paste_max_about' },
			{ key: 'copy', label: 'term_rules.copy', kind: 'choice', choices: ['on', 'off'].map((value) => ({ value, text: `copy_rule.${value}` })), about: 'term_rules.copy_about' },
		],
	},
	actions: [{ command: 'grant remove', label: 'action.remove', permission: 'grant.manage', args: (row) => ({ id: String(row.id) }), versioned: true, danger: true, bulk: true }],
}
