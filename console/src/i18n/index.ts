import { createI18n } from 'vue-i18n'
import { ref } from 'vue'

export type Language = 'zh-CN' | 'en'
const KEPT = 'yanmen.language'
const files = { 'zh-CN': () => import('./zh-CN.json'), en: () => import('./en.json') }

export const i18n = createI18n({ legacy: false, locale: 'en', fallbackLocale: 'en', messages: {}, missingWarn: false, fallbackWarn: false })
const current = ref<Language>('en')

/* For Accept-Language and Intl; components that use it follow a switch. */
export function language(): Language {
	return current.value
}

export async function setLanguage(to: Language) {
	if (!i18n.global.availableLocales.includes(to)) i18n.global.setLocaleMessage(to, (await files[to]()).default)
	i18n.global.locale.value = to
	current.value = to
	document.documentElement.lang = to
}

/* The person's own choice, which this browser remembers. */
export async function chooseLanguage(to: Language) {
	localStorage.setItem(KEPT, to)
	await setLanguage(to)
}

function kept(): Language | null {
	const name = localStorage.getItem(KEPT)
	return name === 'zh-CN' || name === 'en' ? name : null
}

export async function startLanguage() {
	await setLanguage(kept() ?? (navigator.language.startsWith('zh') ? 'zh-CN' : 'en'))
}

/* What the user's row says, unless he chose otherwise in this browser. */
export async function followLanguage(of: string) {
	if (kept() === null && of !== '') await setLanguage(of.startsWith('zh') ? 'zh-CN' : 'en')
}
