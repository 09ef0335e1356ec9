import { describe, expect, it } from 'vitest'
import { ask, FRAME_MAX, told } from './frame'

const bytes = (...of: number[]) => new Uint8Array(of)
const message = (...of: number[]) => bytes(...of).buffer
const text = (type: number, words: string, ...head: number[]) => message(type, ...head, ...new TextEncoder().encode(words))

describe('what the browser asks', () => {
	it('writes sizes as two little-endian u16', () => {
		expect(ask.hello(80, 24)).toEqual(bytes(0x01, 80, 0, 24, 0))
		expect(ask.size(300, 258)).toEqual(bytes(0x03, 0x2c, 0x01, 0x02, 0x01))
	})
	it('gives back what was shown', () => {
		expect(ask.ack(65536)).toEqual(bytes(0x04, 0, 0, 1, 0))
	})
	it('ends a session with one byte', () => {
		expect(ask.end()).toEqual(bytes(0x09))
	})
	it('types in UTF-8', () => {
		expect(ask.input('a雁')).toEqual([bytes(0x02, 0x61, 0xe9, 0x9b, 0x81)])
		expect(ask.input('')).toEqual([])
	})
	it('cuts a long paste into pieces and loses nothing', () => {
		const pieces = ask.input('x'.repeat(10_000))
		expect(pieces.map((p) => p.length)).toEqual([4097, 4097, 1809])
		expect(pieces.every((p) => p[0] === 0x02)).toBe(true)
	})
	it('asks for files as JSON behind an id', () => {
		expect(ask.file(258, { op: 'list' })).toEqual(
			bytes(0x06, 0x02, 0x01, 0, 0, ...new TextEncoder().encode('{"op":"list"}')),
		)
	})
	it('refuses a request that does not fit', () => {
		expect(() => ask.file(1, { path: 'x'.repeat(FRAME_MAX) })).toThrow(RangeError)
	})
})

describe('what the browser is told', () => {
	it('reads output as it is', () => {
		expect(told(message(0x82, 0x1b, 0x5b, 0x48))).toEqual({ type: 'output', bytes: bytes(0x1b, 0x5b, 0x48) })
		expect(told(message(0x82))).toEqual({ type: 'output', bytes: bytes() })
	})
	it('reads a screen with its size', () => {
		expect(told(message(0x83, 0x50, 0, 0x18, 0, 0x41))).toEqual({ type: 'screen', columns: 80, rows: 24, bytes: bytes(0x41) })
	})
	it('reads states, notices and answers about files', () => {
		expect(told(text(0x81, '{"state":"ended","exit":0}'))).toEqual({ type: 'state', state: { state: 'ended', exit: 0 } })
		expect(told(text(0x84, '{"kind":"zmodem","say":"x"}'))).toEqual({ type: 'notice', notice: { kind: 'zmodem', say: 'x' } })
		expect(told(text(0x86, '{"ok":true}', 7, 0, 0, 0x80))).toEqual({ type: 'filed', id: 0x80000007, answer: { ok: true } })
	})
	it('reads how much of the input was taken', () => {
		expect(told(message(0x85, 0, 0x40, 0, 0))).toEqual({ type: 'taken', bytes: 16384 })
	})
	it('passes over types of a later release', () => {
		expect(told(message(0x99, 1, 2, 3))).toEqual({ type: 'other' })
	})
	it.each([
		['nothing', message()],
		['a screen without its size', message(0x83, 80, 0)],
		['a number that is cut', message(0x85, 1, 0)],
		['an answer without its id', message(0x86, 1, 0)],
		['JSON that is none', text(0x81, '{')],
		['JSON that is no object', text(0x81, '[]')],
		['JSON that is no UTF-8', message(0x81, 0x22, 0xff, 0x22)],
		['too much', new ArrayBuffer(FRAME_MAX + 1)],
	])('refuses %s', (_, hostile) => {
		expect(() => told(hostile)).toThrow()
	})
})
