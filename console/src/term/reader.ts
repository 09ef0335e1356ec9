import { ref, watch } from 'vue'

const KEPT = 'yanmen.reader'

/* Whether terminals speak to a screen reader; this browser remembers. */
export const readerMode = ref(localStorage.getItem(KEPT) === 'yes')
watch(readerMode, (on) => localStorage.setItem(KEPT, on ? 'yes' : 'no'))
