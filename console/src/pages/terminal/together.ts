/*
 * together - what one types into several terminals at once.
 *
 * xterm.js gives out what a person types and what it answers to the target (where the cursor is, what kind of terminal this is) in
 * the same way.  An answer is for the target that asked: passed on, it would let one target type into another.  So only what a
 * keyboard gives goes to the others: text, control characters, Alt with a character, and the keys named below.
 */
const KEYBOARD =
	// eslint-disable-next-line no-control-regex
	/^(?:[^\x1b]+|\x1b[^\x1b]?|\x1b?\x1b(?:O[A-DFHMP-Sj-y]|\[(?:[A-DFHZ]|1;\d[A-DFHPQS]|\d{1,2}(?:;\d)?~)))$/u

export function isTyped(text: string): boolean {
	return KEYBOARD.test(text)
}
