import { EngineError } from '../../../engines/errors.ts';
import type { StateStore } from '../../../engines/state-store/state-store.ts';

export const deadWord = 'this process is dead';

/** The store of a process that can be made to have died. */
export function mortal(store: StateStore, failing: { readonly now: boolean }): StateStore {
  return new Proxy(store, {
    get(target, name, receiver) {
      const value = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (failing.now) return Promise.reject(new EngineError('unavailable', deadWord));
        return Reflect.apply(value, target, args);
      };
    },
  });
}
