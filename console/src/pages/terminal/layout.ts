/*
 * layout - how the panes of a tab share its place: a tree of splits, told as rectangles.
 *
 * A pane is never moved within the page: it only gets another rectangle, so its terminal goes on undisturbed.
 * Units:   percent of the tab's place.
 * Trust:   what a reload finds kept is read by read(), which takes nothing but a tree of known panes, each once.
 */
export type Way = 'row' | 'column' // side by side, one below the other
export interface Split {
	way: Way
	part: number // percent that the first has
	first: Layout
	second: Layout
}
export type Layout = { pane: string } | Split
export interface Place {
	left: number
	top: number
	width: number
	height: number
}
export interface Divider {
	path: string // 0 and 1 for each turn from the top of the tree
	way: Way
	part: number
	place: Place // of both together
}
export const PANES_MAX = 9
export const PART_MIN = 10
export const PART_MAX = 90
const WHOLE: Place = { left: 0, top: 0, width: 100, height: 100 }

const isPane = (layout: Layout): layout is { pane: string } => 'pane' in layout
const bound = (part: number) => Math.min(Math.max(Math.round(part * 10) / 10, PART_MIN), PART_MAX)

function halves(split: Split, within: Place): [Place, Place] {
	const of = split.part / 100
	if (split.way === 'row') {
		const width = within.width * of
		return [{ ...within, width }, { ...within, left: within.left + width, width: within.width - width }]
	}
	const height = within.height * of
	return [{ ...within, height }, { ...within, top: within.top + height, height: within.height - height }]
}

function walk(layout: Layout, within: Place, path: string, pane: (id: string, place: Place) => void, divider: (of: Divider) => void) {
	if (isPane(layout)) return pane(layout.pane, within)
	const [first, second] = halves(layout, within)
	divider({ path, way: layout.way, part: layout.part, place: within })
	walk(layout.first, first, path + '0', pane, divider)
	walk(layout.second, second, path + '1', pane, divider)
}

export function placesOf(layout: Layout): Map<string, Place> {
	const found = new Map<string, Place>()
	walk(layout, WHOLE, '', (id, place) => found.set(id, place), () => {})
	return found
}

export function dividersOf(layout: Layout): Divider[] {
	const found: Divider[] = []
	walk(layout, WHOLE, '', () => {}, (one) => found.push(one))
	return found
}

/* The same with something else in the place of a pane; null takes it out. */
function replaced(layout: Layout, id: string, by: Layout | null): Layout | null {
	if (isPane(layout)) return layout.pane === id ? by : layout
	const first = replaced(layout.first, id, by)
	const second = replaced(layout.second, id, by)
	return first && second ? { ...layout, first, second } : (first ?? second)
}

export function splitAt(layout: Layout, id: string, way: Way, made: string): Layout {
	return replaced(layout, id, { way, part: 50, first: { pane: id }, second: { pane: made } }) ?? layout
}

export function without(layout: Layout, id: string): Layout | null {
	return replaced(layout, id, null)
}

export function inPlaceOf(layout: Layout, id: string, other: string): Layout {
	return replaced(layout, id, { pane: other }) ?? layout
}

/* The divider at that path stands elsewhere. */
export function sharedAt(layout: Layout, path: string, part: number): Layout {
	if (isPane(layout)) return layout
	if (path === '') return { ...layout, part: bound(part) }
	const below = path.slice(1)
	return path[0] === '0' ? { ...layout, first: sharedAt(layout.first, below, part) } : { ...layout, second: sharedAt(layout.second, below, part) }
}

/* The pane that one comes to when one goes from here to the left, right, up or down. */
export function beside(layout: Layout, id: string, key: string): string | null {
	const places = placesOf(layout)
	const at = places.get(id)
	if (!at) return null
	const middle = { x: at.left + at.width / 2, y: at.top + at.height / 2 }
	let best: { id: string; far: number } | null = null
	for (const [other, place] of places) {
		const x = place.left + place.width / 2 - middle.x
		const y = place.top + place.height / 2 - middle.y
		const on = { ArrowLeft: place.left + place.width <= at.left + 0.01, ArrowRight: place.left >= at.left + at.width - 0.01, ArrowUp: place.top + place.height <= at.top + 0.01, ArrowDown: place.top >= at.top + at.height - 0.01 }[key]
		if (on && (!best || Math.hypot(x, y) < best.far)) best = { id: other, far: Math.hypot(x, y) }
	}
	return best?.id ?? null
}

/* What was kept: null when it is no tree of just these panes. */
export function readLayout(value: unknown, ids: string[]): Layout | null {
	const left = new Set(ids)
	function read(from: unknown, depth: number): Layout | null {
		if (typeof from !== 'object' || from === null || depth > PANES_MAX) return null
		const { pane, way, part, first, second } = from as Record<string, unknown>
		if (typeof pane === 'string') return left.delete(pane) ? { pane } : null
		if ((way !== 'row' && way !== 'column') || typeof part !== 'number' || !Number.isFinite(part)) return null
		const one = read(first, depth + 1)
		const two = one && read(second, depth + 1)
		return one && two ? { way, part: bound(part), first: one, second: two } : null
	}
	const found = read(value, 0)
	return left.size === 0 ? found : null
}
