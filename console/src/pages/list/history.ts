/* history - a row of the collection "history": what an audit row says of one object. */
export interface Change {
	id: number
	at: string
	actor: string
	event: string
	before: Record<string, unknown> | null
	after: Record<string, unknown> | null
}
export interface OneChange {
	key: string
	from: unknown // undefined: there was none
	to: unknown
}

const empty = (value: unknown) => value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

/* What is empty before and after says nothing. */
export function changesOf(change: Change): OneChange[] {
	const before = change.before ?? {}
	const after = change.after ?? {}
	const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
	return keys.map((key) => ({ key, from: before[key], to: after[key] })).filter(({ from, to }) => !(empty(from) && empty(to)))
}
