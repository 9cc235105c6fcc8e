import {
  buildBundleStatement,
  statementText,
  type RunAttestations,
  type SignedStatement,
} from '../../evidence/bundle/bundle-files';
import { PAYLOAD_TYPE, type BundleManifest } from '../../evidence/records/documents';
import { bomStatements } from '../../evidence/predicates/cyclonedx';
import type { EvidenceDocuments } from '../../evidence/records/evidence-documents';
import { buildProvenance } from '../../evidence/predicates/provenance';
import { buildStatement, type Statement } from '../../evidence/statement/statement';
import { Attestor } from '../../ports/evidence/attestor';
import type { Signer } from '../../ports/evidence/signer';

/** Keys of the worker's host, by usage. */
interface AttestingKeys {
  /** Key of usage `run-open`. */
  readonly run: Signer<'run-open'>;
  /** Key of usage `run-sealed`; null if this host has none. Evidence of sealed runs then waits for a worker that has one. */
  readonly runSealed: Signer<'run-sealed'> | null;
  readonly bundle: Signer<'bundle'>;
}

/** Attests with key files of this host. Nobody else has verified what it signs, and the builder id says so. */
export class KeyAttestor extends Attestor {
  readonly isKeyFile = true;

  constructor(private readonly keys: AttestingKeys) {
    super();
  }

  async attest(documents: EvidenceDocuments): Promise<RunAttestations> {
    const run = documents.environment.mode === 'sealed' ? this.keys.runSealed : this.keys.run;
    if (run === null) throw new TypeError('no key of usage run-sealed is here');
    const boms = bomStatements(documents);
    const provenance = buildProvenance(documents, boms);
    const signedBoms: SignedStatement[] = [];
    for (const { statement } of boms) signedBoms.push(await signStatement(run, statement));
    return {
      packRun: [await signStatement(run, buildStatement(documents))],
      provenance: provenance && (await signStatement(run, provenance)),
      boms: signedBoms,
    };
  }

  sealManifest(manifest: BundleManifest): Promise<SignedStatement> {
    return signStatement(this.keys.bundle, buildBundleStatement(manifest));
  }
}

async function signStatement(signer: Signer, statement: Statement<object>): Promise<SignedStatement> {
  return { envelope: await signer.sign(PAYLOAD_TYPE.statement, statementText(statement)), hint: signer.keyid };
}
