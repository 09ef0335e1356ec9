/*
 * link - one terminal of the server: connects, connects again when the connection is lost, and gives back what was shown.
 */
import { isProblem } from '@/api/client'
import { backoff, openSocket } from '@/api/socket'
import { ask, HELD, heldOf, told, type Filed, type Notice, type State, type Told } from './frame'

const ACK_STEP = 64 << 10
const ACK_WAIT_MS = 50
const BUFFERED_MAX = 64 << 10
const TRIES_MAX = 30
const TAKEN_ELSEWHERE = 4409 // another window shows this terminal now

export interface LinkListener {
	size(): { columns: number; rows: number }
	output(bytes: Uint8Array, shown: () => void): void
	screen(columns: number, rows: number, bytes: Uint8Array): void
	state(state: State): void
	notice(notice: Notice): void
	filed(id: number, answer: Filed): void
	/* waiting: milliseconds until the next try; 0 = connected; -1 = given up, say tells why; -2 = it is shown elsewhere now */
	connection(waiting: number, say: string): void
	latency(ms: number): void
}

export class Link {
	private socket: WebSocket | null = null
	private tries = 0
	private timer = 0
	private over = false
	private shown = 0
	private ackTimer = 0
	private generation = 0 // of the count: a screen begins it anew
	private typedAt = 0
	private waiting: Uint8Array<ArrayBuffer>[] = []
	private drain = 0
	private flying = 0 // bytes of input that the target has not taken

	constructor(
		readonly id: string,
		private readonly to: LinkListener,
	) {}

	async connect(ticket?: string) {
		if (this.over) return
		try {
			const socket = await openSocket(`/terminals/${this.id}/socket`, 'yanmen.term.1', '', ticket)
			if (this.over) return socket.close()
			this.take(socket)
		} catch (problem) {
			if (isProblem(problem, 404) || isProblem(problem, 403) || isProblem(problem, 401)) this.giveUp(problem.message)
			else this.again()
		}
	}

	private take(socket: WebSocket) {
		this.socket = socket
		socket.onopen = () => {
			this.tries = 0
			this.flying = 0
			this.to.connection(0, '')
			const { columns, rows } = this.to.size()
			this.send(ask.hello(columns, rows))
		}
		socket.onmessage = (message) => this.read(message.data)
		socket.onclose = (event) => {
			if (this.socket !== socket) return
			this.socket = null
			this.waiting = []
			if (event.code === TAKEN_ELSEWHERE) this.giveUp('', true)
			else this.again()
		}
	}

	private again() {
		if (this.over) return
		if (this.tries >= TRIES_MAX) return this.giveUp('')
		const wait = backoff(this.tries++)
		this.to.connection(wait, '')
		this.timer = window.setTimeout(() => void this.connect(), wait)
	}

	/* At once, when the person or the network asks for it. */
	retry() {
		if (this.over || this.socket) return
		clearTimeout(this.timer)
		this.tries = 0
		void this.connect()
	}

	private giveUp(say: string, elsewhere = false) {
		this.over = true
		this.to.connection(elsewhere ? -2 : -1, say)
	}

	private read(data: unknown) {
		let frame: Told
		try {
			if (!(data instanceof ArrayBuffer)) throw new TypeError('a text message')
			frame = told(data)
		} catch {
			this.socket?.close(4400, 'malformed')
			return
		}
		if (frame.type === 'output') this.output(frame.bytes)
		else if (frame.type === 'screen') {
			this.generation++
			this.shown = 0
			this.to.screen(frame.columns, frame.rows, frame.bytes)
		} else if (frame.type === 'state') {
			if (frame.state.state === 'ended') this.over = true
			this.to.state(frame.state)
		} else if (frame.type === 'notice') this.to.notice(frame.notice)
		else if (frame.type === 'taken') {
			this.flying = Math.max(this.flying - frame.bytes, 0)
			this.flow()
		} else if (frame.type === 'filed') this.to.filed(frame.id, frame.answer)
	}

	private output(bytes: Uint8Array) {
		if (this.typedAt) {
			this.to.latency(performance.now() - this.typedAt)
			this.typedAt = 0
		}
		const of = this.generation
		this.to.output(bytes, () => {
			if (of === this.generation) this.count(bytes.length)
		})
	}

	private count(bytes: number) {
		this.shown += bytes
		if (this.shown >= ACK_STEP) this.acknowledge()
		else this.ackTimer ||= window.setTimeout(() => this.acknowledge(), ACK_WAIT_MS)
	}

	private acknowledge() {
		clearTimeout(this.ackTimer)
		this.ackTimer = 0
		if (this.shown > 0) this.send(ask.ack(this.shown))
		this.shown = 0
	}

	private send(bytes: Uint8Array<ArrayBuffer>): boolean {
		if (this.socket?.readyState !== WebSocket.OPEN) return false
		this.socket.send(bytes)
		return true
	}

	/* What is typed or pasted; a long paste goes as fast as the connection takes it. */
	input(text: string) {
		this.typedAt ||= performance.now()
		this.waiting.push(...ask.input(text))
		this.flow()
	}

	/* What is pasted, told as such before it: the grant may forbid it. */
	paste(text: string) {
		const pieces = ask.input(text)
		this.waiting.push(ask.paste(pieces.reduce((sum, piece) => sum + piece.length - 1, 0)), ...pieces)
		this.flow()
	}

	private flow() {
		clearTimeout(this.drain)
		while (this.waiting.length > 0) {
			if (!this.socket || this.socket.readyState !== WebSocket.OPEN) {
				this.waiting = [] // nothing is typed into a terminal that nobody sees
				return
			}
			if (this.socket.bufferedAmount > BUFFERED_MAX) {
				this.drain = window.setTimeout(() => this.flow(), 20)
				return
			}
			const held = heldOf(this.waiting[0]!)
			if (this.flying + held > HELD) return // TAKEN calls again
			const piece = this.waiting.shift()!
			this.flying += held
			this.send(piece)
		}
	}

	size(columns: number, rows: number) {
		this.send(ask.size(columns, rows))
	}

	file(id: number, request: object): boolean {
		return this.send(ask.file(id, request))
	}

	/* The person is done: the session ends. */
	end() {
		this.send(ask.end())
	}

	/* The page is; the session waits for it. */
	close() {
		this.over = true
		clearTimeout(this.timer)
		clearTimeout(this.drain)
		clearTimeout(this.ackTimer)
		this.socket?.close(1000)
		this.socket = null
	}
}
