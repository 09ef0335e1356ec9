import { language } from '@/i18n'

/* Times, sizes and durations in the reader's language.  They follow a switch of it. */
export function time(text: string | null | undefined): string {
	if (!text) return ''
	const at = new Date(text)
	return Number.isNaN(at.getTime())
		? text
		: new Intl.DateTimeFormat(language(), { dateStyle: 'short', timeStyle: 'medium', hourCycle: 'h23' }).format(at)
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

export function bytes(n: number | null | undefined): string {
	if (n === null || n === undefined) return ''
	let unit = 0
	let value = n
	for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024
	return `${new Intl.NumberFormat(language(), { maximumFractionDigits: unit === 0 ? 0 : 1 }).format(value)} ${UNITS[unit]}`
}

/* 3:05, 1:02:03 */
export function duration(seconds: number): string {
	const whole = Math.max(0, Math.floor(seconds))
	const two = (n: number) => String(n).padStart(2, '0')
	const hours = Math.floor(whole / 3600)
	const minutes = Math.floor(whole / 60) % 60
	return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

export function number(n: number): string {
	return new Intl.NumberFormat(language()).format(n)
}
