import { isProblem } from '@/api/client'
import { i18n } from '@/i18n'

/* What a failure says to the person: the server's words, or ours when it said nothing. */
export function wordsOf(error: unknown): string {
	const { t } = i18n.global
	if (isProblem(error, 0)) return t('error.away')
	if (isProblem(error) && error.message) return error.message
	return t('error.other')
}
