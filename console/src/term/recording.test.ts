import { describe, expect, it } from 'vitest'
import { Frames, jsonOf, Kind, sizeOf } from './recording'

// 2025-11-22T00:00:00.001Z in microseconds is 1763769600001000 = 0x000644239C7943E8
const TIME = [0xe8, 0x43, 0x79, 0x9c, 0x23, 0x44, 0x06, 0x00]
const frame = (type: number, channel: number, ...body: number[]) => [...TIME, type, channel, 0, 0, 0, body.length, 0, 0, 0, ...body]
const push = (...bytes: number[]) => new Frames().push(new Uint8Array(bytes))

describe('frames of a recording', () => {
	it('reads time, type, channel and body', () => {
		expect(push(...frame(5, 3, 0x68, 0x69))).toEqual([
			{ time: 1763769600001, kind: Kind.out, channel: 3, body: new Uint8Array([0x68, 0x69]) },
		])
	})
	it('reads several from one message', () => {
		expect(push(...frame(11, 1), ...frame(5, 2, 0x61)).map((f) => f.channel)).toEqual([1, 2])
	})
	it('gives the same whatever the pieces', () => {
		const all = new Uint8Array([...frame(5, 1, 1, 2, 3), ...frame(11, 1), ...frame(5, 2, 9)])
		for (let cut = 0; cut <= all.length; cut++) {
			const frames = new Frames()
			const found = [...frames.push(all.slice(0, cut)), ...frames.push(all.slice(cut))]
			expect(found.map((f) => [f.channel, ...f.body])).toEqual([[1, 1, 2, 3], [1], [2, 9]])
		}
	})
	it('keeps what is not whole yet', () => {
		expect(push(...frame(5, 1, 1, 2, 3).slice(0, -1))).toEqual([])
	})
	it.each([
		['type 0', [...TIME, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
		['type 18', [...TIME, 18, 0, 0, 0, 0, 0, 0, 0, 0]],
		['a body over the limit', [...TIME, 5, 0, 0, 0, 0, 0x61, 0xea, 0, 0]],
	])('refuses %s', (_, bytes) => {
		expect(() => push(...bytes)).toThrow(RangeError)
	})
})

describe('their bodies', () => {
	const one = (type: number, ...body: number[]) => push(...frame(type, 1, ...body))[0]!
	it('reads sizes and bounds them', () => {
		expect(sizeOf(one(7, 80, 0, 0, 0, 24, 0, 0, 0))).toEqual({ columns: 80, rows: 24 })
		expect(sizeOf(one(7, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0))).toEqual({ columns: 1000, rows: 1 })
		expect(sizeOf(one(7, 80, 0))).toBeNull()
	})
	it('reads JSON and makes nothing of what is none', () => {
		expect(jsonOf(one(13, ...new TextEncoder().encode('{"reason":"killed"}')))).toEqual({ reason: 'killed' })
		expect(jsonOf(one(13, 0x7b))).toEqual({})
		expect(jsonOf(one(13, ...new TextEncoder().encode('null')))).toEqual({})
	})
})
