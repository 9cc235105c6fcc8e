import fc from 'fast-check';
import { PersistentQueue } from './persistent-queue';
import { lawRuns } from '../../testing/runs-of-laws';

describe('PersistentQueue', () => {
  it('behaves like a list for any sequence of joining and serving, and leaves what was handed out as it was', () => {
    const act = fc.option(fc.integer());
    fc.assert(
      fc.property(fc.array(fc.integer(), { maxLength: 5 }), fc.array(act, { maxLength: 200 }), (begun, acts) => {
        let model = begun;
        let queue = PersistentQueue.of(begun);
        const handedOut = [{ queue, model }];
        for (const item of acts) {
          [queue, model] = item === null ? [queue.rest(), model.slice(1)] : [queue.with(item), [...model, item]];
          handedOut.push({ queue, model });
        }
        for (const one of handedOut) expect(drained(one.queue)).toEqual(one.model);
      }),
      lawRuns(),
    );
  });
});

function drained(queue: PersistentQueue<number>): readonly number[] {
  const found: number[] = [];
  for (let at = queue; at.first !== undefined; at = at.rest()) found.push(at.first);
  return found;
}
