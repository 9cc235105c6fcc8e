import { sha256 } from '@taskrunner/core/canonical';
import { DocumentCache } from './document-cache';

const environment = '{"mode":"open"}';
const profile = `{"environment":"${sha256(environment)}"}`;
const whole = {
  ...{ plan: 'plan', plan_hash: sha256('plan') as string },
  ...{ profile, profile_digest: sha256(profile) as string, environment },
};
const left = { ...whole, plan: null, profile: null, environment: null };

describe('texts that a claim need not send again', () => {
  it('are kept by their digests, and given back', () => {
    const known = new DocumentCache();
    expect(known.asOfNow().complete(whole)).toEqual(whole);
    expect(known.asOfNow().planHashes).toEqual([whole.plan_hash]);
    expect(known.asOfNow().profileDigests).toEqual([whole.profile_digest]);
    expect(known.asOfNow().complete(left)).toEqual(whole);
  });

  it.each([
    ['a plan', { plan: 'other' }, { planHashes: [], profileDigests: [whole.profile_digest] }],
    ['a profile', { profile: `${profile} ` }, { planHashes: [whole.plan_hash], profileDigests: [] }],
    ['an environment', { environment: '{}' }, { planHashes: [whole.plan_hash], profileDigests: [] }],
  ])('are not kept if %s is not what its digest says', (_what, changed, expected) => {
    const known = new DocumentCache();
    expect(known.asOfNow().complete({ ...whole, ...changed })).toEqual({ ...whole, ...changed });
    expect({ planHashes: known.asOfNow().planHashes, profileDigests: known.asOfNow().profileDigests }).toEqual(
      expected,
    );
  });

  it('are empty where the database has none: no digest names that', () => {
    expect(new DocumentCache().asOfNow().complete(left)).toEqual({ ...left, plan: '', profile: '', environment: '' });
  });

  it('are the last 64', () => {
    const known = new DocumentCache();
    for (let i = 0; i < 70; i++)
      known.asOfNow().complete({ ...whole, plan: `plan ${i}`, plan_hash: sha256(`plan ${i}`) });
    expect(known.asOfNow().planHashes).toHaveLength(64);
    expect(known.asOfNow().planHashes).not.toContain(sha256('plan 5'));
  });

  it('that a claim was told stay at hand while its answer brings others', () => {
    const known = new DocumentCache();
    known.asOfNow().complete(whole);
    const { complete } = known.asOfNow();
    for (let i = 0; i < 64; i++) complete({ ...whole, plan: `plan ${i}`, plan_hash: sha256(`plan ${i}`) });
    expect(known.asOfNow().planHashes).not.toContain(whole.plan_hash);
    expect(complete(left)).toEqual(whole);
  });
});
