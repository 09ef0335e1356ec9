import type { Choice, Field, Row, Shape } from './shape'

const name = (row: Row) => ({ name: row.name })
const id = (row: Row) => ({ id: String(row.id) })
const account = (row: Row) => ({ target: row.target, account: row.name })
const STATES: Choice[] = ['current', 'failed', 'unsure', 'planned', 'sealed', 'sent'].map((value) => ({ value, text: `rotation_state.${value}` }))
const WHYS: Choice[] = ['asked', 'policy', 'leaver'].map((value) => ({ value, text: `rotation_why.${value}` }))
const via: Field = { key: 'via', label: 'rotation.via', kind: 'text', about: 'rotation.via_about', value: (row) => row.via }
const terms: Field[] = [
	{ key: 'every', label: 'rotation.every', kind: 'text', required: true, about: 'rotation.every_about', value: (row) => row.every },
	{ key: 'at', label: 'rotation.at', kind: 'text', about: 'rotation.at_about', value: (row) => row.at },
	{ key: 'account', label: 'field.account', kind: 'text', about: 'rotation.account_about', value: (row) => row.account },
	via,
	{ key: 'length', label: 'rotation.length', kind: 'text', about: 'rotation.length_about', value: (row) => row.length },
	{ key: 'keep', label: 'rotation.keep', kind: 'text', about: 'rotation.keep_about', value: (row) => row.keep },
]

/* How old each password is, and what is done about it. */
export const passwords: Shape = {
	collection: 'passwords',
	title: 'rotation.passwords',
	watched: ['accounts', 'rotations', 'rotation_policies'],
	search: 'list.search',
	filters: [
		{ key: 'days', label: 'rotation.days', kind: 'range' },
		{ key: 'state', label: 'field.state', kind: 'choice', choices: STATES },
	],
	columns: [
		{ key: 'target', label: 'field.target', sort: true },
		{ key: 'name', label: 'field.account', sort: true },
		{ key: 'days', label: 'rotation.days', sort: true, width: 120 },
		{ key: 'rotated', label: 'rotation.rotated', kind: 'time', sort: true, width: 175 },
		{ key: 'policy', label: 'rotation.policy', sort: true },
		{ key: 'due', label: 'rotation.due', kind: 'time', sort: true, width: 175 },
		{ key: 'state', label: 'field.state', kind: 'word', words: 'rotation_state', sort: true, width: 110 },
		{ key: 'hindrance', label: 'rotation.hindrance', width: 180 },
	],
	actions: [
		{
			command: 'account rotate',
			label: 'rotation.now',
			permission: 'credential.rotate',
			args: account,
			bulk: true,
			answer: true,
			when: (row) => !row.hindrance,
			fields: [{ ...via, value: () => '' }],
		},
	],
}

/* What was done, when, why, by whom, and how it went. */
export const rotations: Shape = {
	collection: 'rotations',
	title: 'rotation.runs',
	watched: ['rotations'],
	search: 'list.search',
	filters: [
		{ key: 'state', label: 'field.state', kind: 'choice', choices: STATES },
		{ key: 'why', label: 'rotation.why', kind: 'choice', choices: WHYS },
	],
	columns: [
		{ key: 'started', label: 'rotation.started', kind: 'time', sort: true, width: 175 },
		{ key: 'target', label: 'field.target', sort: true },
		{ key: 'account', label: 'field.account', sort: true },
		{ key: 'why', label: 'rotation.why', kind: 'word', words: 'rotation_why', sort: true, width: 110 },
		{ key: 'asked_by', label: 'rotation.by', sort: true },
		{ key: 'state', label: 'field.state', kind: 'word', words: 'rotation_state', sort: true, width: 110 },
		{ key: 'say', label: 'rotation.say', width: 220 },
		{ key: 'keep_until', label: 'rotation.kept', kind: 'time', sort: true, width: 175 },
	],
	actions: [
		{ command: 'account settle', label: 'rotation.settle', permission: 'credential.rotate', args: id, answer: true, when: (row) => row.state === 'unsure' },
		{ command: 'account recover', label: 'rotation.recover', permission: 'credential.recover', args: id, danger: true, when: (row) => row.recoverable === true },
	],
}

export const rotation_policies: Shape = {
	collection: 'rotation_policies',
	title: 'rotation.policies',
	watched: ['rotation_policies', 'accounts', 'groups'],
	search: 'list.search',
	columns: [
		{ key: 'name', label: 'field.name', sort: true },
		{ key: 'group', label: 'field.group', sort: true },
		{ key: 'cluster', label: 'field.cluster', sort: true },
		{ key: 'target', label: 'field.target', sort: true },
		{ key: 'account', label: 'field.account', sort: true },
		{ key: 'every', label: 'rotation.every', sort: true, width: 90 },
		{ key: 'at', label: 'rotation.at', sort: true, width: 90 },
		{ key: 'length', label: 'rotation.length', width: 80 },
		{ key: 'keep', label: 'rotation.keep', width: 110 },
		{ key: 'accounts', label: 'field.accounts', sort: true, width: 100 },
	],
	create: {
		command: 'rotation add',
		label: 'action.add',
		permission: 'rotation.manage',
		fields: [
			{ key: 'name', label: 'field.name', kind: 'text', required: true },
			{ key: 'group', label: 'field.group', kind: 'of', from: 'groups', about: 'rotation.where' },
			{ key: 'cluster', label: 'field.cluster', kind: 'of', from: 'clusters' },
			{ key: 'target', label: 'field.target', kind: 'of', from: 'targets' },
			...terms,
		],
	},
	actions: [
		{ command: 'rotation set', label: 'action.change', permission: 'rotation.manage', args: name, versioned: true, fields: terms },
		{ command: 'rotation remove', label: 'action.remove', permission: 'rotation.manage', args: name, versioned: true, danger: true, bulk: true },
	],
}
