import { describe, expect, it } from 'vitest'
import { beside, dividersOf, inPlaceOf, placesOf, readLayout, sharedAt, splitAt, without, type Layout } from './layout'

const one: Layout = { pane: 'a' }
const two = splitAt(one, 'a', 'row', 'b')
const three = splitAt(two, 'b', 'column', 'c') // a | b over c

describe('panes share a tab', () => {
	it('a split gives half of its place to the new pane', () => {
		expect(placesOf(one).get('a')).toEqual({ left: 0, top: 0, width: 100, height: 100 })
		expect([...placesOf(three)]).toEqual([
			['a', { left: 0, top: 0, width: 50, height: 100 }],
			['b', { left: 50, top: 0, width: 50, height: 50 }],
			['c', { left: 50, top: 50, width: 50, height: 50 }],
		])
	})
	it('a divider is moved within bounds and moves nothing else', () => {
		expect(dividersOf(three).map(({ path, way, part }) => [path, way, part])).toEqual([['', 'row', 50], ['1', 'column', 50]])
		const moved = sharedAt(three, '1', 25)
		expect(placesOf(moved).get('c')).toEqual({ left: 50, top: 25, width: 50, height: 75 })
		expect(placesOf(moved).get('a')).toEqual({ left: 0, top: 0, width: 50, height: 100 })
		expect(dividersOf(sharedAt(three, '', -50))[0]!.part).toBe(10)
		expect(dividersOf(sharedAt(three, '', 400))[0]!.part).toBe(90)
	})
	it('the others take the place of one that goes', () => {
		expect(without(three, 'a')).toEqual({ way: 'column', part: 50, first: { pane: 'b' }, second: { pane: 'c' } })
		expect(without(two, 'b')).toEqual(one)
		expect(without(one, 'a')).toBeNull()
		expect(without(three, 'x')).toEqual(three)
	})
	it('one that is opened again has the place that it had', () => {
		expect(placesOf(inPlaceOf(three, 'c', 'd')).get('d')).toEqual(placesOf(three).get('c'))
	})
	it('the nearest pane in that direction is the next', () => {
		expect(beside(three, 'b', 'ArrowLeft')).toBe('a')
		expect(beside(three, 'b', 'ArrowDown')).toBe('c')
		expect(beside(three, 'c', 'ArrowUp')).toBe('b')
		expect(beside(three, 'a', 'ArrowLeft')).toBeNull()
		expect(beside(three, 'c', 'Enter')).toBeNull()
	})
})

describe('what was kept of a layout', () => {
	it('is read again as it was', () => {
		expect(readLayout(JSON.parse(JSON.stringify(three)), ['a', 'b', 'c'])).toEqual(three)
	})
	it('is nothing when it does not hold just these panes, once each', () => {
		expect(readLayout(three, ['a', 'b'])).toBeNull()
		expect(readLayout(three, ['a', 'b', 'c', 'd'])).toBeNull()
		expect(readLayout({ way: 'row', part: 50, first: one, second: one }, ['a'])).toBeNull()
	})
	it('is nothing when it is no layout', () => {
		for (const wrong of [null, 7, 'a', [], {}, { way: 'up', part: 50, first: one, second: one }, { way: 'row', part: NaN, first: one, second: { pane: 'b' } }, { way: 'row', part: '50', first: one, second: { pane: 'b' } }])
			expect(readLayout(wrong, ['a', 'b'])).toBeNull()
	})
	it('is bounded, however deep it is', () => {
		let deep: unknown = { pane: 'a' }
		for (let n = 0; n < 10_000; n++) deep = { way: 'row', part: 50, first: deep, second: deep }
		expect(readLayout(deep, ['a'])).toBeNull()
	})
	it('has parts within bounds', () => {
		expect(readLayout({ way: 'row', part: 9999, first: { pane: 'a' }, second: { pane: 'b' } }, ['a', 'b'])).toMatchObject({ part: 90 })
	})
})
