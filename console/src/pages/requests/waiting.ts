import { onScopeDispose, ref } from 'vue'
import { list } from '@/api/client'
import { whenChanged } from '@/api/events'
import { may } from '@/me'

/* How many requests wait for this person's answer; 0 for who decides about none.  A number that is not read stays as it was. */
export function useWaiting() {
	const n = ref(0)
	let live = true

	async function read() {
		const page = await list('requests', { decidable: true, limit: 1 }).catch(() => null)
		if (page && live) n.value = page.total
	}

	if (may('request.decide')) {
		void read()
		whenChanged(['requests'], () => void read())
	}
	onScopeDispose(() => (live = false))
	return n
}
