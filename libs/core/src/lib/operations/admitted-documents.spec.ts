import { sha256 } from '../canonical/digest';
import type { Digest } from '../foundation/ids';
import type { ClaimedRun } from '../ports/claims';
import { KnownDocuments } from './admitted-documents';

const plan = JSON.stringify({ inputs: [] });

function claimed(change: Partial<ClaimedRun> = {}): ClaimedRun {
  const texts = { plan, profile: '{"defaults":{}}', environment: '{"approvals":{"floor":{}}}' };
  const named = { tenant: 'acme', planHash: sha256(plan), profileDigest: sha256('p') };
  return { ...named, ...texts, manifest: 'm', files: [], inputs: { a: 1 }, ...change } as unknown as ClaimedRun;
}

describe('documents of admissions', () => {
  it('are read once for the same texts, and again for others that claim the same name', () => {
    const known = new KnownDocuments();
    const first = known.of(claimed());
    expect(known.of(claimed())).toBe(first);
    const forged = known.of(claimed({ plan: '{"inputs":[],"forged":true}' }));
    expect(forged).not.toBe(first);
    expect(forged.planHash).not.toBe(first.planHash);
    expect(known.of(claimed({ tenant: 'bravo' as ClaimedRun['tenant'] }))).not.toBe(first);
  });

  it('are planned again once for the same manifest and inputs', async () => {
    const documents = new KnownDocuments().of(claimed());
    let asked = 0;
    const ask = async (): Promise<Digest> => sha256(String(asked++));
    const same = await Promise.all([documents.replan(claimed(), ask), documents.replan(claimed(), ask)]);
    expect(same).toEqual([sha256('0'), sha256('0')]);
    expect(await documents.replan(claimed({ inputs: { a: 2 } }), ask)).toBe(sha256('1'));
    expect(await documents.replan(claimed({ manifest: 'other' }), ask)).toBe(sha256('2'));
  });

  it('are planned again each time where the pack has files, and where planning failed', async () => {
    const documents = new KnownDocuments().of(claimed());
    let asked = 0;
    const ask = async (): Promise<null> => {
      asked++;
      return null;
    };
    const files = [{ path: 'a', digest: sha256('a'), size: 1, executable: false }];
    await documents.replan(claimed({ files }), ask);
    await documents.replan(claimed({ files }), ask);
    expect(asked).toBe(2);
    const failing = (): Promise<null> => Promise.reject(new Error('no thread'));
    await expect(documents.replan(claimed({ manifest: 'x' }), failing)).rejects.toThrow('no thread');
    await new Promise(setImmediate);
    expect(await documents.replan(claimed({ manifest: 'x' }), ask)).toBeNull();
  });
});
