import { renaming, type Choice, type Field, type Row, type Shape } from './shape'

const SECRETS: Choice[] = ['password', 'key', 'ca'].map((value) => ({ value, text: `secret.${value}` }))
const name = (row: Row) => ({ name: row.name })
const texts: Field[] = [
	{ key: 'login', label: 'credentials.login', kind: 'text', about: 'credentials.login_about', value: (row) => row.login },
	{ key: 'kind', label: 'field.secret_kind', kind: 'choice', choices: SECRETS, value: (row) => row.kind },
	{ key: 'root', label: 'credentials.root', kind: 'switch', value: (row) => (row.root ? 'on' : 'off') },
	{ key: 'sudo', label: 'credentials.sudo', kind: 'text', about: 'credentials.sudo_about', value: (row) => row.sudo },
	{ key: 'about', label: 'field.about', kind: 'text', value: (row) => row.about },
]

/* What accounts of one kind are called on targets, and how one logs in to them. */
export const templates: Shape = {
	collection: 'templates',
	kind: 'template',
	title: 'credentials.templates',
	watched: ['templates', 'accounts'],
	search: 'list.search',
	columns: [
		{ key: 'name', label: 'field.name', sort: true },
		{ key: 'login', label: 'credentials.login', sort: true },
		{ key: 'root', label: 'credentials.root', kind: 'yes', width: 90 },
		{ key: 'kind', label: 'field.secret_kind', kind: 'word', words: 'secret', sort: true },
		{ key: 'sudo', label: 'credentials.sudo', width: 80 },
		{ key: 'about', label: 'field.about', width: 200 },
		{ key: 'accounts', label: 'field.accounts', sort: true, width: 100 },
	],
	create: {
		command: 'template add',
		label: 'action.add',
		permission: 'template.manage',
		fields: [{ key: 'name', label: 'field.name', kind: 'text', required: true }, ...texts],
	},
	actions: [
		{
			command: 'template apply',
			label: 'credentials.apply',
			permission: 'account.set',
			args: name,
			answer: true,
			fields: [
				{ key: 'target', label: 'field.targets', kind: 'of', from: 'targets', several: true, about: 'credentials.where' },
				{ key: 'group', label: 'field.group', kind: 'of', from: 'groups' },
				{ key: 'cluster', label: 'field.cluster', kind: 'of', from: 'clusters' },
				{ key: 'secret', label: 'field.secret', kind: 'secret', about: 'credentials.secret_about' },
			],
		},
		{ command: 'template set', label: 'action.change', permission: 'template.manage', args: name, versioned: true, fields: texts },
		renaming('template', 'template.manage', 'credentials.rename_about'),
		{ command: 'template remove', label: 'action.remove', permission: 'template.manage', args: name, versioned: true, danger: true, bulk: true },
	],
}
