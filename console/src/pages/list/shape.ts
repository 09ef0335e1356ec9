/*
 * The one shape of the inventory's pages: columns, filters, and what can be done, as data.
 *
 * Collections, their columns, commands and their arguments are those of docs/openapi.yaml: another word is no Shape.  The components take what
 * they are given as Any…, where all that is text.
 */
import type { Arguments, Collection, Command, Rows } from '@/api/types'
import type { Component } from 'vue'

type Text<T> = keyof T & string
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Whatever = any // a field that several commands share is looked at nowhere

export interface Choice {
	value: string
	text?: string // key of a text; without one the value itself is shown
}
export interface Filter<Key extends string = Whatever> {
	key: Key
	label: string
	kind: 'text' | 'choice' | 'many' | 'range' // many: with commas between
	choices?: Choice[]
}
export type Row = Record<string, unknown> & { id: string | number }
export interface Column<Key extends string = Whatever> {
	key: Key
	label: string
	kind?: 'text' | 'time' | 'bytes' | 'list' | 'yes' | 'word'
	words?: string // of kind word: below which key its texts are
	sort?: boolean
	width?: number
	empty?: string // the text in place of nothing
	or?: string[] // keys: the first of all that has something is shown, with what it is
	clip?: boolean // two lines of it; the whole when it is pointed at
	to?: (row: Row) => string // a page about it; '' = none
}
export interface Field<Key extends string = Whatever, R = Row> {
	key: Key
	label: string
	kind: 'text' | 'area' | 'secret' | 'choice' | 'many' | 'switch' | 'time' | 'of'
	choices?: Choice[]
	from?: Collection // of kind "of": the collection whose names may be chosen
	several?: boolean
	required?: boolean
	about?: string
	value?(row: R): unknown // what an existing object has
}
interface Doable<R> {
	label: string
	permission: string
	danger?: boolean
	bulk?: boolean // for several rows, one command each
	when?(row: R): boolean
	fresh?: boolean // needs a sign-in of the last five minutes
	versioned?: boolean // takes the version that was seen, so that nobody else's change is lost
	whole?: boolean // all its fields are sent: what was emptied, empty
	answer?: boolean // its answer is for eyes
	once?: { key: string; about: string } // what of it is shown this once, and the text about that
}
/* The arguments of a command, whatever they are worth here: the server looks at them. */
type Given<N extends Command> = { [Key in keyof Arguments[N]]?: unknown }
export interface ActionOf<C extends Collection, N extends Command> extends Doable<Rows[C]> {
	command: N
	args?(row: Rows[C]): Given<N>
	together?(rows: Rows[C][]): Given<N> // for several rows, one command
	fields?: Field<Text<Arguments[N]>, Rows[C]>[]
}
export type Action<C extends Collection = Collection> = { [N in Command]: ActionOf<C, N> }[Command]
export interface AnyAction extends Doable<Row> {
	command: Command
	args?(row: Row): Record<string, unknown>
	together?(rows: Row[]): Record<string, unknown>
	fields?: Field[]
}
/* What is more than a form: a component of its own for a row, { row } in, "close" out. */
export interface Special {
	label: string
	permission: string
	when?: (row: Row) => boolean
	component: Component
}
interface Page {
	kind?: string // of its history, where there is one
	title: string
	notice?: string // what everybody should know who looks at it
	help?: string
	order?: { command: Command; permission: string } // its rows stand in an order (rank; place within scope) that can be changed
	watched: string[]
	search: string
	specials?: Special[] // stand before the actions
}
export interface ShapeOf<C extends Collection> extends Page {
	collection: C
	filters?: Filter<Text<Rows[C]>>[]
	columns: Column<Text<Rows[C]>>[]
	create?: Action<C>
	more?: Action<C>[] // of no row
	actions: Action<C>[]
}
export type Shape = { [C in Collection]: ShapeOf<C> }[Collection]
export interface AnyShape extends Page {
	collection: Collection
	filters?: Filter[]
	columns: Column[]
	create?: AnyAction
	more?: AnyAction[] // of no row
	actions: AnyAction[]
}

/* Another name: what it is called elsewhere follows, sessions keep the name of their time. */
export function renaming<N extends 'user' | 'group' | 'cluster' | 'target' | 'template'>(noun: N, permission: string, about?: string): ActionOf<`${N}s`, `${N} rename`> {
	const field = { key: 'to' as const, label: 'field.name', kind: 'text' as const, required: true, value: (row: { name: string }) => row.name }
	return {
		command: `${noun} rename`,
		label: 'inventory_more.rename',
		permission,
		args: (row: { name: string }) => ({ name: row.name }),
		versioned: true,
		fields: [about ? { ...field, about } : field],
	} as ActionOf<`${N}s`, `${N} rename`>
}
