// Channels are set up and tested; whoever asks gives an address and sees who was told; the outbox.  Both languages, with axe.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { act, browser, facts, faults, LANGUAGES, menu, shot, signIn, texts, user } from './harness.mjs'

async function choose(page, drawer, label, option) {
	await drawer.getByRole('combobox', { name: label, exact: true }).click({ force: true })
	await page.getByRole('option', { name: option, exact: true }).click()
}

const still = (page) => page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running'))

for (const [n, language] of LANGUAGES.entries()) {
	test(`people are told, and an administrator sees how that went (${language})`, async (t) => {
		const w = texts[language]
		const looked = {}
		const look = async (page, name) => {
			await still(page)
			looked[name] = await faults(page)
			await shot(page, `notify-${name}-${language}`)
		}
		const admin = await browser(t, { language })
		const asker = await browser(t, { language })
		const names = [`mail-${process.pid}-${language}`, `robot-${process.pid}-${language}`]

		// a mail server with password and its own CA; a robot, of which only the host is shown
		await signIn(admin, user('admin'))
		assert.ok((await menu(admin)).includes(w.notify.outbox))
		await admin.getByRole('link', { name: w.notify.channels, exact: true }).click()
		for (const [i, kind] of [w.notify.kind.mail, w.notify.kind.dingtalk].entries()) {
			await admin.getByRole('button', { name: w.action.add, exact: true }).click()
			const drawer = admin.getByRole('dialog', { name: w.action.add })
			await drawer.getByRole('textbox', { name: w.field.name }).fill(names[i])
			await choose(admin, drawer, w.field.kind, kind)
			if (i === 0) {
				await drawer.getByRole('textbox', { name: w.notify.server }).fill(facts.server)
				await drawer.getByRole('textbox', { name: w.notify.from }).fill('yanmen@example.com')
				await drawer.getByRole('textbox', { name: w.notify.login }).fill('robot')
			}
			await drawer.getByLabel(w.notify.secret).fill(i === 0 ? 'p w' : `${facts.robot} SECkey`)
			await drawer.getByRole('textbox', { name: w.notify.ca }).fill(facts.ca)
			await look(admin, `form-${i}`)
			await drawer.getByRole('button', { name: w.action.add, exact: true }).click()
			await admin.locator('.el-table__row', { hasText: names[i] }).waitFor()
		}
		assert.equal((await admin.content()).includes('t0ps3cr3t'), false)
		await act(admin, w.notify.test, names[0])
		const tested = admin.getByRole('dialog', { name: w.notify.test })
		await tested.getByRole('textbox', { name: w.notify.to }).fill('me@example.com')
		await tested.getByRole('button', { name: w.notify.test }).click()
		await tested.getByText('250 2.0.0 taken').waitFor()
		await look(admin, 'tested')
		await tested.getByRole('button', { name: w.dialog.close, exact: true }).click()
		await look(admin, 'channels')

		// whoever asks gives an address, asks, and sees that the approver was told
		await signIn(asker, facts.askers[n], '/me')
		const card = asker.getByRole('region', { name: w.notify.mail })
		await card.getByRole('textbox', { name: w.notify.mail_address }).fill('nonsense')
		await card.getByRole('button', { name: w.notify.mail_keep }).click()
		await card.getByRole('alert').waitFor()
		await card.getByRole('textbox', { name: w.notify.mail_address }).fill(`asker${n}@example.com`)
		await card.getByRole('button', { name: w.notify.mail_keep }).click()
		await asker.getByText(w.notify.mail_kept).waitFor()
		await look(asker, 'me')
		await asker.reload()
		await asker.waitForFunction((mail) => document.querySelector('#my-mail')?.value === mail, `asker${n}@example.com`)
		await asker.goto(facts.url)
		await asker.getByPlaceholder(w.home.search).fill(facts.target)
		await asker.getByRole('link', { name: `${w.requests.ask} ${facts.account}@${facts.target}` }).click()
		const form = asker.getByRole('dialog', { name: w.requests.ask })
		await form.getByRole('textbox', { name: w.field.reason }).fill('ticket 4711: disk is full')
		await form.getByRole('button', { name: w.requests.send }).click()
		const mine = asker.getByRole('article', { name: new RegExp(`${facts.account}@${facts.target}$`) })
		const summary = mine.locator('summary')
		await mine.getByText(w.notify.told.replace('{n}', '2').replace('{of}', '2')).waitFor()
		await summary.press('Enter')
		await mine.getByText(facts.decider.name).waitFor()
		await look(asker, 'told')

		// decided; the outbox has all of it, and one can be tried again
		const decider = await browser(t, { language, size: { width: 390, height: 844 } })
		await signIn(decider, facts.decider, '/approve')
		const waiting = decider.getByRole('article', { name: new RegExp(`${facts.account}@${facts.target}$`) })
		await waiting.getByRole('button', { name: new RegExp(`^${w.requests.do.approve}`) }).click()
		const sure = decider.getByRole('dialog', { name: w.requests.do.approve })
		await sure.getByRole('button', { name: w.requests.yes.replace('{what}', w.requests.do.approve) }).click()
		await mine.getByText(w.notify.told.replace('{n}', '4').replace('{of}', '4')).waitFor()
		await admin.getByRole('link', { name: w.notify.outbox, exact: true }).click()
		const row = admin.locator('.el-table__row', { hasText: facts.askers[n].name })
		await row.getByText(w.notify.event.request_approved).waitFor()
		await row.getByText(w.notify.state.sent, { exact: true }).waitFor()
		await look(admin, 'outbox')
		await admin.getByRole('link', { name: w.notify.channels, exact: true }).click()
		for (const name of names) {
			await act(admin, w.action.remove, name)
			await admin.getByRole('dialog', { name: w.action.remove }).getByRole('button', { name: w.action.remove, exact: true }).click()
			await admin.locator('.el-table__row', { hasText: name }).waitFor({ state: 'detached' })
		}
		assert.deepEqual(Object.entries(looked).filter(([, found]) => found.length > 0), [])
	})
}
