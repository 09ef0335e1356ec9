/*
 * watermark - who looks, when and from where, across a picture: v-watermark="'watch'" on what it covers.
 *
 * It deters and tells afterwards whose screen a photograph shows; it protects nothing.  What was removed or changed in the page is
 * put back, but whoever owns the browser can do without it.
 * Shape:   one element behind nobody's pointer, drawn as a picture that repeats: no text that could be selected or read out.
 */
import type { Directive } from 'vue'
import type { Me } from '@/api/types'
import { language } from '@/i18n'
import { me } from '@/me'

export type Marked = 'watch' | 'terminal'
const TILE = { width: 340, height: 190 }
const EVERY_MS = 60_000
const STYLE =
	'position:absolute;inset:0;z-index:5;display:block;visibility:visible;opacity:1;transform:none;clip-path:none;filter:none;pointer-events:none;user-select:none;background-repeat:repeat;'
		.split(';')
		.filter(Boolean)
		.map((one) => `${one}!important`)
		.join(';')

export function isMarked(setting: Me['watermark'] | undefined, what: Marked): boolean {
	return setting === 'all' || (what === 'watch' && setting !== 'off')
}

/* Two lines. */
export function wordsOfMark(who: Pick<Me, 'user' | 'address'>, at: Date, locale: string): [string, string] {
	return [who.user, `${new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'short', hourCycle: 'h23' }).format(at)}  ${who.address}`]
}

function draw(lines: string[]): string {
	const canvas = document.createElement('canvas')
	const sharp = Math.min(Math.max(window.devicePixelRatio || 1, 1), 3)
	canvas.width = TILE.width * sharp
	canvas.height = TILE.height * sharp
	const on = canvas.getContext('2d')
	if (!on) return ''
	on.scale(sharp, sharp)
	on.translate(TILE.width / 2, TILE.height / 2)
	on.rotate(-Math.PI / 9)
	on.textAlign = 'center'
	on.font = '15px system-ui, sans-serif'
	on.fillStyle = 'rgb(128 134 144 / 22%)'
	lines.forEach((line, n) => on.fillText(line, 0, n * 22 - 8, TILE.width - 20))
	return canvas.toDataURL()
}

/* Keeps the mark on that place; the result ends it. */
function keep(place: HTMLElement): () => void {
	const mark = document.createElement('div')
	let image = ''
	const eyes = new MutationObserver(mend)

	function put() {
		for (const { name } of [...mark.attributes]) if (!['aria-hidden', 'class', 'style'].includes(name)) mark.removeAttribute(name)
		mark.setAttribute('aria-hidden', 'true')
		mark.setAttribute('class', 'watermark')
		mark.setAttribute('style', `${STYLE};background-image:url("${image}")!important;background-size:${TILE.width}px ${TILE.height}px!important`)
		mark.replaceChildren()
		if (getComputedStyle(place).position === 'static') place.style.position = 'relative'
		if (mark.parentNode !== place) place.append(mark)
	}
	function mend() {
		eyes.disconnect()
		put()
		eyes.observe(place, { childList: true, attributes: true, attributeFilter: ['style', 'class'] })
		eyes.observe(mark, { attributes: true, childList: true })
	}
	function renew() {
		if (me.value) image = draw(wordsOfMark(me.value, new Date(), language()))
		mend()
	}

	renew()
	const timer = window.setInterval(renew, EVERY_MS)
	return () => {
		eyes.disconnect()
		clearInterval(timer)
		mark.remove()
	}
}

const kept = new WeakMap<HTMLElement, () => void>()
export const vWatermark: Directive<HTMLElement, Marked> = {
	mounted(place, { value }) {
		if (me.value && isMarked(me.value.watermark, value)) kept.set(place, keep(place))
	},
	beforeUnmount(place) {
		kept.get(place)?.()
		kept.delete(place)
	},
}
