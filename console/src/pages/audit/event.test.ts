import { expect, test } from 'vitest'
import { i18n } from '@/i18n'
import en from '@/i18n/en.json'
import zh from '@/i18n/zh-CN.json'
import { kindWords, summary } from './event'

i18n.global.setLocaleMessage('en', en)
i18n.global.setLocaleMessage('zh-CN', zh)

test('a kind is told in words, one that nobody knows as it is', () => {
	i18n.global.locale.value = 'en'
	expect(kindWords('user.key_added')).toBe('public key added')
	expect(kindWords('made.up')).toBe('made.up')
	i18n.global.locale.value = 'zh-CN'
	expect(kindWords('user.key_added')).toBe('添加公钥')
})

test('a body is told field by field, without what other columns have', () => {
	i18n.global.locale.value = 'zh-CN'
	expect(summary({ text: 'x', body: { user: 'a', account: 'cyadmin', days: 3, tags: ['a', 'b'], inner: { x: 1 }, none: null } })).toBe('账号: cyadmin · 天数: 3 · tags: a, b')
	i18n.global.locale.value = 'en'
})

test('a line of a terminal is that line', () => {
	expect(summary({ text: 'uname -a', body: null })).toBe('uname -a')
})
