import { describe, expect, it } from 'vitest'
import { Kind, type Frame } from '@/term/recording'
import type { StreamListener } from '@/watch/stream'
import { Player } from './player'

const BEGUN = 1_700_000_000_000
const json = (of: object) => new TextEncoder().encode(JSON.stringify(of))
const meta: Frame = { time: BEGUN, kind: Kind.meta, channel: 0, body: json({}) }
const out = (at: number, size = 1): Frame => ({ time: BEGUN + at, kind: Kind.out, channel: 1, body: new Uint8Array(size) })

function rig() {
	const opened: { from: number; to: StreamListener; closed: boolean }[] = []
	const drawn: number[] = []
	const player = new Player({
		open(from, to) {
			const one = { from, to, closed: false }
			opened.push(one)
			return { close: () => (one.closed = true) }
		},
		begin: () => (drawn.length = 0),
		draw: (frames) => drawn.push(...frames.map((f) => f.time - BEGUN)),
	})
	return { player, opened, drawn }
}

function playing(...frames: Frame[]) {
	const all = rig()
	all.player.seek(0)
	all.opened[0]!.to.frames([meta, ...frames])
	all.opened[0]!.to.end(true, '')
	return all
}

describe('a player', () => {
	it('shows each frame when it is due', () => {
		const { player, drawn } = playing(out(100), out(900), out(1400))
		player.tick(0)
		expect(drawn).toEqual([0])
		player.tick(100)
		expect(drawn).toEqual([0, 100])
		player.tick(1000)
		expect(drawn).toEqual([0, 100, 900])
	})
	it('goes faster and slower', () => {
		const { player, drawn } = playing(out(1000))
		player.state.speed = 0.5
		player.tick(1000)
		expect(drawn).toEqual([0])
		player.state.speed = 16
		player.tick(100)
		expect(drawn).toEqual([0, 1000])
	})
	it('stands still while it is paused', () => {
		const { player } = playing(out(1000))
		player.state.playing = false
		player.tick(5000)
		expect(player.state.at).toBe(0)
	})
	it('skips an hour in which nothing happened, or waits for it', () => {
		const skipping = playing(out(3_600_000))
		skipping.player.tick(0)
		skipping.player.tick(10)
		expect(skipping.player.state.at).toBe(3_600_000 - 1500)
		const patient = playing(out(3_600_000))
		patient.player.state.skipIdle = false
		patient.player.tick(0)
		patient.player.tick(10)
		expect(patient.player.state.at).toBe(10)
	})
	it('is over at the end of the recording, not of what has come so far', () => {
		const { player, opened } = rig()
		player.seek(0)
		opened[0]!.to.frames([meta, out(10)])
		player.tick(100)
		expect(player.state.over).toBe(false)
		opened[0]!.to.end(true, '')
		player.tick(100)
		expect(player.state.over).toBe(true)
	})
	it('seeks forward in what it has, and asks the server for the rest and for what is behind', () => {
		const { player, opened, drawn } = playing(out(1000), out(2000))
		player.tick(0)
		player.seek(1500)
		player.tick(0)
		expect([opened.length, drawn]).toEqual([1, [0, 1000]])
		player.seek(500)
		expect(opened.map((one) => one.from)).toEqual([0, 500])
		expect(drawn).toEqual([])
	})
	it('holds a bounded part of a long recording', () => {
		const { player, opened } = rig()
		player.seek(0)
		opened[0]!.to.frames([meta, ...Array.from({ length: 600 }, (_, n) => out(n * 10, 60_000))])
		expect(opened[0]!.closed).toBe(true)
		expect(opened.length).toBe(1)
		player.tick(6000)
		player.tick(0)
		expect(opened.map((one) => one.from)).toEqual([0, 5990])
	})
	it('says why when the stream breaks', () => {
		const { player, opened } = rig()
		player.seek(0)
		opened[0]!.to.end(false, 'the reader is gone')
		expect(player.state).toMatchObject({ loading: false, error: 'the reader is gone' })
	})
	it('marks commands, files and notes once, and leads from one to the next', () => {
		const told = (at: number, kind: Kind, of: object): Frame => ({ time: BEGUN + at, kind, channel: 1, body: json(of) })
		const { player, opened } = playing(
			told(1000, Kind.open, { kind: 'exec', command: 'id' }),
			told(5000, Kind.file, { op: 'upload', path: '/x', state: 'begun' }),
			told(9000, Kind.file, { op: 'upload', path: '/x', state: 'complete' }),
		)
		expect(player.state.markers.map((m) => m.text)).toEqual(['id', 'upload /x'])
		player.toMarker(true)
		expect(player.state.at).toBe(500)
		player.seek(9000)
		player.toMarker(false)
		expect(player.state.at).toBe(500)
		opened.at(-1)!.to.frames([meta, told(1000, Kind.open, { kind: 'exec', command: 'id' })])
		expect(player.state.markers.length).toBe(2)
	})
	it('knows what is ahead when the server has read it', () => {
		const { player, opened } = playing(out(100))
		const marks = [
			{ ms: 0, kind: 'channel' as const, channel: 1, text: 'shell' },
			{ ms: 3_000_000, kind: 'command' as const, channel: 2, text: 'id' },
		]
		player.know({ ms: 7_200_000, step_ms: 16_000, activity: [0, 25, 100, 1], left_out: 0, markers: marks })
		expect(player.state).toMatchObject({ total: 7_200_000, step: 16_000, activity: [0, 0.5, 1, 0.1] })
		player.toMarker(true)
		expect([player.state.at, opened.at(-1)!.from]).toEqual([2_999_500, 2_999_500])
		opened.at(-1)!.to.frames([meta, { time: BEGUN + 10, kind: Kind.open, channel: 3, body: json({ kind: 'exec', command: 'ls' }) }])
		expect(player.state.markers.length).toBe(2)
	})
	it('does not take for there what an earlier stream had', () => {
		const { player, opened } = playing(out(1000))
		player.know({ ms: 7_200_000, step_ms: 16_000, activity: [1], left_out: 0, markers: [] })
		player.seek(6_000_000)
		opened.at(-1)!.to.frames([meta, out(6_000_100)])
		player.seek(1_000_000)
		opened.at(-1)!.to.frames([meta, out(1_000_100)])
		player.seek(5_000_000)
		expect(opened.map((one) => one.from)).toEqual([0, 6_000_000, 1_000_000, 5_000_000])
	})
})
