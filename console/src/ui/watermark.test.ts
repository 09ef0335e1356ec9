import { describe, expect, it } from 'vitest'
import { isMarked, wordsOfMark } from './watermark'

describe('the watermark', () => {
	it('is on what others did or wrote, and on terminals where the setting says all', () => {
		expect([isMarked('watch', 'watch'), isMarked('watch', 'terminal')]).toEqual([true, false])
		expect([isMarked('all', 'watch'), isMarked('all', 'terminal')]).toEqual([true, true])
		expect([isMarked('off', 'watch'), isMarked('off', 'terminal')]).toEqual([false, false])
	})
	it('is on pictures when the setting is not known', () => {
		expect(isMarked(undefined, 'watch')).toBe(true)
	})
	it('says who, when and from where', () => {
		const [who, when] = wordsOfMark({ user: '李雷', address: '10.1.2.3' }, new Date(2026, 10, 23, 12, 30), 'zh-CN')
		expect(who).toBe('李雷')
		expect(when).toMatch(/2026.*11.*23.*12:30 {2}10\.1\.2\.3$/)
	})
})
