import type { Shape } from './shape'

const KINDS = ['access', 'software'].map((value) => ({ value, text: `request_kind.${value}` }))

/* What is approved at once. */
export const preapprovals: Shape = {
	collection: 'preapprovals',
	title: 'requests.preapprovals',
	watched: ['preapprovals'],
	search: 'list.search',
	filters: [{ key: 'kind', label: 'field.kind', kind: 'choice', choices: KINDS }],
	columns: [
		{ key: 'name', label: 'field.name', sort: true },
		{ key: 'kind', label: 'field.kind', kind: 'word', words: 'request_kind', sort: true },
		{ key: 'role', label: 'field.role', sort: true },
		{ key: 'user', label: 'field.user', sort: true },
		{ key: 'group', label: 'field.group', sort: true },
		{ key: 'account', label: 'field.account', sort: true },
		{ key: 'longest', label: 'requests.longest', sort: true },
	],
	create: {
		command: 'preapproval add',
		label: 'action.add',
		permission: 'request.policy',
		fields: [
			{ key: 'name', label: 'field.name', kind: 'text', required: true },
			{ key: 'kind', label: 'field.kind', kind: 'choice', choices: KINDS },
			{ key: 'role', label: 'field.role', kind: 'of', from: 'roles', about: 'requests.role_or_user' },
			{ key: 'user', label: 'field.user', kind: 'of', from: 'users' },
			{ key: 'group', label: 'field.group', kind: 'of', from: 'groups', required: true },
			{ key: 'account', label: 'field.account', kind: 'text', about: 'requests.any_account' },
			{ key: 'longest', label: 'requests.longest', kind: 'text', required: true, about: 'requests.longest_about' },
		],
	},
	actions: [{ command: 'preapproval remove', label: 'action.remove', permission: 'request.policy', args: (row) => ({ name: row.name }), danger: true, bulk: true }],
}
