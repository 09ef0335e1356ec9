/* useOrder - rows that are asked one behind the other: moved up, down, or to where another one stands, within their scope. */
import { nextTick, watch, type Ref } from 'vue'
import { command } from '@/api/client'
import { may } from '@/me'
import { wordsOf } from '@/words'
import type { Row, AnyShape } from './shape'

const HELD = 3000 // milliseconds: what moved may be read once more, because the server told of it

export function useOrder(shape: () => AnyShape, rows: Ref<Row[]>, error: Ref<string>, read: () => Promise<void> | void) {
	let busy = false
	let taken: Row | null = null
	let held: { buttons: string[]; until: number } | null = null
	const movable = (row: Row) => Boolean(shape().order && row.mine && may(shape().order!.permission))
	const beside = (row: Row, by: -1 | 1) => rows.value[rows.value.indexOf(row) + by]
	const atEdge = (row: Row, by: -1 | 1) => (by < 0 ? Number(row.place) <= 1 : beside(row, by) !== undefined && beside(row, by)!.scope !== row.scope) || (by > 0 && beside(row, by) === undefined)

	async function to(row: Row, place: number) {
		if (busy || !movable(row) || place === row.place) return
		busy = true
		try {
			await command(shape().order!.command, { id: String(row.id), to: String(place), version: row.version })
			error.value = ''
		} catch (problem) {
			error.value = wordsOf(problem)
		}
		await read()
		busy = false
	}
	/* Dropped on another row of the same scope: it takes that row's place. */
	function drop(event: DragEvent) {
		const line = (event.target as Element).closest('tbody > tr')
		const onto = line ? rows.value[[...line.parentElement!.children].indexOf(line)] : undefined
		const row = taken
		taken = null
		if (row && onto && onto.scope === row.scope) void to(row, Number(onto.place))
	}
	/* Whoever moves it by keys goes on with the same button, or, at the edge, with the other one: a row that moves loses the focus. */
	function refocus() {
		if (!held || Date.now() > held.until || (document.activeElement && document.activeElement !== document.body)) return
		const [same, other] = held.buttons.map((name) => document.querySelector<HTMLButtonElement>(`[data-order="${name}"]`))
		if (same?.disabled) other?.focus()
		else same?.focus()
	}
	watch(rows, refocus, { flush: 'post' })
	async function step(row: Row, by: -1 | 1) {
		const buttons = (by < 0 ? ['up', 'down'] : ['down', 'up']).map((way) => `${way}-${row.id}`)
		held = { buttons, until: Infinity }
		await to(row, Number(row.place) + by)
		held = { buttons, until: Date.now() + HELD }
		await nextTick()
		refocus()
	}
	return {
		movable,
		atEdge,
		drop,
		take: (row: Row) => (taken = row),
		step,
	}
}
