import { expect, test } from 'vitest'
import { CSV_BYTES, CSV_LINES, CsvProblem, decode, parse, write } from './csv'

const cells = (text: string) => parse(text).map((line) => line.cells)
const fault = (call: () => unknown) => {
	try {
		call()
	} catch (problem) {
		return problem as CsvProblem
	}
	return null
}
const bytes = (text: string) => new TextEncoder().encode(text)

test('fields stand between commas, lines end in any of three ways', () => {
	expect(cells('a,b\r\nc,d\ne,f\rg,')).toEqual([['a', 'b'], ['c', 'd'], ['e', 'f'], ['g', '']])
	expect(cells('')).toEqual([])
	expect(cells('a\n')).toEqual([['a']])
})

test('quotes hold commas, line breaks and quotes', () => {
	expect(cells('"a,b","c ""d"""\r\n"e\r\nf",g')).toEqual([['a,b', 'c "d"'], ['e\r\nf', 'g']])
	expect(cells('""')).toEqual([]) // an empty line
	expect(cells('"",x')).toEqual([['', 'x']])
})

test('a line knows where it begins in the file', () => {
	expect(parse('a\n\n"b\nc",d\n  \ne').map((one) => one.line)).toEqual([1, 3, 6])
})

test('quotes that are not closed, and text behind one, are told with the line', () => {
	expect(fault(() => parse('a\nb,"c'))).toMatchObject({ fault: 'quote', line: 2 })
	expect(fault(() => parse('"a"b'))).toMatchObject({ fault: 'quote', line: 1 })
})

test('UTF-8 with and without a mark, UTF-16 with one, GBK by choice', () => {
	expect(decode(bytes('名,1'), 'utf-8')).toBe('名,1')
	expect(decode(bytes('\ufeff名,1'), 'gb18030')).toBe('名,1')
	expect(decode(new Uint8Array([0xff, 0xfe, 0x0d, 0x54]), 'utf-8')).toBe('名')
	const gbk = new Uint8Array([0xc3, 0xfb, 0x2c, 0x31])
	expect(fault(() => decode(gbk, 'utf-8'))?.fault).toBe('encoding')
	expect(decode(gbk, 'gb18030')).toBe('名,1')
})

test('what is too large is refused', () => {
	expect(fault(() => decode(new Uint8Array(CSV_BYTES + 1), 'utf-8'))?.fault).toBe('too_large')
	expect(fault(() => parse('a\n'.repeat(CSV_LINES + 2)))?.fault).toBe('too_many')
})

test('no field that is written is a formula, and reading it again gives what it was', () => {
	const table = [['name', 'note'], ['=1+1', '+1'], ['-2', '@x'], ['\tx', '\rx'], ["'quoted'", 'a "b", c\nd'], ['', '名']]
	const text = write(table)
	expect(text).toContain("'=1+1,'+1\r\n'-2,'@x\r\n")
	expect(cells(text.slice(1))).toEqual(table)
	expect(text.startsWith('\ufeff')).toBe(true)
})
