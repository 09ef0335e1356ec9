import { describe, expect, it } from 'vitest'
import { inRange, momentOf } from './range'

const NOW = new Date(2026, 10, 25, 14, 30, 15, 250) // a Wednesday

describe('a stretch of time in an address', () => {
	it('counts back from now', () => {
		expect(momentOf('now', false, NOW)).toEqual(NOW)
		expect(momentOf('now-6h', false, NOW)).toEqual(new Date(2026, 10, 25, 8, 30, 15, 250))
		expect(momentOf('now-1M', false, NOW)).toEqual(new Date(2026, 9, 25, 14, 30, 15, 250))
		expect(momentOf('now-1d+30m', false, NOW)).toEqual(new Date(2026, 10, 24, 15, 0, 15, 250))
	})
	it('begins and ends with days, weeks and hours', () => {
		expect(momentOf('now/d', false, NOW)).toEqual(new Date(2026, 10, 25))
		expect(momentOf('now/d', true, NOW)).toEqual(new Date(2026, 10, 25, 23, 59, 59, 999))
		expect(momentOf('now-1w/w', false, NOW)).toEqual(new Date(2026, 10, 16))
		expect(momentOf('now/y', false, NOW)).toEqual(new Date(2026, 0, 1))
		expect(momentOf('now/h', false, NOW)).toEqual(new Date(2026, 10, 25, 14))
	})
	it('takes moments, and Grafana\'s milliseconds', () => {
		expect(momentOf('2026-11-23T08:00:00Z')?.getTime()).toBe(Date.UTC(2026, 10, 23, 8))
		expect(momentOf(String(Date.UTC(2026, 10, 23, 8)))?.getTime()).toBe(Date.UTC(2026, 10, 23, 8))
	})
	it('knows no nonsense', () => {
		for (const text of ['', 'yesterday', 'now-', 'now-6', 'now-6x', 'now/q', 'nowhere', 'now-6h '])
			expect(momentOf(text, false, NOW), text).toBeNull()
	})
	it('becomes moments when it is asked for', () => {
		expect(inRange({ q: 'now-6h', 'at.from': 'now-6h', 'at.to': 'now' }, NOW)).toEqual({ q: 'now-6h', 'at.from': new Date(2026, 10, 25, 8, 30, 15, 250).toISOString() })
		expect(inRange({ 'at.from': 'nowhere', 'at.to': '2026-11-23T08:00:00Z' }, NOW)).toEqual({ 'at.from': 'nowhere', 'at.to': '2026-11-23T08:00:00Z' })
	})
})
