import { storedTrust, storeTrust } from './trust-store';

/** The storage of a browser. */
class BrowserStorage {
  private readonly items = new Map<string, string>();
  readonly getItem = (key: string): string | null => this.items.get(key) ?? null;
  readonly setItem = (key: string, value: string): void => void this.items.set(key, value);
  readonly removeItem = (key: string): void => void this.items.delete(key);
}

describe('the trust file that a browser remembers', () => {
  it('is there until it is forgotten', () => {
    const storage = new BrowserStorage() as unknown as Storage;
    expect(storedTrust(storage)).toBeNull();
    storeTrust(storage, { name: 'trust.json', text: '{}' });
    expect(storedTrust(storage)).toEqual({ name: 'trust.json', text: '{}' });
    storeTrust(storage, null);
    expect(storedTrust(storage)).toBeNull();
  });

  it('is none if something else is stored', () => {
    const storage = new BrowserStorage() as unknown as Storage;
    for (const value of ['', 'null', '[]', '{"name":1,"text":"{}"}', '{"text":"{}"}', '{']) {
      storage.setItem('taskrunner.trust', value);
      expect(storedTrust(storage)).toBeNull();
    }
  });
});
