import { describe, expect, it } from 'vitest'
import { ASK_BYTES, examine } from './paste'

describe('a paste', () => {
	it('of one plain line is typed without asking', () => {
		expect(examine('ls -l /tmp')).toMatchObject({ clean: 'ls -l /tmp', lines: 1, bytes: 10, stripped: 0, ask: false })
		expect(examine('a\tb 中文 é 🙂').ask).toBe(false)
	})
	it.each([
		['a line end', 'reboot\n'],
		['a line end in front', '\nreboot'],
		['the line end of another system', 'a\rb'],
		['several lines', 'a\r\nb'],
	])('with %s is asked about', (_, text) => {
		expect(examine(text).ask).toBe(true)
	})
	it('counts lines and brings their ends to one form', () => {
		expect(examine('a\r\nb\rc')).toMatchObject({ clean: 'a\nb\nc', lines: 3 })
	})
	it('is asked about when it is long', () => {
		expect(examine('x'.repeat(ASK_BYTES)).ask).toBe(false)
		expect(examine('x'.repeat(ASK_BYTES + 1)).ask).toBe(true)
	})
	it('loses what could leave its brackets, and shows it', () => {
		const pasted = examine('a\x1b[201~rm -rf /')
		expect(pasted).toMatchObject({ clean: 'a[201~rm -rf /', shown: 'a␛[201~rm -rf /', stripped: 1, ask: true })
	})
	it.each([
		['a zero byte', '\0', '␀'],
		['delete', '\x7f', '<U+007F>'],
		['C1', '\x9b', '<U+009B>'],
		['turned text', '\u202e', '<U+202E>'],
		['an unseen space', '\u200b', '<U+200B>'],
	])('loses %s', (_, hidden, shown) => {
		expect(examine(`a${hidden}b`)).toMatchObject({ clean: 'ab', shown: `a${shown}b`, stripped: 1, ask: true })
	})
})
