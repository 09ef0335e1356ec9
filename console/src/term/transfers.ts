/*
 * transfers - uploads, two at a time: they can be stopped, and go on where the target's file ends.
 */
import { reactive } from 'vue'
import { isProblem } from '@/api/client'
import { wordsOf } from '@/words'
import { below, type Files } from './files'
import { foldersOf, type Picked } from './picked'

const AT_ONCE = 2
export interface Transfer {
	key: number
	name: string
	path: string
	size: number
	sent: number
	there: number // bytes of the target's file, where there is one
	state: 'waiting' | 'exists' | 'running' | 'stopped' | 'failed' | 'done'
	say: string
}

export class Transfers {
	readonly all = reactive<Transfer[]>([])
	private readonly blobs = new Map<number, File>()
	private readonly aborts = new Map<number, AbortController>()
	private next = 1

	constructor(
		private readonly files: Files,
		private readonly changed: () => void,
	) {}

	async add(folder: string, picked: Picked[]) {
		// One that exists already is as good as one that was made; what is wrong otherwise the upload itself will say.
		for (const name of foldersOf(picked)) await this.files.ask({ op: 'mkdir', path: below(folder, name) }).catch(() => null)
		for (const { file, path } of picked) {
			const key = this.next++
			this.blobs.set(key, file)
			this.all.push({ key, name: path, path: below(folder, path), size: file.size, sent: 0, there: 0, state: 'waiting', say: '' })
		}
		this.changed()
		await this.pump()
	}

	private async pump() {
		while (this.all.filter((one) => one.state === 'running').length < AT_ONCE) {
			const next = this.all.find((one) => one.state === 'waiting')
			if (!next) return
			next.state = 'running'
			void this.begin(next)
		}
	}

	/* One that is there already is the person's to decide about. */
	private async begin(one: Transfer) {
		const there = await this.files.sizeOf(one.path)
		if (there === null) return this.send(one, 0)
		one.there = there
		one.state = 'exists'
		await this.pump()
	}

	private async send(one: Transfer, offset: number) {
		const abort = new AbortController()
		this.aborts.set(one.key, abort)
		one.state = 'running'
		one.say = ''
		one.sent = offset
		try {
			await this.files.put(one.path, this.blobs.get(one.key)!, offset, (sent) => (one.sent = sent), abort.signal)
			one.sent = one.size
			one.state = 'done'
			this.blobs.delete(one.key)
		} catch (problem) {
			one.state = abort.signal.aborted ? 'stopped' : 'failed'
			if (!abort.signal.aborted) one.say = isProblem(problem) ? wordsOf(problem) : ''
		}
		this.aborts.delete(one.key)
		this.changed()
		await this.pump()
	}

	stop(one: Transfer) {
		this.aborts.get(one.key)?.abort()
	}

	replace(one: Transfer) {
		void this.send(one, 0)
	}

	/* From where the target's file ends now. */
	async resume(one: Transfer) {
		const offset = (await this.files.sizeOf(one.path)) ?? 0
		await this.send(one, offset <= one.size ? offset : 0)
	}

	drop(one: Transfer) {
		this.stop(one)
		this.blobs.delete(one.key)
		this.all.splice(this.all.indexOf(one), 1)
	}

	stopAll() {
		for (const abort of this.aborts.values()) abort.abort()
	}
}
