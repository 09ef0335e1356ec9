import type { Hit } from '@/api/types'
import { i18n } from '@/i18n'

/* An audit row in words.  Its kind (login.ok) stays what filters, exports and the SIEM know it by. */

const SHOWN = new Set(['user', 'target', 'actor', 'session', 'sid', 'worker', 'at', 'offset']) // by other columns, or for machines
const MOST = 6

/* The texts have no dot in their names: login.ok is event.login_ok. */
export function kindWords(kind: string): string {
	const { t, te } = i18n.global
	const key = `event.${kind.replace('.', '_')}`
	return te(key) ? t(`event.${kind.replace('.', '_')}`) : kind
}

function worded(value: unknown): string {
	if (Array.isArray(value)) return value.map(worded).filter(Boolean).join(', ')
	return value !== null && typeof value === 'object' ? '' : String(value ?? '')
}

/* "account: cyadmin · days: 30": what the other columns do not have.  A row without a body is a line of text already. */
export function summary(hit: Pick<Hit, 'body' | 'text'>): string {
	const { t, te } = i18n.global
	if (hit.body === null || typeof hit.body !== 'object') return hit.text ?? ''
	return Object.entries(hit.body)
		.map(([key, value]) => [key, worded(value)] as const)
		.filter(([key, value]) => value !== '' && !SHOWN.has(key))
		.slice(0, MOST)
		.map(([key, value]) => `${te(`field.${key}`) ? t(`field.${key}`) : key}: ${value}`)
		.join(' · ')
}
