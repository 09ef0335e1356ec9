import { expect, test } from 'vitest'
import { ask, heldOf } from './frame'
import { judge, USUAL } from './rules'

test('a paste is typed, shown first, or refused, as the grant says', () => {
	expect(judge(USUAL, 10, false)).toBe('type')
	expect(judge(USUAL, 10, true)).toBe('ask')
	expect(judge({ ...USUAL, paste: 'allow' }, 10, true)).toBe('type')
	expect(judge({ ...USUAL, paste: 'deny' }, 1, false)).toBe('denied')
	expect(judge({ ...USUAL, pasteMax: 9 }, 10, false)).toBe('too_large')
	expect(judge({ ...USUAL, pasteMax: 10 }, 10, false)).toBe('type')
})

test('a paste is told with its bytes, which alone are counted', () => {
	expect([...ask.paste(0x01020304)]).toEqual([5, 4, 3, 2, 1])
	expect(heldOf(ask.paste(7))).toBe(0)
	expect(heldOf(ask.input('名')[0]!)).toBe(3)
})
