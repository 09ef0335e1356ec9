/*
 * stream - frames of a session: as they happen (watch) or as they were recorded (replay), over a WebSocket.
 */
import { openSocket } from '@/api/socket'
import { Frames, type Frame } from '@/term/recording'
import { wordsOf } from '@/words'

export interface StreamListener {
	frames(frames: Frame[]): void
	/* whole: the server said that this was all; say: its words, or why it broke */
	end(whole: boolean, say: string): void
}

export class Stream {
	private socket: WebSocket | null = null
	private closed = false
	private readonly decoder = new Frames()

	constructor(
		private readonly to: StreamListener,
		path: string,
		query = '',
	) {
		void this.open(path, query)
	}

	private async open(path: string, query: string) {
		try {
			const socket = await openSocket(path, 'yanmen.frames.1', query)
			if (this.closed) return socket.close()
			this.socket = socket
			socket.onmessage = (message) => this.read(message.data as unknown)
			socket.onclose = (event) => this.finish(false, event.reason)
		} catch (problem) {
			this.finish(false, wordsOf(problem))
		}
	}

	private read(data: unknown) {
		if (this.closed) return
		try {
			if (data instanceof ArrayBuffer) return this.to.frames(this.decoder.push(new Uint8Array(data)))
			const said = JSON.parse(String(data)) as { end?: unknown }
			const say = typeof said.end === 'string' ? said.end : ''
			this.finish(say === '', say)
		} catch {
			this.finish(false, '')
		}
	}

	private finish(whole: boolean, say: string) {
		if (this.closed) return
		this.close()
		this.to.end(whole, say)
	}

	close() {
		this.closed = true
		this.socket?.close()
		this.socket = null
	}
}
