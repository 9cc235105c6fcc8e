import { storedTrust, storeTrust } from './trust-store';

/** The storage of a browser. */
class Shelf {
  private readonly items = new Map<string, string>();
  readonly getItem = (key: string): string | null => this.items.get(key) ?? null;
  readonly setItem = (key: string, value: string): void => void this.items.set(key, value);
  readonly removeItem = (key: string): void => void this.items.delete(key);
}

describe('the trust file that a browser remembers', () => {
  it('is there until it is forgotten', () => {
    const shelf = new Shelf() as unknown as Storage;
    expect(storedTrust(shelf)).toBeNull();
    storeTrust(shelf, { name: 'trust.json', text: '{}' });
    expect(storedTrust(shelf)).toEqual({ name: 'trust.json', text: '{}' });
    storeTrust(shelf, null);
    expect(storedTrust(shelf)).toBeNull();
  });

  it('is none if something else is stored', () => {
    const shelf = new Shelf() as unknown as Storage;
    for (const value of ['', 'null', '[]', '{"name":1,"text":"{}"}', '{"text":"{}"}', '{']) {
      shelf.setItem('taskrunner.trust', value);
      expect(storedTrust(shelf)).toBeNull();
    }
  });
});
