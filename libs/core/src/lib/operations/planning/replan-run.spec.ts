import { packText, plan, planned, testEnvironment } from '../../../testing/planning';
import type { TenantId } from '../../foundation/ids';
import type { EvidenceDocuments } from '../../evidence/records/evidence-documents';
import { planAgain, readCarriedPack } from '../../evidence/verify/plan-again';
import type { RunEvidence } from '../../evidence/records/run-evidence';
import { replan } from './replan-run';

describe('a run that was accepted by a version that did not check its policies', () => {
  const manifest = packText(
    '- { id: check, gate: { policy: p } }\n- { id: a, run: { uses: "builtin:noop" } }',
    `inputs: [ { name: dry, type: boolean, default: true }, { name: to, type: string, default: web } ]
policies: [ { id: p, engine: cel, source: "inputs.dry || inputs.to.startWith('w')" } ]`,
  );
  const made = planned(manifest, {}, { admitted: true });
  const { profile, text, planHash } = made;

  it('would be refused now', () => {
    expect(plan(manifest)).toMatchObject({ kind: 'refused', faults: [{ code: 'POLICY_UNKNOWN_FUNCTION' }] });
  });

  it('is planned again by a worker', () => {
    const environment = JSON.stringify(testEnvironment);
    const admitted = {
      tenant: 'acme' as TenantId,
      manifest,
      plan: text,
      profile: JSON.stringify(profile),
      environment,
      files: [],
      inputs: {},
    };
    expect(replan(admitted, {})).toBe(planHash);
  });

  it('is planned again by a verifier', () => {
    const evidence = { pack: { manifest, files: [] } } as unknown as RunEvidence;
    const documents = { evidence, plan: made.plan, profile, environment: testEnvironment };
    const again = planAgain(documents as unknown as EvidenceDocuments, () => readCarriedPack(evidence), {});
    expect(again).toEqual({ kind: 'planned', planHash });
  });
});
