/* run - plans on their way to the server: tried (check) or done, some at a time, so that others' logins are not held up. */
import { command, isProblem } from '@/api/client'
import type { Command } from '@/api/types'
import { wordsOf } from '@/words'
import type { Plan, Sheet } from './sheet'

const LINES = 50
const BYTES = 40_000
const AGAIN_MS = 1000

interface Said {
	state: 'done' | 'wrong'
	say: string
}

/* As many of them as one request takes. */
export function batches(plans: Plan[]): Plan[][] {
	const all: Plan[][] = []
	let bytes = 0
	for (const plan of plans) {
		const size = JSON.stringify(plan.steps).length * 3 // UTF-8, at most
		if (all.length === 0 || all.at(-1)!.length === LINES || bytes + size > BYTES) {
			all.push([])
			bytes = 0
		}
		all.at(-1)!.push(plan)
		bytes += size
	}
	return all
}

/* With the same key until there is an answer: it is done once, whatever became of the connection. */
async function ask<T>(name: Command, args: Record<string, unknown>): Promise<T> {
	const once = crypto.randomUUID()
	for (let tries = 0; ; tries++) {
		try {
			return (await command<unknown>(name, args, once)) as T
		} catch (problem) {
			const later = [0, 429, 503, 504].some((status) => isProblem(problem, status))
			if (!later || tries === 10) throw problem
			await new Promise((done) => window.setTimeout(done, AGAIN_MS))
		}
	}
}

function wrong(plan: Plan, say: string) {
	plan.state = 'wrong'
	plan.say = say
}

async function together(plans: Plan[], check: boolean) {
	const said = await ask<Said[]>('import run', { line: plans.map((plan) => JSON.stringify({ steps: plan.steps })), check: check ? 'on' : 'off' })
	plans.forEach((plan, n) => {
		if (said[n]!.state === 'wrong') wrong(plan, said[n]!.say)
		else plan.done = !check
	})
}

async function alone(plan: Plan) {
	try {
		for (const [name, args] of plan.steps) await ask(name as Command, args)
		plan.done = true
	} catch (problem) {
		wrong(plan, wordsOf(problem))
	}
}

/* told: how many are behind us.  Answers when all are; throws when the server is away or refuses altogether. */
export async function run(sheet: Sheet, plans: Plan[], check: boolean, told: (n: number) => void, stopped: () => boolean) {
	const todo = plans.filter((plan) => plan.steps.length > 0 && plan.state !== 'wrong' && !plan.done)
	let behind = 0
	if (sheet.alone && check) return
	for (const some of sheet.alone ? todo.map((plan) => [plan]) : batches(todo)) {
		if (stopped()) return
		if (sheet.alone) await alone(some[0]!)
		else await together(some, check)
		told((behind += some.length))
	}
}
