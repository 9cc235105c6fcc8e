const KEY = 'taskrunner.careful';

/** Whether this person types the beginning of a digest before they decide. Kept in the browser. */
export function isCareful(storage: Pick<Storage, 'getItem'>): boolean {
  return storage.getItem(KEY) === 'on';
}

export function switchCareful(isOn: boolean, storage: Pick<Storage, 'setItem'>): void {
  storage.setItem(KEY, isOn ? 'on' : 'off');
}
