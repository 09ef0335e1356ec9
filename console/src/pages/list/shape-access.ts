import type { Choice, Shape } from './shape'

const STATES: Choice[] = ['valid', 'expired', 'revoked', 'disabled'].map((value) => ({ value, text: `tokens.state.${value}` }))
const TERMS: Choice[] = [1, 7, 30, 90].map((days) => ({ value: String(days * 86400), text: `tokens.days.${days}` }))
const DOORS: Choice[] = ['mysql', 'tds'].map((value) => ({ value, text: `access_passwords.doors.${value}` }))

/* What SQL clients log in with. */
export const accessPasswords: Shape = {
	collection: 'access_passwords',
	title: 'access_passwords.title',
	notice: 'access_passwords.about',
	watched: ['access_passwords'],
	search: 'list.search',
	filters: [{ key: 'state', label: 'field.state', kind: 'choice', choices: STATES }],
	columns: [
		{ key: 'name', label: 'field.name', sort: true },
		{ key: 'user', label: 'field.user', sort: true },
		{ key: 'door', label: 'access_passwords.door', kind: 'word', words: 'access_passwords.doors', sort: true, width: 120 },
		{ key: 'state', label: 'field.state', kind: 'word', words: 'tokens.state', sort: true, width: 100 },
		{ key: 'factored', label: 'access_passwords.factored', kind: 'yes', width: 120 },
		{ key: 'networks', label: 'field.networks', kind: 'list', width: 140 },
		{ key: 'until', label: 'field.until', kind: 'time', sort: true, width: 175 },
		{ key: 'used', label: 'tokens.used', kind: 'time', sort: true, width: 175 },
		{ key: 'used_from', label: 'tokens.used_from', width: 130 },
	],
	create: {
		command: 'access-password add',
		label: 'action.add',
		permission: 'access_password.own',
		answer: true,
		fresh: true,
		once: { key: 'password', about: 'access_passwords.once' },
		fields: [
			{ key: 'name', label: 'field.name', kind: 'text', required: true, about: 'access_passwords.about_name' },
			{ key: 'door', label: 'access_passwords.door', kind: 'choice', choices: DOORS },
			{ key: 'for', label: 'tokens.term', kind: 'choice', choices: TERMS, about: 'access_passwords.about_term' },
			{ key: 'from', label: 'field.networks', kind: 'area', several: true, about: 'access_passwords.about_from' },
		],
	},
	actions: [
		{
			command: 'access-password revoke',
			label: 'tokens.revoke',
			permission: 'access_password.own',
			args: (row) => ({ id: String(row.id) }),
			danger: true,
			bulk: true,
			when: (row) => row.state === 'valid',
		},
	],
}
