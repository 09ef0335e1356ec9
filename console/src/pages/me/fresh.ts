import { command } from '@/api/client'
import { loadMe, me } from '@/me'
import { ref, shallowRef } from 'vue'

/* Before one changes how he signs in, his password is asked for, unless he has given it within the last five minutes. */
const MARGIN = 20_000 // it should last for the command that follows
type Then = (given: boolean) => void
export const asking = ref(false)
const then = shallowRef<Then>(() => {})

export function isFresh(): boolean {
	const until = me.value?.fresh_until
	return !!until && new Date(until).getTime() > Date.now() + MARGIN
}

/* False: he left the dialog. */
export function fresh(): Promise<boolean> {
	if (isFresh()) return Promise.resolve(true)
	asking.value = true
	return new Promise((resolve) => (then.value = resolve))
}

export function answered(given: boolean) {
	asking.value = false
	then.value(given)
	then.value = () => {}
}

export async function confirm(password: string) {
	await command('me confirm', { secret: password })
	await loadMe()
}
