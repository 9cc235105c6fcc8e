import { verifyRun } from '../../lib/evidence/verify-run';
import { verifySignature } from '../../lib/evidence/signature';
import { makeCorpus, type Subject } from './corpus';
import { SCENARIOS } from './packs';

it('an honest bundle of every scenario verifies', async () => {
  const corpus: readonly Subject[] = await makeCorpus(SCENARIOS, 'a');
  const t = Date.now();
  for (const { name, bundle, trust, original } of corpus) {
    const verification = verifyRun({ files: bundle, trust, verifySignature, now: Date.parse('2026-06-01T00:00:00Z'), ...(original && { original }) });
    expect([name, verification.checks.filter(({ ok }) => !ok)]).toEqual([name, []]);
    console.log(name, [...bundle.keys()].length, bundle.get('journal.ndjson')?.length, verification.checks.map((c) => `${c.name}=${c.basis}`).join(' '));
  }
  console.log(Date.now() - t);
});
