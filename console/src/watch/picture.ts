/*
 * picture - frames drawn on a screen.  A session has channels; one is shown, the others are kept since their last key-frame, so
 * that one can change between them.
 */
import { reactive } from 'vue'
import { jsonOf, Kind, sizeOf, type Frame } from '@/term/recording'

const KEPT_MAX = 1 << 20 // bytes of a channel since its last key-frame
const CHANNELS_MAX = 64
const STATEMENTS_MAX = 500 // that are shown; the newest
const SETS: Record<string, string> = { gbk: 'gbk', gb18030: 'gb18030', big5: 'big5' }

/* What a picture is drawn on: a Screen, or a test's. */
export interface Canvas {
	redraw(columns: number, rows: number, bytes: Uint8Array | string): void
	resize(columns: number, rows: number): void
	write(bytes: Uint8Array | string): void
}
interface Channel {
	number: number
	kind: string
	command: string
	hidden: boolean // a file transfer: not for eyes
	open: boolean
	frames: Frame[]
	bytes: number
	text: TextDecoder | null
}
export interface ChannelName {
	number: number
	kind: string
	command: string
	open: boolean
}
/* What a client asked a database to run, and how that went. */
export interface Statement {
	n: number
	time: number
	database: string
	sql: string
	params: string
	verdict: string
	rule: number
	outcome: { ok: boolean; rows: number | null; error: string; us: number } | null
}
export interface Note {
	time: number
	kind: string
	text: string
}

export class Picture {
	readonly shown = reactive({ channel: 0, channels: [] as ChannelName[], notes: [] as Note[], finished: '', begun: 0, sql: false, statements: [] as Statement[] })
	private channels = new Map<number, Channel>()
	private charset = ''
	private chosen = false // by the person

	constructor(private readonly on: Canvas) {}

	/* Before another stream of the same session. */
	begin() {
		this.channels.clear()
		this.shown.channels = []
		this.shown.notes = []
		this.shown.statements = []
		this.shown.finished = ''
		this.on.redraw(80, 24, '')
	}

	draw(frames: Frame[]) {
		for (const frame of frames) this.take(frame)
	}

	private take(frame: Frame) {
		switch (frame.kind) {
			case Kind.meta:
				this.charset = SETS[String(jsonOf(frame).charset ?? '')] ?? ''
				this.shown.begun = frame.time
				this.shown.sql = ['mysql', 'tds'].includes(String(jsonOf(frame).protocol ?? ''))
				break
			case Kind.open:
				this.opened(frame)
				break
			case Kind.out:
			case Kind.err:
			case Kind.size:
			case Kind.screen:
				this.picture(frame)
				break
			case Kind.close:
				this.closed(frame.channel)
				break
			case Kind.note:
				this.note(frame)
				break
			case Kind.statement:
				this.statement(frame)
				break
			case Kind.outcome:
				this.outcome(frame)
				break
			case Kind.finish:
				this.shown.finished = String(jsonOf(frame).reason ?? '') || '-'
				break
		}
	}

	private of(number: number): Channel | null {
		const known = this.channels.get(number)
		if (known || this.channels.size >= CHANNELS_MAX) return known ?? null
		const made: Channel = { number, kind: 'shell', command: '', hidden: false, open: true, frames: [], bytes: 0, text: null }
		if (this.charset) made.text = new TextDecoder(this.charset)
		this.channels.set(number, made)
		return made
	}

	private opened(frame: Frame) {
		this.channels.delete(frame.channel)
		const channel = this.of(frame.channel)
		if (!channel) return
		const told = jsonOf(frame)
		channel.kind = String(told.kind ?? 'shell')
		channel.command = String(told.command ?? '').slice(0, 200)
		channel.hidden = Boolean(told.files) || ['forward', 'reverse', 'agent', 'x11'].includes(channel.kind)
		const columns = Number(told.columns) || 0
		const rows = Number(told.rows) || 0
		if (!channel.hidden && !this.chosen) this.change(frame.channel)
		if (this.shown.channel === frame.channel && columns > 0 && rows > 0) this.on.resize(bound(columns), bound(rows))
		this.list()
	}

