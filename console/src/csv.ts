/*
 * csv - tables as text: RFC 4180, read and written.
 *
 * Read:    fields with commas, line breaks and "" inside quotes; lines end in CRLF, LF or CR; empty lines are no lines.
 * Written: CRLF, quotes where needed, a byte order mark (Excel reads UTF-8 by it).  A field that a spreadsheet would take for a formula
 *          (= + - @ tab return first) gets a ' in front; reading takes that ' away again.
 * Limits:  CSV_BYTES, CSV_LINES.
 */
export const CSV_BYTES = 10 << 20
export const CSV_LINES = 20_000

export interface Line {
	line: number // where it begins in the file, from 1
	cells: string[]
}
export type Encoding = 'utf-8' | 'gb18030'
export type CsvFault = 'encoding' | 'quote' | 'too_large' | 'too_many'
export class CsvProblem extends Error {
	constructor(
		readonly fault: CsvFault,
		readonly line = 0,
	) {
		super(fault)
	}
}

const DANGEROUS = /^[=+\-@\t\r]/
const GUARDED = /^'[=+\-@\t\r]/

/* A byte order mark wins over what was chosen. */
export function decode(bytes: Uint8Array, chosen: Encoding): string {
	if (bytes.length > CSV_BYTES) throw new CsvProblem('too_large')
	const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe
	const utf8 = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
	try {
		return new TextDecoder(utf16 ? 'utf-16le' : utf8 ? 'utf-8' : chosen, { fatal: true }).decode(bytes)
	} catch {
		throw new CsvProblem('encoding')
	}
}

/* Takes a quoted field that begins at `at`; answers what it holds and where it ends. */
function quoted(text: string, at: number, line: number): { value: string; next: number } {
	let value = ''
	for (let i = at + 1; ; ) {
		const end = text.indexOf('"', i)
		if (end < 0) throw new CsvProblem('quote', line)
		value += text.slice(i, end)
		if (text[end + 1] !== '"') return { value, next: end + 1 }
		value += '"'
		i = end + 2
	}
}

export function parse(text: string): Line[] {
	const lines: Line[] = []
	let line = 1
	let at = 0
	while (at < text.length) {
		const begins = line
		const cells: string[] = []
		for (;;) {
			let value = ''
			if (text[at] === '"') {
				const field = quoted(text, at, line)
				value = field.value
				at = field.next
				line += value.split('\n').length - 1
				if (at < text.length && !',\r\n'.includes(text[at]!)) throw new CsvProblem('quote', line)
			} else {
				const end = /[,\r\n]/g
				end.lastIndex = at
				const stop = end.exec(text)?.index ?? text.length
				value = text.slice(at, stop)
				at = stop
			}
			cells.push(GUARDED.test(value) ? value.slice(1) : value)
			if (text[at] !== ',') break
			at++
		}
		at += text.startsWith('\r\n', at) ? 2 : 1
		line++
		if (cells.length > 1 || cells[0]!.trim() !== '') lines.push({ line: begins, cells })
		if (lines.length > CSV_LINES + 1) throw new CsvProblem('too_many')
	}
	return lines
}

function field(value: string): string {
	const safe = DANGEROUS.test(value) ? `'${value}` : value
	return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export function write(table: string[][]): string {
	return `\ufeff${table.map((cells) => cells.map(field).join(',') + '\r\n').join('')}`
}
