import { createApp } from 'vue'
import App from './App.vue'
import { i18n, startLanguage } from './i18n'
import { nonceForStyles } from './nonce'
import { router } from './router'
import './style.css'

nonceForStyles()
await startLanguage()
createApp(App).use(i18n).use(router).mount('#app')
