/*
 * frame - what a browser's terminal and the server say to each other: webterm/frame.h.
 *
 * u8 type | body to the end of the message; numbers little-endian.  One frame is one binary WebSocket message.
 */
export const FRAME_MAX = 32 << 10
export const HELD = 256 << 10 // bytes of INPUT on their way beyond what TAKEN gave back
export const OWN = 0x80000000 // ids of files from here on are the server's own

const HELLO = 0x01
const INPUT = 0x02
const SIZE = 0x03
const ACK = 0x04
const PASTE = 0x05
const FILE = 0x06
const END = 0x09
const STATE = 0x81
const OUTPUT = 0x82
const SCREEN = 0x83
const NOTICE = 0x84
const TAKEN = 0x85
const FILED = 0x86

export interface State {
	state: 'connecting' | 'online' | 'ended'
	target?: string
	account?: string
	say?: string
	exit?: number
	signal?: string
	paste?: 'allow' | 'ask' | 'deny'
	paste_max?: number // bytes of one; 0 = what the terminal holds
	copy?: boolean
	layer?: 'L0' | 'L1' | 'L3' // of command control: which one is in force
}
export interface Notice {
	kind: string
	say: string
}
export interface Filed {
	ok: boolean
	say?: string
	entries?: Entry[]
	more?: boolean // another answer follows
	path?: string
	size?: number
	[more: string]: unknown
}
export interface Entry {
	name: string
	kind: 'file' | 'folder' | 'link' | 'other'
	size?: number
	mtime?: number
	mode?: number
	to?: string // what stands in a link
	leads?: 'file' | 'folder' | 'other' // where that leads
}
export type Told =
	| { type: 'state'; state: State }
	| { type: 'output'; bytes: Uint8Array }
	| { type: 'screen'; columns: number; rows: number; bytes: Uint8Array }
	| { type: 'notice'; notice: Notice }
	| { type: 'taken'; bytes: number }
	| { type: 'filed'; id: number; answer: Filed }
	| { type: 'other' }

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

function made(type: number, length: number, fill: (view: DataView) => void): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(1 + length)
	bytes[0] = type
	fill(new DataView(bytes.buffer, 1))
	return bytes
}

function sized(type: number, columns: number, rows: number) {
	return made(type, 4, (view) => {
		view.setUint16(0, columns, true)
		view.setUint16(2, rows, true)
	})
}

export const ask = {
	hello: (columns: number, rows: number) => sized(HELLO, columns, rows),
	size: (columns: number, rows: number) => sized(SIZE, columns, rows),
	ack: (bytes: number) => made(ACK, 4, (view) => view.setUint32(0, bytes, true)),
	paste: (bytes: number) => made(PASTE, 4, (view) => view.setUint32(0, bytes, true)),
	end: () => made(END, 0, () => {}),
	file: (id: number, request: object) => {
		const text = encoder.encode(JSON.stringify(request))
		if (1 + 4 + text.length > FRAME_MAX) throw new RangeError('a request that is too long')
		const bytes = made(FILE, 4 + text.length, (view) => view.setUint32(0, id, true))
		bytes.set(text, 5)
		return bytes
	},
	/* In pieces that fit. */
	input: (text: string) => {
		const all = encoder.encode(text)
		const pieces: Uint8Array<ArrayBuffer>[] = []
		for (let at = 0; at < all.length; at += PIECE) {
			const piece = all.subarray(at, at + PIECE)
			const bytes = made(INPUT, piece.length, () => {})
			bytes.set(piece, 1)
			pieces.push(bytes)
		}
		return pieces
	},
}
const PIECE = 4096

function json(bytes: Uint8Array): unknown {
	const value = JSON.parse(decoder.decode(bytes)) as unknown
	if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('no JSON object')
	return value
}

/* Throws on what is no frame; a type that this page does not know is `other`. */
export function told(message: ArrayBuffer): Told {
	if (message.byteLength < 1 || message.byteLength > FRAME_MAX) throw new RangeError('no frame')
	const view = new DataView(message)
	const body = new Uint8Array(message, 1)
	switch (view.getUint8(0)) {
		case STATE:
			return { type: 'state', state: json(body) as State }
		case OUTPUT:
			return { type: 'output', bytes: body }
		case SCREEN:
			return { type: 'screen', columns: view.getUint16(1, true), rows: view.getUint16(3, true), bytes: body.subarray(4) }
		case NOTICE:
			return { type: 'notice', notice: json(body) as Notice }
		case TAKEN:
			return { type: 'taken', bytes: view.getUint32(1, true) }
		case FILED:
			return { type: 'filed', id: view.getUint32(1, true), answer: json(body.subarray(4)) as Filed }
		default:
			return { type: 'other' }
	}
}

/* What TAKEN gives back of it: the bytes of INPUT. */
export function heldOf(frame: Uint8Array): number {
	return frame[0] === INPUT ? frame.length - 1 : 0
}
