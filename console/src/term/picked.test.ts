import { describe, expect, it } from 'vitest'
import { foldersOf, ofInput, type Picked } from './picked'

const file = (path: string): Picked => ({ file: {} as File, path })

describe('chosen files', () => {
	it('need their folders, outer ones first and each once', () => {
		expect(foldersOf([file('a/b/c.txt'), file('a/d.txt'), file('e.txt'), file('z/y/x/w')])).toEqual(['a', 'z', 'a/b', 'z/y', 'z/y/x'])
	})
	it('are none when nothing was chosen', () => {
		expect(ofInput(null)).toEqual([])
	})
})
