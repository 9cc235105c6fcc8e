import type { StoreIdentity } from '../../ports/objects/object-store';
import { StoreRecords, type RecordedStore } from '../../ports/objects/store-records';
import { compareStore } from './compare-store';

class Records extends StoreRecords {
  constructor(
    public id: string | null = null,
    public isWritten = id !== null,
    private readonly namesObjects = true,
  ) {
    super();
  }

  recorded(): Promise<RecordedStore> {
    return Promise.resolve({ id: this.id, isWritten: this.isWritten, namesObjects: this.namesObjects });
  }

  keep(id: string, isWritten: boolean): Promise<string> {
    this.id ??= id;
    if (this.id === id && isWritten) this.isWritten = true;
    return Promise.resolve(this.id);
  }
}

class Identity implements StoreIdentity {
  constructor(
    public id: string | null,
    private readonly objects: number,
  ) {}

  read = () => Promise.resolve(this.id);
  isEmpty = () => Promise.resolve(this.objects === 0);
  write = (id: string) => {
    this.id = id;
    return Promise.resolve();
  };
}

const onesOf = (number: number): number => number.toString(2).replaceAll('0', '').length;
/** Ten choices, half of them for each of two. */
const ORDERS = Array.from({ length: 1 << 10 }, (_, order) => order).filter((order) => onesOf(order) === 5);

const compared = (records: Records, identity: Identity) => compareStore({ records, identity, newId: () => 'new' });

describe('the store of an installation', () => {
  it.each([
    ['a new installation gives its store an id', new Records(null, false, false), new Identity(null, 0), 'new'],
    ['an installation of before adopts a store with objects', new Records(), new Identity(null, 3), 'new'],
    [
      'an id that was written, and not recorded as written, is recorded',
      new Records('a', false),
      new Identity('a', 3),
      'a',
    ],
    ['an id that was not written is written', new Records('a', false, false), new Identity(null, 0), 'a'],
    ['the same id is the store', new Records('a'), new Identity('a', 3), 'a'],
    ['even if it has lost its objects', new Records('a'), new Identity('a', 0), 'a'],
  ])('%s', async (_, records, identity, id) => {
    expect(await compared(records, identity)).toBeNull();
    expect([records.id, records.isWritten, identity.id]).toEqual([id, true, id]);
    expect(await compared(records, identity)).toBeNull();
  });

  it.each([
    ['an empty folder in its place', new Records('a'), new Identity(null, 0), 'empty'],
    ['an empty folder, before an id was recorded', new Records(), new Identity(null, 0), 'empty'],
    [
      'the store of another installation, if the database is new',
      new Records(null, false, false),
      new Identity('b', 3),
      'taken',
    ],
    [
      'a new store of another installation, if the database is new',
      new Records(null, false, false),
      new Identity('b', 0),
      'taken',
    ],
    ['a store with an id, before an id was recorded', new Records(), new Identity('b', 3), 'taken'],
    ['objects without an id', new Records('a'), new Identity(null, 3), 'unknown'],
    ['the store of another installation', new Records('a'), new Identity('b', 3), 'other'],
    ['one that another service has not recorded', new Records('a', false, false), new Identity('b', 3), 'other'],
  ])('is not %s, and nothing is changed', async (_, records, identity, difference) => {
    const before = [records.id, records.isWritten, identity.id];
    expect(await compared(records, identity)).toBe(difference);
    expect([records.id, records.isWritten, identity.id]).toEqual(before);
  });

  it('is the one that the first of two services has recorded', async () => {
    const records = new Records(null, false, false);
    const identity = new Identity(null, 0);
    const ids = ['first', 'second'];
    const service = () => compareStore({ records, identity, newId: () => ids.shift() ?? '' });
    expect(await Promise.all([service(), service()])).toEqual([null, null]);
    expect([records.id, records.isWritten, identity.id]).toEqual(['first', true, 'first']);
  });

  // Each choice says which of the two goes on with its next question to the database or the store. A service has at most five questions.
  it('is found by both of two services that start at once, in whatever order their questions are answered', async () => {
    for (const order of ORDERS) {
      const records = new Records(null, false, false);
      const identity = new Identity(null, 0);
      const turns = [new Turns(), new Turns()];
      const results = turns.map(async (turn, n) =>
        compareStore({
          records: turn.before(records, ['recorded', 'keep']),
          identity: turn.before(identity, ['read', 'isEmpty', 'write']),
          newId: () => `new ${n}`,
        }),
      );
      for (let step = 0; step < 10; step++) await turns[(order >> step) & 1]?.go();
      for (const turn of turns) turn.end();
      expect([order, ...(await Promise.all(results))]).toEqual([order, null, null]);
      expect([records.id, records.isWritten]).toEqual([identity.id, true]);
    }
  });
});

/** Lets one service ask one question at a time. */
class Turns {
  private waiting: (() => void) | null = null;
  private isOver = false;

  /** The object with methods that wait for their turn. */
  before<Asked extends object>(asked: Asked, methods: readonly (keyof Asked)[]): Asked {
    const slow = Object.create(asked) as Asked;
    for (const method of methods) {
      const ask = (asked[method] as (...args: unknown[]) => Promise<unknown>).bind(asked);
      const later = async (...args: unknown[]): Promise<unknown> => {
        if (!this.isOver) await new Promise<void>((resolve) => (this.waiting = resolve));
        return ask(...args);
      };
      Object.assign(slow, { [method]: later });
    }
    return slow;
  }

  /** Answers the question that waits, if there is one. */
  async go(): Promise<void> {
    this.waiting?.();
    this.waiting = null;
    await settled();
  }

  end(): void {
    this.isOver = true;
    this.waiting?.();
  }
}

const settled = async (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
