import { ElMessage } from '@/ui/app'
import { reactive, watch } from 'vue'
import type { Router } from 'vue-router'
import { post } from '@/api/client'
import type { Opened } from '@/api/types'
import { wordsOf } from '@/words'

/* The terminals of this browser tab.  Their ids outlive a reload: the sessions do. */
export interface Tab {
	id: string
	target: string
	account: string
	ticket?: string // of a new one; used once
}
const KEPT = 'yanmen.terminals'

function kept(): Tab[] {
	try {
		const rows = JSON.parse(sessionStorage.getItem(KEPT) ?? '[]') as unknown
		if (!Array.isArray(rows)) return []
		return (rows as Tab[])
			.filter((row) => typeof row?.id === 'string' && /^[\w-]{1,64}$/.test(row.id))
			.map(({ id, target, account }) => ({ id, target: String(target), account: String(account) }))
	} catch {
		return []
	}
}

export const tabs = reactive<{ all: Tab[]; current: string }>({ all: kept(), current: '' })
tabs.current = tabs.all[0]?.id ?? ''

watch(
	() => tabs.all.map(({ id, target, account }) => ({ id, target, account })),
	(rows) => sessionStorage.setItem(KEPT, JSON.stringify(rows)),
)

export async function openTerminal(router: Router, target: string, account?: string) {
	try {
		const opened = await post<Opened>('/terminals', account ? { target, account } : { target })
		tabs.all.push({ id: opened.id, target, account: account ?? '', ticket: opened.ticket })
		tabs.current = opened.id
		await router.push('/terminals')
	} catch (problem) {
		ElMessage.error(wordsOf(problem))
	}
}

export function closeTab(id: string) {
	const at = tabs.all.findIndex((tab) => tab.id === id)
	if (at < 0) return
	tabs.all.splice(at, 1)
	if (tabs.current === id) tabs.current = tabs.all[Math.min(at, tabs.all.length - 1)]?.id ?? ''
}

/* A ticket is good for one connection. */
export function takeTicket(tab: Tab): string | undefined {
	const ticket = tab.ticket
	delete tab.ticket
	return ticket
}
