import { describe, expect, it } from 'vitest'
import { bytesOf, isNamed, textOf } from './passkey'

describe('passkey', () => {
	it('says bytes as base64url without padding', () => {
		expect(textOf(new Uint8Array([251, 255, 190]).buffer)).toBe('-_--')
		expect(textOf(new Uint8Array([1]).buffer)).toBe('AQ')
		expect([...bytesOf('-_--')]).toEqual([251, 255, 190])
		expect([...bytesOf('AQ')]).toEqual([1])
		expect(textOf(null)).toBe('')
	})
	it('knows an address that is no name', () => {
		expect(isNamed('127.0.0.1')).toBe(false)
		expect(isNamed('[::1]')).toBe(false)
		expect(isNamed('localhost')).toBe(true)
		expect(isNamed('gate.example.com')).toBe(true)
	})
})
