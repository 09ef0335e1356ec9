import { expect, test } from 'vitest'
import { colourOf, factsOf, isStrong, shortened, tookOf, VERDICTS } from './sqlrequest'

const lines = (text: string) => [...text].map((op, i) => ({ op: op === '+' ? 'in' : op === '-' ? 'out' : 'same', text: String(i) }))
const drawn = (text: string) => shortened(lines(text)).map((line) => (line.left ? `(${line.left})` : line.op === 'in' ? '+' : line.op === 'out' ? '-' : '=')).join('')

test('a diff shows three lines around what changed and counts the others', () => {
	expect(drawn('=====')).toBe('(5)')
	expect(drawn('==-+==')).toBe('==-+==')
	expect(drawn('==========-==========')).toBe('(7)===-===(7)')
	expect(drawn('-======+')).toBe('-======+')
	expect(drawn('-=======+')).toBe('-===(1)===+')
	expect(drawn('')).toBe('')
})

test('times are told in the unit that fits', () => {
	expect([null, 0, 999, 1500, 2_340_000].map(tookOf)).toEqual(['', '0 µs', '999 µs', '1.5 ms', '2.3 s'])
})

test('facts of who asks stand out when there is something to say', () => {
	expect(factsOf(null)).toEqual([])
	expect(factsOf({ role: 'engineer', refused: 2, failed: 0, done: 1, online: 0 }).map((f) => [f.text, f.n, f.strong])).toEqual([
		['sql_request.risk.refused', 2, true], ['sql_request.risk.done', 1, false]])
})

test('words that nobody knows have no colour of their own', () => {
	expect([colourOf(VERDICTS, 'deny'), colourOf(VERDICTS, 'new')]).toEqual(['danger', 'info'])
	expect([isStrong('NO_WHERE'), isStrong('SELECT')]).toEqual([true, false])
})
