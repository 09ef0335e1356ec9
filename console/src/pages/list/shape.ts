/* The one shape of the inventory's pages: columns, filters, and what can be done, as data. */
import type { Command } from '@/api/types'

export interface Choice {
	value: string
	text?: string // key of a text; without one the value itself is shown
}
export interface Filter {
	key: string
	label: string
	kind: 'text' | 'choice' | 'many' | 'range' // many: with commas between
	choices?: Choice[]
}
export type Row = Record<string, unknown> & { id: string | number }
export interface Column {
	key: string
	label: string
	kind?: 'text' | 'time' | 'bytes' | 'list' | 'yes' | 'word'
	words?: string // of kind word: below which key its texts are
	sort?: boolean
	width?: number
}
export interface Field {
	key: string
	label: string
	kind: 'text' | 'area' | 'secret' | 'choice' | 'many' | 'switch' | 'time' | 'of'
	choices?: Choice[]
	from?: string // of kind "of": the collection whose names may be chosen
	several?: boolean
	required?: boolean
	about?: string
	value?: (row: Row) => unknown // what an existing object has
}
export interface Action {
	command: Command
	label: string
	permission: string
	args?: (row: Row) => Record<string, unknown>
	fields?: Field[]
	danger?: boolean
	bulk?: boolean // for several rows, one command each
	together?: (rows: Row[]) => Record<string, unknown> // for several rows, one command
	when?: (row: Row) => boolean
	versioned?: boolean // takes the version that was seen, so that nobody else's change is lost
	answer?: boolean // its answer is for eyes
	once?: { key: string; about: string } // what of it is shown this once, and the text about that
}
export interface Shape {
	collection: string
	kind?: string // of its history, where there is one
	title: string
	watched: string[]
	search: string
	filters?: Filter[]
	columns: Column[]
	create?: Action
	actions: Action[]
}

/* Another name: what it is called elsewhere follows, sessions keep the name of their time. */
export function renaming(noun: 'user' | 'group' | 'cluster' | 'target', permission: string, about?: string): Action {
	const field: Field = { key: 'to', label: 'field.name', kind: 'text', required: true, value: (row) => row.name }
	return {
		command: `${noun} rename`,
		label: 'inventory_more.rename',
		permission,
		args: (row) => ({ name: row.name }),
		versioned: true,
		fields: [about ? { ...field, about } : field],
	}
}
