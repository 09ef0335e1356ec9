/* What can be done with a row of a table, and how wide a column is that holds it in one line. */
export interface Doing {
	key: string
	text: string
	danger?: boolean
	run: () => void
}
export const FIRST = 2 // these are buttons; the others wait in a menu

const AROUND = 14 // pixels around each text, with the gap
const wide = (text: string) => [...text].reduce((sum, c) => sum + (c > '\u2e7f' ? 14 : 8.2), AROUND)

export function widthOf(rows: Doing[][], more: string): number {
	const each = rows.map((doings) => doings.slice(0, FIRST).reduce((sum, doing) => sum + wide(doing.text), doings.length > FIRST ? wide(`${more} ▾`) : 0))
	return Math.ceil(Math.max(80, ...each)) + 24
}
