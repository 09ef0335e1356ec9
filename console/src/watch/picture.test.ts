import { describe, expect, it } from 'vitest'
import { Kind, type Frame } from '@/term/recording'
import { Picture } from './picture'

const text = (words: string) => new TextEncoder().encode(words)
const frame = (kind: Kind, channel: number, body: Uint8Array | object = new Uint8Array()): Frame => ({
	time: 1000,
	kind,
	channel,
	body: body instanceof Uint8Array ? body : text(JSON.stringify(body)),
})
const out = (channel: number, words: string) => frame(Kind.out, channel, text(words))
const sized = (kind: Kind, channel: number, columns: number, rows: number, words = '') =>
	frame(kind, channel, new Uint8Array([columns, 0, 0, 0, rows, 0, 0, 0, ...text(words)]))

function drawn() {
	const log: string[] = []
	const words = (of: Uint8Array | string) => (typeof of === 'string' ? of : new TextDecoder().decode(of))
	const picture = new Picture({
		redraw: (columns, rows, bytes) => log.push(`redraw ${columns}x${rows} ${words(bytes)}`),
		resize: (columns, rows) => log.push(`resize ${columns}x${rows}`),
		write: (bytes) => log.push(words(bytes)),
	})
	return { picture, log }
}

describe('a picture of a session', () => {
	it('shows what the shell prints, its size and its key-frames', () => {
		const { picture, log } = drawn()
		picture.draw([
			frame(Kind.open, 1, { kind: 'shell', columns: 100, rows: 30 }),
			out(1, 'hello'),
			sized(Kind.size, 1, 90, 20),
			sized(Kind.screen, 1, 90, 20, '$ '),
		])
		expect(log).toEqual(['redraw 0x0 ', 'resize 100x30', 'hello', 'resize 90x20', 'redraw 90x20 $ '])
	})
	it('lists the statements of a database with how they ended', () => {
		const { picture, log } = drawn()
		picture.draw([
			frame(Kind.meta, 0, { protocol: 'mysql' }),
			frame(Kind.statement, 1, { n: 1, sql: 'select 1', database: 'shop', verdict: 'allow', rule: 0 }),
			frame(Kind.statement, 1, { n: 2, sql: 'drop t', database: 'shop', verdict: 'deny', rule: 7, params: ['a', 1], cut: true }),
			frame(Kind.outcome, 1, { n: 2, ok: false, rows: null, code: 1142, state: '42000', words: 'no', us: 5 }),
			frame(Kind.outcome, 1, { n: 9, ok: true }),
		])
		expect(log).toEqual([])
		expect(picture.shown.sql).toBe(true)
		expect(picture.shown.statements).toEqual([
			{ n: 1, time: 1000, database: 'shop', sql: 'select 1', params: '', verdict: 'allow', rule: 0, outcome: null },
			{ n: 2, time: 1000, database: 'shop', sql: 'drop t…', params: '["a",1]', verdict: 'deny', rule: 7, outcome: { ok: false, rows: null, error: '1142 42000 no', us: 5 } },
		])
		picture.begin()
		expect(picture.shown.statements).toEqual([])
	})
	it('keeps the newest statements alone', () => {
		const { picture } = drawn()
		for (let n = 1; n <= 501; n++) picture.draw([frame(Kind.statement, 1, { n, sql: 'x' })])
		expect(picture.shown.statements.length).toBe(500)
		expect(picture.shown.statements[0]!.n).toBe(2)
	})
	it('never shows the bytes of a file transfer', () => {
		const { picture, log } = drawn()
		picture.draw([frame(Kind.open, 2, { kind: 'subsystem', command: 'sftp', files: true }), out(2, 'secret bytes')])
		expect(log).toEqual([])
		expect(picture.shown.channels).toEqual([])
	})
	it('keeps other channels since their key-frame and draws them when asked', () => {
		const { picture, log } = drawn()
		picture.draw([frame(Kind.open, 1, { kind: 'shell' }), frame(Kind.open, 2, { kind: 'exec', command: 'top' })])
		picture.choose(2)
		picture.draw([out(1, 'old'), sized(Kind.screen, 1, 80, 24, 'screen'), out(1, 'new')])
		expect(log.join()).not.toContain('old')
		log.length = 0
		picture.choose(1)
		expect(log).toEqual(['redraw 0x0 ', 'redraw 80x24 screen', 'new'])
	})
	it('reads the character set of the target across frames', () => {
		const { picture, log } = drawn()
		picture.draw([
			frame(Kind.meta, 0, { charset: 'gbk' }),
			frame(Kind.open, 1, { kind: 'shell' }),
			frame(Kind.out, 1, new Uint8Array([0xd1, 0xe3, 0xc3])),
			frame(Kind.out, 1, new Uint8Array([0xc5])),
		])
		expect(log.join('')).toContain('雁门')
	})
	it('tells how it ended and what was noted', () => {
		const { picture } = drawn()
		picture.draw([frame(Kind.note, 0, { kind: 'locked', text: 'by admin' }), frame(Kind.finish, 0, { reason: 'killed' })])
		expect(picture.shown.notes).toEqual([{ time: 1000, kind: 'locked', text: 'by admin' }])
		expect(picture.shown.finished).toBe('killed')
	})
	it('is bounded however many channels and bytes come', () => {
		const { picture } = drawn()
		for (let n = 1; n < 500; n++) picture.draw([frame(Kind.open, n, { kind: 'exec' })])
		expect(picture.shown.channels.length).toBe(64)
		const large = frame(Kind.out, 1, new Uint8Array(60_000))
		for (let n = 0; n < 100; n++) picture.draw([large])
		expect((picture as unknown as { channels: Map<number, { bytes: number }> }).channels.get(1)!.bytes).toBeLessThanOrEqual(1 << 20)
	})
})
