import { describe, expect, it } from 'vitest'
import { isTyped } from './together'

describe('typing into several terminals', () => {
	it('text, control characters and keys go to all', () => {
		for (const text of ['a', '雁门', '😀', 'ls -l\r', '\x03', '\x7f', '\t', '\x1b', '\x1bb', '\x1b[', '\x1b[A', '\x1bOA', '\x1bOP', '\x1b[1;5C', '\x1b[3~', '\x1b[15;2~', '\x1b[Z', '\x1b\x1b[D'])
			expect(isTyped(text), JSON.stringify(text)).toBe(true)
	})
	it('what a terminal answers goes to nobody else', () => {
		const answers = ['\x1b[?1;2c', '\x1b[>0;276;0c', '\x1b[0n', '\x1b[24;80R', '\x1b[1;2R', '\x1b[?24;80R', '\x1b[?2004;1$y', '\x1b[4;1$y', '\x1b[8;24;80t', '\x1bP1$r0m\x1b\\', '\x1b]11;rgb:14/17/1c\x1b\\', '\x1b[I', '\x1b[O', '\x1b[M !!', '\x1b[<0;1;1M']
		for (const text of answers) expect(isTyped(text), JSON.stringify(text)).toBe(false)
	})
	it('nothing is hidden behind a key', () => {
		for (const text of ['', '\x1b[Arm -rf', '\x1b[3~\r', 'a\x1b[0n', '\x1bOP\x1bOP', '\x1bb\r']) expect(isTyped(text), JSON.stringify(text)).toBe(false)
	})
})
