import { me } from '@/me'
import type { Choice, Shape } from './shape'

const STATES: Choice[] = ['valid', 'expired', 'revoked', 'disabled'].map((value) => ({ value, text: `tokens.state.${value}` }))
const TERMS: Choice[] = [1, 7, 30, 90].map((days) => ({ value: String(days * 86400), text: `tokens.days.${days}` }))
/* As the server has it (yanmen.token_never): it is asked in any case. */
const NEVER = /^(token|password|passkey|device|profile)\.|^(factor\.manage|console\.end|cloud\.open)$/

/* What one's own role gives, and a token may have. */
function scopes(): Choice[] {
	const own = (me.value?.permissions ?? []).filter((permission) => !NEVER.test(permission))
	return [{ value: 'read', text: 'tokens.read' }, ...own.map((value) => ({ value }))]
}

export const tokens: Shape = {
	collection: 'tokens',
	title: 'tokens.title',
	watched: ['tokens'],
	search: 'list.search',
	filters: [{ key: 'state', label: 'field.state', kind: 'choice', choices: STATES }],
	columns: [
		{ key: 'name', label: 'field.name', sort: true },
		{ key: 'user', label: 'field.user', sort: true },
		{ key: 'state', label: 'field.state', kind: 'word', words: 'tokens.state', sort: true, width: 100 },
		{ key: 'scopes', label: 'tokens.scopes', kind: 'list', width: 180 },
		{ key: 'networks', label: 'field.networks', kind: 'list', width: 140 },
		{ key: 'until', label: 'field.until', kind: 'time', sort: true, width: 175 },
		{ key: 'used', label: 'tokens.used', kind: 'time', sort: true, width: 175 },
		{ key: 'used_from', label: 'tokens.used_from', width: 130 },
	],
	create: {
		command: 'token add',
		label: 'action.add',
		permission: 'token.own',
		answer: true,
		fresh: true,
		once: { key: 'token', about: 'tokens.once' },
		fields: [
			{ key: 'name', label: 'field.name', kind: 'text', required: true, about: 'tokens.about_name' },
			{
				key: 'scope',
				label: 'tokens.scopes',
				kind: 'many',
				required: true,
				about: 'tokens.about_scopes',
				get choices() {
					return scopes()
				},
			},
			{ key: 'for', label: 'tokens.term', kind: 'choice', choices: TERMS, about: 'tokens.about_term' },
			{ key: 'from', label: 'field.networks', kind: 'area', several: true, about: 'tokens.about_from' },
		],
	},
	actions: [
		{
			command: 'token revoke',
			label: 'tokens.revoke',
			permission: 'token.own',
			args: (row) => ({ id: String(row.id) }),
			danger: true,
			bulk: true,
			when: (row) => row.state === 'valid',
		},
	],
}
