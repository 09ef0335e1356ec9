import { onBeforeUnmount, reactive } from 'vue'
import { useI18n } from 'vue-i18n'
import { Files } from '@/term/files'
import type { Notice, State } from '@/term/frame'
import { Link } from '@/term/link'
import { USUAL, type Rules } from '@/term/rules'
import type { Screen } from '@/term/screen'
import { takeTicket, type Pane } from './tabs'

/* What the line below a terminal tells. */
export interface Standing {
	state: State['state']
	target: string
	account: string
	layer: State['layer'] | ''
	say: string
	exit: number | null
	waiting: number // milliseconds until the next try to connect; 0 = connected, negative = given up
	latency: number | null
	notice: Notice | null
	rules: Rules
}

/* One terminal: its connection, its screen, its files. */
export function useTerminal(pane: Pane) {
	const { t } = useI18n()
	const standing = reactive<Standing>({
		state: 'connecting',
		target: pane.target,
		account: pane.account,
		layer: '',
		say: '',
		exit: null,
		waiting: 0,
		latency: null,
		notice: null,
		rules: USUAL,
	})
	let screen: Screen | null = null
	const link = new Link(pane.id, {
		size: () => ({ columns: screen?.term.cols ?? 80, rows: screen?.term.rows ?? 24 }),
		output: (bytes, shown) => screen?.term.write(bytes, shown),
		screen: (columns, rows, bytes) => screen?.redraw(columns, rows, bytes),
		state(state) {
			standing.state = state.state
			standing.target = state.target ?? standing.target
			standing.account = state.account ?? standing.account
			standing.layer = state.layer ?? standing.layer
			standing.say = state.say ?? ''
			standing.exit = state.exit ?? null
			standing.rules = { paste: state.paste ?? 'ask', pasteMax: state.paste_max ?? 0, copy: state.copy ?? true }
			pane.account ||= standing.account
		},
		notice: (notice) => (standing.notice = notice),
		filed: (id, answer) => files.filed(id, answer),
		connection(waiting, say) {
			standing.waiting = waiting
			if (waiting !== 0) files.lost()
			if (waiting >= 0) return
			standing.state = 'ended'
			standing.say = waiting === -2 ? t('terminal.elsewhere') : say
		},
		latency: (ms) => (standing.latency = Math.round(ms)),
	})
	const files = new Files(link)
	const retry = () => link.retry()
	window.addEventListener('online', retry)

	onBeforeUnmount(() => {
		window.removeEventListener('online', retry)
		link.close()
	})
	return {
		standing,
		link,
		files,
		start(on: Screen) {
			screen = on
			void link.connect(takeTicket(pane))
		},
	}
}
