import { secureModeOf } from './shape-rules'
import { renaming, type Field, type Row, type Shape } from './shape'

const name = (row: Row) => ({ name: row.name })
const chosen: Field = { key: 'target', label: 'field.targets', kind: 'of', from: 'targets', several: true, required: true }
const admin: Field = { key: 'user', label: 'field.user', kind: 'of', from: 'users', required: true }

export const groups: Shape = {
	collection: 'groups',
	kind: 'group',
	title: 'inventory.groups',
	watched: ['groups', 'targets'],
	search: 'list.search',
	filters: [{ key: 'kind', label: 'field.kind', kind: 'choice', choices: ['ordinary', 'network_default'].map((value) => ({ value, text: `kind.${value}` })) }],
	columns: [
		{ key: 'name', label: 'field.name', sort: true },
		{ key: 'kind', label: 'field.kind', kind: 'word', words: 'kind', sort: true },
		{ key: 'targets', label: 'field.targets', sort: true, width: 90 },
		{ key: 'admins', label: 'field.admins', kind: 'list' },
		{ key: 'requestable', label: 'requests.requestable', kind: 'yes', width: 90 },
		{ key: 'retention_days', label: 'field.retention', sort: true },
		{ key: 'created', label: 'field.created', kind: 'time', sort: true, width: 175 },
	],
	create: {
		command: 'group add',
		label: 'action.add',
		permission: 'group.manage',
		fields: [
			{ key: 'name', label: 'field.name', kind: 'text', required: true },
			{ key: 'network_default', label: 'field.kind', kind: 'choice', choices: [{ value: 'true', text: 'kind.network_default' }], about: 'about.network_default' },
		],
	},
	actions: [
		{ command: 'group put', label: 'action.put', permission: 'group.put', args: (row) => ({ group: row.name }), fields: [chosen], when: (row) => row.kind === 'ordinary' },
		{ command: 'group take', label: 'action.take', permission: 'group.put', args: (row) => ({ group: row.name }), fields: [chosen], when: (row) => row.kind === 'ordinary' },
		{ command: 'group admin', label: 'action.admin', permission: 'group.manage', args: (row) => ({ group: row.name }), fields: [admin] },
		{
			command: 'group retention',
			label: 'action.retention',
			permission: 'group.manage',
			args: (row) => ({ group: row.name }),
			versioned: true,
			fields: [{ key: 'days', label: 'field.days', kind: 'text', required: true, about: 'about.days', value: (row) => row.retention_days ?? '' }],
		},
		renaming('group', 'group.manage'),
		{ command: 'group remove', label: 'action.remove', permission: 'group.manage', args: name, versioned: true, danger: true, bulk: true },
		{
			command: 'group requestable',
			label: 'requests.requestable_action',
			versioned: true,
			permission: 'group.manage',
			args: (row) => ({ group: row.name }),
			fields: [{ key: 'requestable', label: 'requests.requestable', kind: 'switch', about: 'requests.requestable_about', value: (row) => (row.requestable ? 'on' : 'off') }],
		},
	],
}

export const clusters: Shape = {
	collection: 'clusters',
	kind: 'cluster',
	title: 'inventory.clusters',
	watched: ['clusters', 'targets'],
	search: 'list.search',
	columns: [
		{ key: 'name', label: 'field.name', sort: true },
		{ key: 'networks', label: 'field.networks', kind: 'list', width: 200 },
		{ key: 'targets', label: 'field.targets', sort: true, width: 90 },
		{ key: 'admins', label: 'field.admins', kind: 'list' },
		{ key: 'secure', label: 'rules.secure', kind: 'yes', sort: true, width: 110, to: (row) => secureModeOf(row.name) },
		{ key: 'created', label: 'field.created', kind: 'time', sort: true, width: 175 },
	],
	create: {
		command: 'cluster add',
		label: 'action.add',
		permission: 'cluster.manage',
		fields: [
			{ key: 'name', label: 'field.name', kind: 'text', required: true },
			{ key: 'network', label: 'field.networks', kind: 'area', several: true, required: true, about: 'about.networks' },
		],
	},
	actions: [
		{ command: 'cluster put', label: 'action.put', permission: 'cluster.put', args: (row) => ({ cluster: row.name }), fields: [chosen] },
		{ command: 'cluster admin', label: 'action.admin', permission: 'cluster.manage', args: (row) => ({ cluster: row.name }), fields: [admin] },
		{
			command: 'cluster set',
			label: 'action.change',
			permission: 'cluster.manage',
			args: name,
			versioned: true,
			fields: [{ key: 'network', label: 'field.networks', kind: 'area', several: true, required: true, about: 'about.networks', value: (row) => row.networks }],
		},
		renaming('cluster', 'cluster.manage'),
		{ command: 'cluster remove', label: 'action.remove', permission: 'cluster.manage', args: name, versioned: true, danger: true, bulk: true },
	],
}
