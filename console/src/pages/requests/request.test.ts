import { expect, test } from 'vitest'
import { accountsOf, flagsOf, termOf, type AccessRequest, type Requestable } from './request'

const at = (hours: number) => new Date(Date.UTC(2026, 10, 23) + hours * 3_600_000).toISOString()
const asked = (more: Partial<AccessRequest> = {}): AccessRequest => ({
	id: 1, user: 'alice', kind: 'access', targets: ['web01'], account: 'cyadmin', reason: 'r', detail: '', starts: at(0), until: at(8), state: 'asked',
	at: at(0), decided: null, decided_by: null, answer: '', preapproval: null, extends: null, mine: false, decidable: true, endable: false,
	told: [],
	risk: { grants: 2, here: [], online: 0, refused: 0, role: 'engineer' }, ...more,
})
const names = (request: AccessRequest, strong: boolean) => flagsOf(request).filter((f) => f.strong === strong).map((f) => f.text.split('.')[2])

test('an ordinary request stands out by nothing', () => {
	expect(names(asked(), true)).toEqual([])
	expect(names(asked(), false)).toEqual(['grants'])
})

test('power, length, breadth and former refusals stand out', () => {
	const all = asked({ account: 'Root', until: at(31 * 24), targets: ['a', 'b', 'c', 'd', 'e', 'f'],
		risk: { grants: 0, here: ['x@web01'], online: 1, refused: 3, role: 'user' } })
	expect(names(all, true)).toEqual(['powerful', 'long', 'many', 'refused'])
	expect(names(all, false)).toEqual(['here', 'grants', 'online'])
	expect(flagsOf(asked({ risk: null }))).toEqual([])
})

test('a term is told in the unit that fits', () => {
	expect(termOf(at(0), at(1))).toEqual({ text: 'requests.term.minutes', n: 60 })
	expect(termOf(at(0), at(8))).toEqual({ text: 'requests.term.hours', n: 8 })
	expect(termOf(at(0), at(72))).toEqual({ text: 'requests.term.days', n: 3 })
})

test('several targets have the accounts that they share', () => {
	const row = (name: string, account: string) => ({ name, account }) as Requestable
	const rows = [row('a', 'root'), row('a', 'cyadmin'), row('b', 'cyadmin'), row('b', 'app')]
	expect(accountsOf(rows, ['a', 'b'])).toEqual(['cyadmin'])
	expect(accountsOf(rows, ['a'])).toEqual(['root', 'cyadmin'])
	expect(accountsOf(rows, [])).toEqual([])
	expect(accountsOf(rows, ['a', 'unknown'])).toEqual([])
})
