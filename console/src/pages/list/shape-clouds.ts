import { defineAsyncComponent } from 'vue'
import type { Choice, Field, Row, Shape } from './shape'

const PROVIDERS: Choice[] = ['aliyun', 'tencent', 'huawei', 'aws', 'other'].map((value) => ({ value, text: `cloud.provider.${value}` }))
const KINDS: Choice[] = ['operate', 'readonly'].map((value) => ({ value, text: `cloud.kind.${value}` }))
const DUE: Choice[] = ['true', 'false'].map((value) => ({ value, text: value === 'true' ? 'list.yes' : 'list.no' }))
const name = (row: Row) => ({ name: row.name })
const given = (key: string) => (row: Row) => row[key]
const REST: Field[] = [
	{ key: 'provider', label: 'cloud.provider_of', kind: 'choice', choices: PROVIDERS, required: true, value: given('provider') },
	{ key: 'kind', label: 'field.kind', kind: 'choice', choices: KINDS, required: true, value: given('kind') },
	{ key: 'login', label: 'cloud.login', kind: 'text', required: true, about: 'cloud.about_login', value: given('login') },
	{ key: 'group', label: 'field.group', kind: 'of', from: 'groups', required: true, about: 'cloud.about_group', value: given('group') },
	{ key: 'url', label: 'cloud.page', kind: 'text', about: 'cloud.about_page', value: given('url') },
	{ key: 'key_id', label: 'cloud.key_id', kind: 'text', about: 'cloud.about_key_id', value: given('key_id') },
	{ key: 'remind', label: 'cloud.remind', kind: 'text', about: 'cloud.about_remind', value: given('remind') },
]

/* Accounts of cloud consoles: which there are, and, for who may, what their passwords are. */
export const clouds: Shape = {
	collection: 'clouds',
	kind: 'cloud',
	title: 'cloud.title',
	watched: ['clouds', 'cloud_users', 'cloud_openings'],
	search: 'list.search',
	filters: [
		{ key: 'provider', label: 'cloud.provider_of', kind: 'choice', choices: PROVIDERS },
		{ key: 'kind', label: 'field.kind', kind: 'choice', choices: KINDS },
		{ key: 'due', label: 'cloud.due', kind: 'choice', choices: DUE },
	],
	columns: [
		{ key: 'name', label: 'field.name', sort: true },
		{ key: 'provider', label: 'cloud.provider_of', kind: 'word', words: 'cloud.provider', sort: true, width: 125 },
		{ key: 'kind', label: 'field.kind', kind: 'word', words: 'cloud.kind', sort: true, width: 105 },
		{ key: 'login', label: 'cloud.login', sort: true, width: 135 },
		{ key: 'group', label: 'field.group', sort: true, width: 110 },
		{ key: 'due', label: 'cloud.due', kind: 'yes', sort: true, width: 130 },
		{ key: 'opened', label: 'cloud.opened', kind: 'time', sort: true, width: 135 },
		{ key: 'password_at', label: 'cloud.password_at', kind: 'time', sort: true, width: 170 },
		{ key: 'key_at', label: 'cloud.key_at', kind: 'time', sort: true, width: 190 },
	],
	create: {
		command: 'cloud add',
		label: 'action.add',
		permission: 'cloud.manage',
		fields: [{ key: 'name', label: 'field.name', kind: 'text', required: true }, ...REST],
	},
	specials: [
		{
			label: 'cloud.open',
			permission: 'cloud.open',
			when: (row) => Boolean(row.opens && row.password_at),
			component: defineAsyncComponent(() => import('@/pages/cloud/OpenDialog.vue')),
		},
		{ label: 'cloud.openings', permission: 'cloud.list', component: defineAsyncComponent(() => import('@/pages/cloud/OpeningsDrawer.vue')) },
	],
	actions: [
		{ command: 'cloud set', label: 'action.change', permission: 'cloud.manage', args: name, versioned: true, fields: REST },
		{
			command: 'cloud secret',
			label: 'cloud.put_password',
			permission: 'cloud.manage',
			args: (row) => ({ ...name(row), kind: 'password' }),
			versioned: true,
			fields: [{ key: 'secret', label: 'field.password', kind: 'secret', required: true, about: 'cloud.about_password' }],
		},
		{
			command: 'cloud secret',
			label: 'cloud.put_key',
			permission: 'cloud.manage',
			args: (row) => ({ ...name(row), kind: 'key' }),
			versioned: true,
			fields: [{ key: 'secret', label: 'cloud.key_secret', kind: 'secret', required: true, about: 'cloud.about_key' }],
		},
		{ command: 'cloud remove', label: 'action.remove', permission: 'cloud.manage', args: name, versioned: true, danger: true, bulk: true },
	],
}

/* Who may open the passwords of which group's. */
export const cloudUsers: Shape = {
	collection: 'cloud_users',
	title: 'cloud.users_title',
	watched: ['cloud_users'],
	search: 'list.search',
	columns: [
		{ key: 'user', label: 'field.user', sort: true },
		{ key: 'group', label: 'field.group', sort: true },
		{ key: 'until', label: 'field.until', kind: 'time', sort: true, width: 175 },
		{ key: 'at', label: 'cloud.allowed_at', kind: 'time', sort: true, width: 175 },
		{ key: 'created_by', label: 'cloud.allowed_by', sort: true, width: 150 },
	],
	create: {
		command: 'cloud allow',
		label: 'action.add',
		permission: 'cloud.allow',
		fields: [
			{ key: 'user', label: 'field.user', kind: 'of', from: 'users', required: true },
			{ key: 'group', label: 'field.group', kind: 'of', from: 'groups', required: true, about: 'cloud.about_allow' },
			{ key: 'until', label: 'field.until', kind: 'time' },
		],
	},
	actions: [
		{
			command: 'cloud forbid',
			label: 'cloud.forbid',
			permission: 'cloud.allow',
			args: (row) => ({ user: row.user, group: row.group }),
			danger: true,
			bulk: true,
		},
	],
}
