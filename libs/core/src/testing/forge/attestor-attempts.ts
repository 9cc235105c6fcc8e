import { digestOf } from '../../lib/canonical/digest';
import {
  PROVENANCE_ATTESTATION,
  SUMMARY_ATTESTATION,
  packRunAttestation,
} from '../../lib/evidence/bundle/bundle-files';
import type { Statement } from '../../lib/evidence/statement/statement';
import type { Json } from '../../lib/foundation/json';
import type { Attempt } from './attempt';
import { sealed, type Files, type Sealing, type Subject } from './corpus';
import { mutationsOf } from './mutate-json';
import { viewsOf } from './views';

/** Statements that differ from what follows from the documents, and that a signed manifest carries. */
export function* attestorAttempts(subject: Subject): Iterable<Attempt> {
  const { bundle, played, scenario, keys } = subject;
  const named = {
    packRun: packRunAttestation(0),
    provenance: PROVENANCE_ATTESTATION,
    summary: SUMMARY_ATTESTATION,
  } as const;
  for (const [name, path] of Object.entries(named) as [keyof typeof named, string][]) {
    const view = bundle.has(path) ? viewsOf(path, bundle.get(path) ?? new Uint8Array())[1] : undefined;
    const at = (field: string, mutation: string, sealing: Sealing): Attempt => ({
      holder: 'attestor',
      document: name === 'packRun' ? 'statement' : name,
      field,
      mutation,
      forge: (): Files => sealed(played.evidence, scenario, keys, sealing),
    });
    if (!view) continue;
    yield at('(file)', 'not made', { [name]: () => null });
    for (const { field, mutation, apply } of mutationsOf(view.value))
      yield at(field, mutation, {
        [name]: (one: Statement<object>) => apply(one as unknown as Json) as unknown as Statement<object>,
      });
  }
  const { audit } = played.evidence.asserted;
  const asserted = (field: string, mutation: string, change: object): Attempt => ({
    holder: 'attestor',
    document: 'statement',
    field,
    mutation,
    forge: () => sealed({ ...played.evidence, asserted: { ...played.evidence.asserted, ...change } }, scenario, keys),
  });
  yield asserted('predicate.audit.seq', 'asserted otherwise', { audit: { ...audit, seq: 7 } });
  yield asserted('predicate.audit.head', 'asserted otherwise', { audit: { ...audit, head: digestOf('forged') } });
}
