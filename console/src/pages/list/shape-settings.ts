import type { Shape } from './shape'

export const settings: Shape = {
	collection: 'settings',
	kind: 'setting',
	title: 'inventory.settings',
	watched: ['settings'],
	search: 'list.search',
	columns: [
		{ key: 'name', label: 'field.name', sort: true, width: 175 },
		{ key: 'value', label: 'field.value', width: 200 },
		{ key: 'about', label: 'field.about', width: 320 },
	],
	actions: [
		{
			command: 'settings set',
			label: 'action.change',
			permission: 'settings.set',
			args: (row) => ({ key: row.name }),
			versioned: true,
			when: (row) => row.set_by === 'settings set',
			fields: [{ key: 'value', label: 'field.value', kind: 'area', value: (row) => row.value }],
		},
	],
}
