import { canonical } from '../../canonical/canonical';
import { PAYLOAD_TYPE, type ReleaseRecord } from '../../evidence/records/documents';
import type { Envelope } from '../../evidence/encoding/envelope';
import { isReleasable } from '../../evidence/records/withheld';
import { CodedError } from '../../foundation/coded-error';
import type { RunId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { Principal } from '../../foundation/principal';
import type { EvidenceReleases } from '../../ports/evidence/evidence-releases';
import type { GateStore } from '../../ports/gates/gate-store';
import type { RunReader } from '../../ports/runs/run-reader';
import type { Signer } from '../../ports/evidence/signer';

/** Why evidence is not released. */
export type ReleaseCode =
  | 'RUN_NOT_FOUND'
  /** The seal of the run is not blocked: it is sealed, it will be retried automatically, or the run has not ended. */
  | 'EVIDENCE_NOT_BLOCKED'
  /** A path does not name a file that can be withheld. */
  | 'RELEASE_PATH_INVALID';

/** A refused release. */
export class ReleaseError extends CodedError<ReleaseCode> {
  static {
    this.brand('ReleaseError');
  }

  override readonly name = 'ReleaseError';
}

/** An operator's request. */
export interface Release {
  readonly runId: RunId;
  /** Files of the bundle to withhold. Empty: the cause of the block was removed, and the seal is tried again. */
  readonly paths: readonly string[];
  readonly reason: string;
}

interface ReleaseEvidenceDependencies {
  readonly reader: Pick<RunReader, 'summary'>;
  readonly gates: Pick<GateStore, 'now'>;
  readonly releases: EvidenceReleases;
  readonly signer: Signer<'ledger'>;
}

/**
 * Releases a blocked seal (ADR 44). An operator names the files of the bundle to withhold, and the reason. The signed record goes into the
 * bundle, and the worker tries the seal again. Throws `ReleaseError`.
 */
export class ReleaseEvidence {
  constructor(private readonly dependencies: ReleaseEvidenceDependencies) {}

  /** The signed release. */
  async release(principal: Principal, { runId, paths, reason }: Release): Promise<Envelope> {
    const { reader, gates, releases, signer } = this.dependencies;
    const { tenant, iss, sub } = principal;
    const run = await reader.summary(tenant, runId);
    if (!run) throw new ReleaseError('RUN_NOT_FOUND', 'the run does not exist', 'Check the run id and the tenant.');
    if (run.evidence.status !== 'blocked') throw notBlocked(run.evidence.status);
    const wrong = paths.find((path) => !isReleasable(path));
    if (wrong !== undefined)
      throw new ReleaseError(
        'RELEASE_PATH_INVALID',
        `${JSON.stringify(wrong)} is not a file that can be withheld`,
        'Use the file paths listed in `evidence.reason` of the run. Statements and the manifest cannot be withheld.',
      );
    const decidedAt = await gates.now();
    const record: ReleaseRecord = {
      schema: 'taskrunner.release.v1',
      runId,
      tenant,
      paths: [...new Set(paths)].sort(),
      person: { iss, sub },
      reason,
      decidedAt: new Date(decidedAt).toISOString(),
    };
    const envelope = await signer.sign(PAYLOAD_TYPE.release, canonical(record as unknown as Json));
    const audit = { type: 'evidence.release', runId, person: { iss, sub }, paths: record.paths };
    if (!(await releases.release({ tenant, runId, decidedAt, envelope, audit }))) throw notBlocked('being sealed');
    return envelope;
  }
}

function notBlocked(status: string): ReleaseError {
  return new ReleaseError(
    'EVIDENCE_NOT_BLOCKED',
    `the evidence of the run is ${status}`,
    'Release evidence only if `evidence.status` of the run is blocked.',
  );
}
