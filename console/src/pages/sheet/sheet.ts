/*
 * sheet - a page of the inventory as a table of text: which columns, and which commands make a line of a file true.
 *
 * A line is compared with what stands there: new, changed, the same, or wrong.  The server tries what is to be done (import run, check)
 * before anything is done.
 */
import type { Line } from '@/csv'
import type { Row } from '@/pages/list/shape'

export type Cells = Record<string, string | undefined> // undefined: the file has no such column
export type Step = [command: string, args: Record<string, unknown>]
export type Fault = 'columns' | 'unknown_column' | 'missing' | 'twice' | 'kind_fixed' | 'needs_secret' | 'no_such_target' | 'too_long' | 'bad_kind'
export class Wrong extends Error {
	constructor(
		readonly fault: Fault,
		readonly what = '',
	) {
		super(fault)
	}
}

export interface SheetColumn {
	name: string // in the first line of the file
	get: (row: Row) => unknown
	required?: boolean
	told?: boolean // only told: an import does not look at it
}
/* What lines are compared with besides their own rows. */
export interface Around {
	targets: Set<string> // only where `alone`
	selfFilling: Set<string> // network-default groups: nobody puts targets there
}
export interface Sheet {
	permission: string
	columns: SheetColumn[]
	keysOf: (row: Row) => string[] // each finds it
	key: (cells: Cells) => string
	add: (cells: Cells, around: Around) => Step[]
	change: (cells: Cells, row: Row, around: Around) => Step[]
	alone?: boolean // by commands of their own: the vault has a part in them
}
export type State = 'new' | 'changed' | 'same' | 'wrong'
export interface Plan {
	line: number
	key: string
	state: State
	steps: Step[]
	fault?: Fault
	say: string
	done?: boolean
}

const STEPS_MAX = 4000

/* A list in a cell: blanks between. */
export const listOf = (cell: string | undefined) => (cell ?? '').split(/[\s;]+/).filter((one) => one !== '')
export const sameList = (a: unknown, b: string[]) => [...((a as string[] | null) ?? [])].sort().join(' ') === [...b].sort().join(' ')

export function textOf(value: unknown): string {
	if (Array.isArray(value)) return value.map((one) => (typeof one === 'object' && one ? String((one as Row).name) : String(one))).join(' ')
	if (typeof value === 'boolean') return value ? 'on' : 'off'
	return value === null || value === undefined ? '' : String(value)
}

export function tableOf(sheet: Sheet, rows: Row[]): string[][] {
	return [sheet.columns.map((column) => column.name), ...rows.map((row) => sheet.columns.map((column) => textOf(column.get(row))))]
}

function cellsOf(sheet: Sheet, names: string[], line: Line): Cells {
	if (line.cells.length !== names.length) throw new Wrong('columns')
	const cells: Cells = Object.fromEntries(names.map((name, n) => [name, line.cells[n]!.trim()]))
	const missing = sheet.columns.find((column) => column.required && !cells[column.name])
	if (missing) throw new Wrong('missing', missing.name)
	return cells
}

/* The names in the first line: all known, each once, what is needed among them. */
export function headOf(sheet: Sheet, first: Line): string[] {
	const names = first.cells.map((cell) => cell.trim().toLowerCase())
	const strange = names.find((name, n) => !sheet.columns.some((column) => column.name === name) || names.indexOf(name) !== n)
	if (strange !== undefined) throw new Wrong('unknown_column', strange)
	const missing = sheet.columns.find((column) => column.required && !names.includes(column.name))
	if (missing) throw new Wrong('missing', missing.name)
	return names
}

function planOf(sheet: Sheet, names: string[], line: Line, there: Map<string, Row>, seen: Set<string>, around: Around): Plan {
	const plan: Plan = { line: line.line, key: line.cells[0] ?? '', state: 'wrong', steps: [], say: '' }
	try {
		const cells = cellsOf(sheet, names, line)
		plan.key = sheet.key(cells)
		if (seen.has(plan.key)) throw new Wrong('twice', plan.key)
		seen.add(plan.key)
		const row = there.get(plan.key)
		plan.steps = row ? sheet.change(cells, row, around) : sheet.add(cells, around)
		if (JSON.stringify(plan.steps).length > STEPS_MAX) throw new Wrong('too_long')
		plan.state = !row ? 'new' : plan.steps.length > 0 ? 'changed' : 'same'
	} catch (problem) {
		if (!(problem instanceof Wrong)) throw problem
		plan.steps = []
		plan.fault = problem.fault
		plan.say = problem.what
	}
	return plan
}

/* Each line of the file, with what it would do. */
export function plansOf(sheet: Sheet, lines: Line[], rows: Row[], around: Around): Plan[] {
	const [first, ...rest] = lines
	if (!first) throw new Wrong('columns')
	const names = headOf(sheet, first)
	const there = new Map(rows.flatMap((row) => sheet.keysOf(row).map((key): [string, Row] => [key, row])))
	const seen = new Set<string>()
	return rest.map((line) => planOf(sheet, names, line, there, seen, around))
}
