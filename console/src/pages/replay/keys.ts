import { SPEEDS, type Player } from './player'

/* The keys of a player, as those who know others expect them. */
export function replayKeys(player: Player) {
	const state = player.state
	const faster = (by: number) => {
		const at = SPEEDS.indexOf(state.speed as (typeof SPEEDS)[number])
		state.speed = SPEEDS[Math.min(Math.max(at + by, 0), SPEEDS.length - 1)] ?? 1
	}
	const does: Record<string, () => void> = {
		' ': () => toggle(player),
		ArrowLeft: () => player.seek(state.at - 5000),
		ArrowRight: () => player.seek(state.at + 5000),
		'S-ArrowLeft': () => player.seek(state.at - state.total / 10),
		'S-ArrowRight': () => player.seek(state.at + state.total / 10),
		'[': () => player.toMarker(false),
		']': () => player.toMarker(true),
		'+': () => faster(1),
		'=': () => faster(1),
		'-': () => faster(-1),
		'/': () => document.querySelector<HTMLElement>('.replay-find input')?.focus(),
	}
	return (event: KeyboardEvent) => {
		const at = event.target as HTMLElement
		if (event.ctrlKey || event.altKey || event.metaKey || at.closest('input, textarea, [role=combobox], [role=dialog]')) return
		if (event.key === ' ' && at.closest('button, a')) return
		const arrow = event.shiftKey && event.key.startsWith('Arrow') ? 'S-' : ''
		const act = /^[0-9]$/.test(event.key) ? () => player.seek((state.total * Number(event.key)) / 10) : does[arrow + event.key]
		if (!act) return
		event.preventDefault()
		act()
	}
}

/* Space at the end begins anew. */
export function toggle(player: Player) {
	if (player.state.over) {
		player.seek(0)
		player.state.playing = true
	} else player.state.playing = !player.state.playing
}
