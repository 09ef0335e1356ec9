/*
 * range - a stretch of time as it stands in an address: "now-6h" to "now", or moments.
 *
 * Shape:   now, now-15m, now-1d/d (to the beginning of that day, here), 2026-11-23T08:00:00Z; units s m h d w M y.
 *          Keys of an address: <column>.from, <column>.to.
 * Errors:  null for what is none of these.
 */
export interface Range {
	from: string
	to: string
}

const STEP = /^([+-])(\d{1,5})([smhdwMy])/
const MS: Record<string, number> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 7 * 864e5 }

function moved(at: Date, by: number, unit: string): Date {
	const to = new Date(at)
	if (unit === 'M') to.setMonth(to.getMonth() + by)
	else if (unit === 'y') to.setFullYear(to.getFullYear() + by)
	else if (unit === 'd' || unit === 'w') to.setDate(to.getDate() + by * (unit === 'w' ? 7 : 1)) // a day may have 23 hours
	else to.setTime(to.getTime() + by * MS[unit]!)
	return to
}

/* The beginning of what `at` lies in, or its last millisecond. */
function rounded(at: Date, unit: string, end: boolean): Date {
	const to = new Date(at)
	if (unit === 'y') to.setMonth(0, 1)
	else if (unit === 'M') to.setDate(1)
	else if (unit === 'w') to.setDate(to.getDate() - ((to.getDay() + 6) % 7))
	if ('yMwd'.includes(unit)) to.setHours(0, 0, 0, 0)
	else to.setTime(Math.floor(to.getTime() / MS[unit]!) * MS[unit]!)
	return end ? new Date(moved(to, 1, unit).getTime() - 1) : to
}

export function momentOf(text: string, end = false, now = new Date()): Date | null {
	if (!text.startsWith('now')) {
		const at = new Date(/^\d{13}$/.test(text) ? Number(text) : text)
		return text !== '' && !Number.isNaN(at.getTime()) ? at : null
	}
	let rest = text.slice(3)
	let at = now
	for (let step = STEP.exec(rest); step; step = STEP.exec(rest)) {
		at = moved(at, Number(step[1] + step[2]!), step[3]!)
		rest = rest.slice(step[0].length)
	}
	const round = /^\/([smhdwMy])$/.exec(rest)
	if (round) return rounded(at, round[1]!, end)
	return rest === '' && !Number.isNaN(at.getTime()) ? at : null
}

/* The same filters with moments in place of "now-6h"; what makes no sense is passed on, for the server to say so. */
export function inRange(filters: Record<string, string>, now = new Date()): Record<string, string> {
	const asked = Object.entries(filters).map(([key, value]) => {
		if (!/\.(from|to)$/.test(key) || !value.startsWith('now')) return [key, value]
		const end = key.endsWith('.to')
		return [key, end && value === 'now' ? '' : (momentOf(value, end, now)?.toISOString() ?? value)] // up to now: whatever comes, too
	})
	return Object.fromEntries(asked.filter(([, value]) => value !== '')) as Record<string, string>
}
