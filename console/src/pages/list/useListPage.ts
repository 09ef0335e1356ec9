import { computed, ref } from 'vue'
import { onBeforeRouteLeave, useRoute, useRouter } from 'vue-router'
import type { Collection } from '@/api/types'
import { inRange } from '@/ui/range'
import { useRows } from './useRows'

export const LIMIT = 50

/*
 * A page of a collection whose filters stand in the address, so that it can be sent to somebody; `sort` is the first order.
 * A range may be relative there (started.from=now-6h): it becomes moments when it is asked for.
 */
export function useListPage<Row = never, C extends Collection = Collection>(collection: () => C, first: string, watched: string[]) {
	const route = useRoute()
	const router = useRouter()
	const page = ref(1)
	const sort = ref(first)
	let leaves = false // what was typed last must not call back who is on his way to another page
	onBeforeRouteLeave(() => {
		leaves = true
	})
	const filters = computed({
		get: () => Object.fromEntries(Object.entries(route.query).map(([key, value]) => [key, String(value ?? '')])),
		set: (values) => {
			if (leaves) return
			page.value = 1
			void router.replace({ query: Object.fromEntries(Object.entries(values).filter(([, value]) => value !== '')) })
		},
	})
	const found = useRows<Row, C>(collection, () => ({ ...inRange(filters.value), sort: sort.value, limit: LIMIT, offset: (page.value - 1) * LIMIT }), watched)

	function sorted({ prop, order }: { prop: string | null; order: string | null }) {
		sort.value = prop && order ? (order === 'descending' ? '-' : '') + prop : first
	}
	return { filters, page, sorted, ...found }
}
