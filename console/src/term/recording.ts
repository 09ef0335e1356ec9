/*
 * recording - frames of a recording as the recorder and the reader send them: gateway/core/frame.h, docs/RECORDING.md.
 *
 * u64 time_us | u8 type | u32 channel | u32 length | body; little-endian.
 */
export const HEAD = 17
export const BODY_MAX = 60_000

export const enum Kind {
	meta = 1,
	open,
	in,
	keys,
	out,
	err,
	size,
	screen,
	digest,
	exit,
	close,
	note,
	finish,
	file,
	content,
	statement,
	outcome,
}

export interface Frame {
	time: number // milliseconds since 1970
	kind: Kind
	channel: number
	body: Uint8Array
}

/* Takes bytes as they come and gives whole frames; throws on what is none. */
export class Frames {
	private rest = new Uint8Array(0)

	push(more: Uint8Array): Frame[] {
		const bytes = this.rest.length > 0 ? joined(this.rest, more) : more
		const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
		const found: Frame[] = []
		let at = 0
		while (bytes.length - at >= HEAD) {
			const length = view.getUint32(at + 13, true)
			const kind = view.getUint8(at + 8)
			if (length > BODY_MAX) throw new RangeError('a frame that is too long')
			if (kind < Kind.meta || kind > Kind.outcome) throw new RangeError('a frame of no known type')
			if (bytes.length - at < HEAD + length) break
			found.push({
				time: Number(view.getBigUint64(at, true) / 1000n),
				kind,
				channel: view.getUint32(at + 9, true),
				body: bytes.subarray(at + HEAD, at + HEAD + length),
			})
			at += HEAD + length
		}
		this.rest = bytes.slice(at)
		return found
	}
}

function joined(a: Uint8Array, b: Uint8Array) {
	const both = new Uint8Array(a.length + b.length)
	both.set(a)
	both.set(b, a.length)
	return both
}

/* The JSON of a meta, open, exit, note, finish, file, statement or outcome frame; nothing when it is broken. */
export function jsonOf(frame: Frame): Record<string, unknown> {
	try {
		const value = JSON.parse(new TextDecoder().decode(frame.body)) as unknown
		return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
	} catch {
		return {}
	}
}

/* Columns and rows of a size or screen frame, kept to what a screen can be. */
export function sizeOf(frame: Frame): { columns: number; rows: number } | null {
	if (frame.body.length < 8) return null
	const view = new DataView(frame.body.buffer, frame.body.byteOffset, frame.body.byteLength)
	const bound = (n: number) => Math.min(Math.max(n, 1), 1000)
	return { columns: bound(view.getUint32(0, true)), rows: bound(view.getUint32(4, true)) }
}
