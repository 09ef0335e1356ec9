import js from '@eslint/js'
import vue from 'eslint-plugin-vue'
import globals from 'globals'
import ts from 'typescript-eslint'

export default ts.config(
	{ ignores: ['dist/', 'node_modules/', 'src/api/schema.ts'] },
	js.configs.recommended,
	...ts.configs.recommended,
	...vue.configs['flat/essential'],
	{
		files: ['**/*.{ts,vue}'],
		languageOptions: { globals: globals.browser, parserOptions: { parser: ts.parser } },
		rules: {
			'no-undef': 'off', // TypeScript knows
			'max-lines': ['error', 300],
			'max-lines-per-function': ['error', { max: 60, skipComments: true }],
			'no-restricted-properties': ['error', { property: 'innerHTML', message: 'texts of others are never markup' }],
			'vue/no-v-html': 'error',
			'vue/component-api-style': ['error', ['script-setup']],
			'vue/block-lang': ['error', { script: { lang: 'ts' } }],
		},
	},
	{
		files: ['**/*.test.ts'],
		rules: { 'max-lines-per-function': 'off' },
	},
	{ files: ['**/*.{js,mjs}'], languageOptions: { globals: globals.node } },
)
