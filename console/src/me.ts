import { shallowReactive } from 'vue'
import { get, isProblem, setCsrf } from '@/api/client'
import type { Me } from '@/api/types'
import { followLanguage } from '@/i18n'

/* Who is signed in here; what the menu shows depends on it.  The server decides anew at every request. */
export const me = shallowReactive<{ value: Me | null }>({ value: null })

export async function loadMe() {
	try {
		me.value = await get<Me>('/me')
		setCsrf(me.value.csrf ?? '')
		await followLanguage(me.value.lang)
	} catch (problem) {
		if (!isProblem(problem, 401)) throw problem
	}
}

export function forgetMe() {
	me.value = null
	setCsrf('')
}

export function may(permission: string) {
	return me.value?.permissions.includes(permission) ?? false
}
