/* An access request, what stands out about it, and how long it is for. */
import type { Rows } from '@/api/types'

export type AccessRequest = Rows['requests']
export type Requestable = Rows['requestable']
export type Told = AccessRequest['told'][number]
/* text: key; strong: to be looked at before it is approved. */
export interface Flag {
	text: string
	n: number
	what: string
	strong: boolean
}

const DAY_MS = 86_400_000
const LONG_DAYS = 30
const POWERFUL = ['root', 'administrator', 'sa', 'admin']

export function flagsOf(request: AccessRequest): Flag[] {
	const found: Flag[] = []
	const put = (text: string, strong: boolean, n = 0, what = '') => found.push({ text: `requests.risk.${text}`, n, what, strong })
	const days = Math.round((Date.parse(request.until) - Date.parse(request.starts)) / DAY_MS)
	const { risk, account } = request
	if (account && POWERFUL.includes(account.toLowerCase())) put('powerful', true, 0, account)
	if (days > LONG_DAYS) put('long', true, days)
	if (request.targets.length > 5) put('many', true, request.targets.length)
	if (!risk) return found
	if (risk.refused > 0) put('refused', true, risk.refused)
	if (risk.here.length > 0) put('here', false, 0, risk.here.join(', '))
	put('grants', false, risk.grants)
	if (risk.online > 0) put('online', false, risk.online)
	return found
}

/* "3 days", "8 hours": the key of a text and its number. */
export function termOf(starts: string, until: string): { text: string; n: number } {
	const minutes = Math.max(1, Math.round((Date.parse(until) - Date.parse(starts)) / 60_000))
	if (minutes >= 2880) return { text: 'requests.term.days', n: Math.round(minutes / 1440) }
	if (minutes >= 120) return { text: 'requests.term.hours', n: Math.round(minutes / 60) }
	return { text: 'requests.term.minutes', n: minutes }
}

/* The accounts that all of these targets have. */
export function accountsOf(rows: Requestable[], targets: string[]): string[] {
	const [first, ...rest] = targets.map((name) => rows.filter((row) => row.name === name).map((row) => row.account))
	return (first ?? []).filter((account) => rest.every((other) => other.includes(account)))
}
