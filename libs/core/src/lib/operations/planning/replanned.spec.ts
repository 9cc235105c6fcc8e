import { sha256 } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import type { ClaimedRun } from '../../ports/runs/claims';
import { comparedDocuments } from '../../../testing/stored-documents';
import { aBlock, aPlan } from '../../../testing/random/random-plan';
import { Replanned } from './replanned';

const documents = comparedDocuments(aPlan(aBlock([])));

function claimed(change: Partial<ClaimedRun> = {}): ClaimedRun {
  return { manifest: 'm', files: [], inputs: { a: 1 }, ...change } as unknown as ClaimedRun;
}

describe('packs that were admitted', () => {
  it('are planned again once for the same manifest and inputs', async () => {
    const replanned = new Replanned();
    let asked = 0;
    const ask = async (): Promise<Digest> => sha256(String(asked++));
    const hash = (run: ClaimedRun) => replanned.planHash(documents, run, ask);
    expect(await Promise.all([hash(claimed()), hash(claimed())])).toEqual([sha256('0'), sha256('0')]);
    expect(await hash(claimed({ inputs: { a: 2 } }))).toBe(sha256('1'));
    expect(await hash(claimed({ manifest: 'other' }))).toBe(sha256('2'));
  });

  it('are planned again each time where the pack has files, and where planning failed', async () => {
    const replanned = new Replanned();
    let asked = 0;
    const ask = async (): Promise<null> => {
      asked++;
      return null;
    };
    const files = [{ path: 'a', digest: sha256('a'), size: 1, executable: false }];
    await replanned.planHash(documents, claimed({ files }), ask);
    await replanned.planHash(documents, claimed({ files }), ask);
    expect(asked).toBe(2);
    const failing = (): Promise<null> => Promise.reject(new Error('no thread'));
    await expect(replanned.planHash(documents, claimed({ manifest: 'x' }), failing)).rejects.toThrow('no thread');
    await new Promise(setImmediate);
    expect(await replanned.planHash(documents, claimed({ manifest: 'x' }), ask)).toBeNull();
  });

  it('are read once for the same manifest and listing of files, and not where planning has shown what they are', async () => {
    const replanned = new Replanned();
    let asked = 0;
    const ask = async () => ({ '': sha256(String(asked++)) });
    const files = [{ path: 'a', digest: sha256('a'), size: 1, executable: false }];
    await replanned.contents(claimed({ files }), ask);
    await replanned.contents(claimed({ files }), ask);
    expect(asked).toBe(1);
    await replanned.contents(claimed({ files: files.map((file) => ({ ...file, digest: sha256('b') })) }), ask);
    expect(asked).toBe(2);
    replanned.knowContents(claimed({ manifest: 'planned' }), { '': sha256('known') });
    expect(await replanned.contents(claimed({ manifest: 'planned' }), ask)).toEqual({ '': sha256('known') });
    expect(asked).toBe(2);
  });
});
