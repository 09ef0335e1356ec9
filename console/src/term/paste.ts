/*
 * paste - what is pasted is looked at before it is typed: several lines run by themselves, control characters do what nobody
 * saw, and ESC can leave the brackets of a bracketed paste.
 */
export const ASK_BYTES = 1024

// C0 without tab and line ends, DEL, C1, and what turns the direction of text or hides in it
const HIDDEN =
	// eslint-disable-next-line no-control-regex
	/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/gu

export interface Pasted {
	clean: string // what would be typed
	shown: string // for eyes: what is stripped is visible
	lines: number
	bytes: number
	stripped: number
	ask: boolean
}

function visible(character: string): string {
	const code = character.codePointAt(0) ?? 0
	if (code < 0x20) return String.fromCodePoint(0x2400 + code)
	return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`
}

export function examine(text: string): Pasted {
	const even = text.replace(/\r\n?/g, '\n')
	const clean = even.replace(HIDDEN, '')
	const bytes = new TextEncoder().encode(clean).length
	const stripped = [...even.matchAll(HIDDEN)].length
	return {
		clean,
		shown: even.replace(HIDDEN, visible),
		lines: clean.split('\n').length,
		bytes,
		stripped,
		ask: clean.includes('\n') || bytes > ASK_BYTES || stripped > 0,
	}
}
