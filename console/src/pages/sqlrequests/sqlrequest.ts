/* SQL requests: what they look like, and what stands out about one. */
import type { Answers, Rows } from '@/api/types'

export type SqlRequest = Rows['sql_requests']
export type SqlTarget = Rows['sql_targets']
export type Shown = Answers['sql-request show']
export type Checked = Answers['sql-request check']

export const STATES = ['asked', 'approved', 'running', 'done', 'failed', 'unknown', 'refused', 'withdrawn', 'expired'] as const
export const COLOURS = {
	asked: 'warning', approved: 'success', running: 'warning', done: 'success', failed: 'danger', unknown: 'danger', refused: 'danger', withdrawn: 'info', expired: 'info',
} as const
export const RAN = { PENDING: 'info', RUNNING: 'warning', OK: 'success', FAILED: 'danger', SKIPPED: 'info', UNKNOWN: 'danger' } as const
export const VERDICTS = { allow: 'success', alert: 'info', approve: 'warning', deny: 'danger' } as const
/* Classes and marks that are to be looked at before it is approved. */
const STRONG = ['UNPARSED', 'DROP', 'TRUNCATE', 'GRANT', 'ALTER', 'NO_WHERE', 'TAUTOLOGY', 'DYNAMIC', 'OSCMD', 'FILE_READ', 'FILE_WRITE', 'REMOTE', 'CODE', 'IMPERSONATE', 'SET_GLOBAL']

export function isStrong(word: string): boolean {
	return STRONG.includes(word)
}

/* A colour of a word that a later server may have. */
export function colourOf<T extends string>(colours: Record<string, T>, word: string): T | 'info' {
	return colours[word] ?? 'info'
}

/* Microseconds as people read them. */
export function tookOf(us: number | null): string {
	if (us === null) return ''
	if (us < 1000) return `${us} µs`
	return us < 1_000_000 ? `${(us / 1000).toFixed(1)} ms` : `${(us / 1_000_000).toFixed(1)} s`
}

/* The facts of an asker that an approver should look at. */
export interface Fact {
	text: string // key
	n: number
	strong: boolean
}
export function factsOf(risk: Shown['risk']): Fact[] {
	if (!risk) return []
	const all = [
		{ text: 'refused', n: risk.refused, strong: true },
		{ text: 'failed', n: risk.failed, strong: true },
		{ text: 'done', n: risk.done, strong: false },
		{ text: 'online', n: risk.online, strong: false },
	]
	return all.filter((fact) => fact.n > 0).map((fact) => ({ ...fact, text: `sql_request.risk.${fact.text}` }))
}

/* Lines of a diff, long runs of what is the same cut short: what is left out stands as one row. */
export type Line = { op: string; text: string; left: number }
const AROUND = 3
export function shortened(diff: { op: string; text: string }[]): Line[] {
	const near = diff.map((_, i) => diff.slice(Math.max(0, i - AROUND), i + AROUND + 1).some((line) => line.op !== 'same'))
	const lines: Line[] = []
	for (const [i, line] of diff.entries()) {
		const last = lines.at(-1)
		if (near[i]) lines.push({ ...line, left: 0 })
		else if (last && last.left > 0) last.left++
		else lines.push({ op: 'same', text: '', left: 1 })
	}
	return lines
}
