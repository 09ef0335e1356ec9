/*
 * player - a recording at its own pace: a clock in the recording, and the frames that are due.
 *
 * The server sends as fast as it is read, and a page cannot slow a WebSocket: beyond AHEAD_MAX the stream is closed, and
 * opened again from where it was when the frames have been shown.
 */
import { reactive } from 'vue'
import { jsonOf, Kind, type Frame } from '@/term/recording'
import type { StreamListener } from '@/watch/stream'

export const SPEEDS = [0.5, 1, 2, 4, 8, 16] as const
const AHEAD_MAX = 3 << 20
const AHEAD_MIN = 512 << 10
const IDLE_MS = 1500 // a longer pause is skipped, but for this
const AT_ONCE = 4000 // frames a turn, so that the page stays awake

export interface Marker {
	at: number
	kind: 'command' | 'statement' | 'file' | 'note' | 'size' | 'channel' | 'end'
	text: string
}
/* What the server read ahead: `recording index`. */
export interface Index {
	ms: number
	step_ms: number
	activity: number[]
	left_out: number
	markers: { ms: number; kind: Marker['kind']; channel: number; text: string }[]
}
interface Source {
	open(from: number, to: StreamListener): { close(): void }
	begin(): void
	draw(frames: Frame[]): void
}

export class Player {
	readonly state = reactive({
		at: 0, // milliseconds since the recording's beginning
		total: 0,
		playing: true,
		speed: 1,
		skipIdle: true,
		loading: true,
		over: false,
		error: '',
		markers: [] as Marker[],
		hits: [] as number[], // where a text was found
		activity: [] as number[], // 0 to 1, each for as long
		step: 1,
	})
	private queue: Frame[] = []
	private head = 0
	private ahead = 0
	private begun = 0
	private last = 0
	private stream: { close(): void } | null = null
	private whole = false // the stream came to the end of the recording
	private marked = 0 // newest frame that was looked at for markers
	private indexed = false

	constructor(private readonly source: Source) {}

	/* From there; also backwards: the server begins anew at the newest key-frame before. */
	seek(at: number) {
		const to = Math.min(Math.max(at, 0), this.state.total || at)
		if (this.begun && to >= this.state.at && this.begun + to <= this.last) this.state.at = to
		else {
			this.source.begin()
			this.state.at = to
			this.fetch(to)
		}
		this.state.over = false
	}

	/* All of the recording at a glance, in place of what has been seen so far. */
	know(index: Index) {
		this.indexed = true
		const state = this.state
		const most = Math.max(...index.activity, 1)
		state.total = Math.max(state.total, index.ms)
		state.step = Math.max(index.step_ms, 1)
		state.activity = index.activity.map((one) => (one > 0 ? Math.max(Math.sqrt(one / most), 0.06) : 0))
		state.markers = index.markers.map(({ ms, kind, text }) => ({ at: ms, kind, text }))
	}

	/* Where a text was shown. */
	found(at: number[]) {
		this.state.hits = at
	}

	private fetch(from: number) {
		this.stream?.close()
		this.queue = []
		this.head = this.ahead = this.last = 0
		this.whole = false
		this.state.loading = true
		this.state.error = ''
		this.stream = this.source.open(Math.floor(from), {
			frames: (frames) => this.take(frames),
			end: (whole, say) => {
				this.stream = null
				this.whole = whole
				this.state.loading = false
				if (!whole) this.state.error = say || '-'
			},
		})
	}

	private take(frames: Frame[]) {
		for (const frame of frames) {
			if (frame.kind === Kind.meta && !this.begun) this.begun = frame.time
			this.mark(frame)
			this.ahead += frame.body.length
			this.last = Math.max(this.last, frame.time)
			this.queue.push(frame)
		}
		if (this.begun) this.state.total = Math.max(this.state.total, this.last - this.begun)
		if (this.head < this.queue.length) this.state.loading = false
		if (this.ahead <= AHEAD_MAX) return
		this.stream?.close()
		this.stream = null
	}

	private mark(frame: Frame) {
		if (this.indexed || frame.time < this.marked || !this.begun) return
		this.marked = frame.time
		const told = [Kind.open, Kind.file, Kind.note, Kind.statement].includes(frame.kind) ? jsonOf(frame) : null
		if (!told || this.state.markers.length >= 2000) return
		const at = frame.time - this.begun
		if (frame.kind === Kind.open && told.kind === 'exec') this.state.markers.push({ at, kind: 'command', text: String(told.command ?? '') })
		if (frame.kind === Kind.file && told.state !== 'begun') this.state.markers.push({ at, kind: 'file', text: `${told.op} ${told.path}` })
		if (frame.kind === Kind.statement) this.state.markers.push({ at, kind: 'statement', text: `#${told.n} ${told.sql ?? ''}` })
		if (frame.kind === Kind.note) this.state.markers.push({ at, kind: 'note', text: `${told.kind} ${told.text ?? ''}` })
	}

	/* Lets `passed` milliseconds of the person's time go by. */
	tick(passed: number) {
		if (!this.begun) return this.lead()
		if (this.state.playing && !this.state.over && !this.state.loading) this.move(passed * this.state.speed)
		this.show()
		if (this.whole && this.head >= this.queue.length) {
			this.state.over = true
			this.state.at = Math.max(this.state.at, Math.min(this.state.total, this.last - this.begun))
		} else if (!this.whole && !this.stream && !this.state.error && this.ahead < AHEAD_MIN) this.fetch(this.last - this.begun)
	}

	/* The first frame tells when the recording began. */
	private lead() {
		const first = this.queue[this.head]
		if (first) this.begun = first.time
	}

	private move(by: number) {
		const next = this.queue[this.head]
		const due = next ? next.time - this.begun : Infinity
		this.state.at += by
		if (this.state.skipIdle && due !== Infinity && due - this.state.at > IDLE_MS) this.state.at = due - IDLE_MS
		if (!next) this.state.at = Math.min(this.state.at, Math.max(this.state.total, this.state.at - by))
	}

	private show() {
		const due: Frame[] = []
		const until = this.begun + this.state.at
		while (due.length < AT_ONCE && this.head < this.queue.length && this.queue[this.head]!.time <= until) {
			const frame = this.queue[this.head++]!
			this.ahead -= frame.body.length
			due.push(frame)
		}
		if (this.head > 10_000) {
			this.queue.splice(0, this.head)
			this.head = 0
		}
		if (due.length > 0) this.source.draw(due)
	}

	/* The marker in front of or behind where we are. */
	toMarker(forward: boolean) {
		const all = this.state.markers.filter((m) => ['command', 'statement', 'file', 'note'].includes(m.kind)).sort((a, b) => a.at - b.at)
		const next = forward ? all.find((m) => m.at > this.state.at + 1) : all.reverse().find((m) => m.at < this.state.at - 1500)
		if (next) this.seek(Math.max(next.at - 500, 0))
	}

	close() {
		this.stream?.close()
		this.stream = null
	}
}
