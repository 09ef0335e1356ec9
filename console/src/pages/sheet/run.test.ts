import { expect, test } from 'vitest'
import { batches } from './run'
import type { Plan } from './sheet'

const plan = (size: number): Plan => ({ line: 1, key: 'x', state: 'new', steps: [['user add', { name: 'x'.repeat(size) }]], say: '' })

test('a request takes fifty lines, and no more bytes than the gateway does', () => {
	expect(batches([]).length).toBe(0)
	expect(batches(Array.from({ length: 120 }, () => plan(10))).map((some) => some.length)).toEqual([50, 50, 20])
	const large = batches(Array.from({ length: 20 }, () => plan(3900)))
	expect(large.flat().length).toBe(20)
	expect(Math.max(...large.map((some) => new TextEncoder().encode(JSON.stringify(some.map((one) => one.steps))).length))).toBeLessThan(60_000)
})
