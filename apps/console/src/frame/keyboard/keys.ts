import { useEffect, useRef } from 'react';

/** Keyboard shortcuts of the current page. Keys are values of `KeyboardEvent.key`. */
export type Keys = Readonly<Record<string, () => void>>;

const SWITCH = 'taskrunner.keys';

/** True if single-key shortcuts are enabled. People who use speech input disable them (WCAG 2.1.4). */
export function areKeysOn(storage: Pick<Storage, 'getItem'>): boolean {
  return storage.getItem(SWITCH) !== 'off';
}

export function switchKeys(isOn: boolean, storage: Pick<Storage, 'setItem'>): void {
  storage.setItem(SWITCH, isOn ? 'on' : 'off');
}

/** True if the element receives text, so that keys are not shortcuts. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}

/** Listens for single keys, unless the person is typing or a modifier key is pressed. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (!areKeysOn(localStorage)) return;
      const act = latest.current[event.key];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}

/** The index after one step in a list of `count` items; without a current index, the first or the last. */
export function stepIn(count: number, current: number, by: 1 | -1): number {
  if (count === 0) return -1;
  if (current < 0) return by > 0 ? 0 : count - 1;
  return Math.min(count - 1, Math.max(0, current + by));
}
