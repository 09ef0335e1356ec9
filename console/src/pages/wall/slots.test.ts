import { describe, expect, it } from 'vitest'
import { scaleOf, settle } from './slots'

describe('the tiles of a wall', () => {
	it('are filled in order at first', () => {
		expect(settle([], ['a', 'b', 'c'])).toEqual(['a', 'b', 'c'])
	})
	it('stay where they are when a session comes or goes', () => {
		expect(settle(['a', 'b', 'c'], ['new', 'a', 'b', 'c'])).toEqual(['a', 'b', 'c', 'new'])
		expect(settle(['a', 'b', 'c', 'd'], ['new', 'a', 'b', 'd'])).toEqual(['a', 'b', 'new', 'd'])
		expect(settle(['a', 'b'], ['b', 'c'])).toEqual(['c', 'b'])
	})
	it('move up when there are fewer than before, and show each once', () => {
		expect(settle(['a', 'b', 'c'], ['c'])).toEqual(['c'])
		expect(settle(['a', 'b', 'c', 'd'], ['b', 'd'])).toEqual(['d', 'b'])
		expect(settle(['a'], [])).toEqual([])
	})
})

describe('a picture in a tile', () => {
	it('is made smaller as far as it must, never larger', () => {
		expect(scaleOf({ width: 400, height: 300 }, { width: 800, height: 480 })).toBe(0.5)
		expect(scaleOf({ width: 400, height: 100 }, { width: 800, height: 480 })).toBeCloseTo(0.208, 2)
		expect(scaleOf({ width: 4000, height: 3000 }, { width: 800, height: 480 })).toBe(1)
	})
	it('that has no size yet is as it is', () => {
		expect(scaleOf({ width: 0, height: 300 }, { width: 800, height: 480 })).toBe(1)
		expect(scaleOf({ width: 400, height: 300 }, { width: 0, height: 0 })).toBe(1)
	})
})
