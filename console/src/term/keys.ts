import type { Terminal } from '@xterm/xterm'

/* Keys that are the page's and not the target's.  The result says whether xterm.js handles the key. */
export function keysOf(term: Terminal, does: { search: () => void; leave: () => void; copyRefused: () => boolean }) {
	function copy(event: KeyboardEvent) {
		event.preventDefault()
		if (term.hasSelection() && !does.copyRefused()) void navigator.clipboard?.writeText(term.getSelection())
		return false
	}
	return (event: KeyboardEvent): boolean => {
		if (event.type !== 'keydown' || event.metaKey) return true
		const key = event.key.toLowerCase()
		const shifted = event.ctrlKey && event.shiftKey && !event.altKey
		const plain = event.ctrlKey && !event.shiftKey && !event.altKey
		if (event.altKey && !event.ctrlKey && !event.shiftKey && /^[1-9]$/.test(key)) return false // the workspace's tabs
		if (shifted && key === 'escape') {
			event.preventDefault()
			does.leave()
			return false
		}
		if (shifted && key === 'f') {
			event.preventDefault()
			does.search()
			return false
		}
		if ((shifted && key === 'c') || (plain && key === 'insert')) return copy(event)
		if (plain && key === 'c' && term.hasSelection()) {
			copy(event)
			term.clearSelection()
			return false
		}
		// The browser turns these into a paste event, which needs no permission.
		if ((event.ctrlKey && !event.altKey && key === 'v') || (event.shiftKey && !event.ctrlKey && key === 'insert')) return false
		return true
	}
}