	private closed(number: number) {
		const channel = this.channels.get(number)
		if (!channel) return
		channel.open = false
		if (channel.hidden) this.channels.delete(number)
		this.list()
	}

	private note(frame: Frame) {
		const told = jsonOf(frame)
		if (told.kind === 'stream') {
			const channel = this.of(frame.channel)
			if (channel) channel.hidden = false
			this.list()
		}
		this.shown.notes.push({ time: frame.time, kind: String(told.kind ?? ''), text: String(told.text ?? '') })
		if (this.shown.notes.length > 200) this.shown.notes.shift()
	}

	private statement(frame: Frame) {
		const told = jsonOf(frame)
		const params = Array.isArray(told.params) && told.params.length > 0 ? JSON.stringify(told.params) : ''
		this.shown.sql = true
		this.shown.statements.push({
			n: Number(told.n) || 0,
			time: frame.time,
			database: String(told.database ?? ''),
			sql: String(told.sql ?? '') + (told.cut ? '…' : ''),
			params,
			verdict: String(told.verdict ?? ''),
			rule: Number(told.rule) || 0,
			outcome: null,
		})
		if (this.shown.statements.length > STATEMENTS_MAX) this.shown.statements.shift()
	}

	private outcome(frame: Frame) {
		const told = jsonOf(frame)
		const all = this.shown.statements
		for (let at = all.length - 1; at >= 0; at--)
			if (all[at]!.n === Number(told.n)) {
				const error = told.ok ? '' : [told.code, told.state, told.words].filter((one) => one !== null && one !== undefined).join(' ')
				all[at]!.outcome = { ok: Boolean(told.ok), rows: typeof told.rows === 'number' ? told.rows : null, error, us: Number(told.us) || 0 }
				return
			}
	}

	private picture(frame: Frame) {
		const known = this.channels.has(frame.channel)
		const channel = this.of(frame.channel)
		if (!channel || channel.hidden) return
		if (frame.kind === Kind.screen) channel.frames.length = channel.bytes = 0
		channel.frames.push(frame)
		channel.bytes += frame.body.length
		while (channel.bytes > KEPT_MAX && channel.frames.length > 1) channel.bytes -= channel.frames.shift()!.body.length
		if (!known) {
			this.list()
			if (!this.chosen) this.change(frame.channel)
			else return
		} else if (this.shown.channel === frame.channel) this.put(channel, frame)
		else if (!this.chosen && !this.channels.get(this.shown.channel)?.open) this.change(frame.channel)
	}

	private put(channel: Channel, frame: Frame) {
		const size = sizeOf(frame)
		if (frame.kind === Kind.screen && size) {
			if (channel.text) channel.text = new TextDecoder(this.charset) // what it held of a character is drawn already
			this.on.redraw(size.columns, size.rows, frame.body.subarray(8))
		} else if (frame.kind === Kind.size && size) this.on.resize(size.columns, size.rows)
		else if (frame.kind === Kind.out || frame.kind === Kind.err)
			this.on.write(channel.text ? channel.text.decode(frame.body, { stream: true }) : frame.body)
	}

	private change(number: number) {
		this.shown.channel = number
		this.on.redraw(0, 0, '')
		const channel = this.channels.get(number)
		for (const frame of channel?.frames ?? []) this.put(channel!, frame)
	}

	/* The person wants to see that one. */
	choose(number: number) {
		this.chosen = true
		this.change(number)
	}

	private list() {
		this.shown.channels = [...this.channels.values()]
			.filter((channel) => !channel.hidden)
			.map(({ number, kind, command, open }) => ({ number, kind, command, open }))
	}
}

function bound(n: number) {
	return Math.min(Math.max(Math.floor(n), 1), 1000)
}
