/** What carries a value through calls, promises, timers and callbacks; browsers have call-storage.ts in its place. */
export { AsyncLocalStorage } from 'node:async_hooks';
