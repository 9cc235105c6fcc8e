import { ARTIFACT_WITHHELD } from '@taskrunner/core/evidence';
import { BrandedError } from '@taskrunner/core/foundation';
import type { Digest } from '@taskrunner/core/foundation';
import type { ExecutionReport, ExecutionRequest, ObjectStore } from '@taskrunner/core/ports';
import type { Redactor } from '@taskrunner/core/secret';

/** Receives reports of captured and withheld artifacts. */
export type ArtifactReport = Pick<ExecutionReport, 'fact' | 'line'>;

/** An artifact to store. */
export interface ArtifactContent {
  readonly name: string;
  readonly path: string;
  readonly mediaType: string;
  readonly content: AsyncIterable<Uint8Array>;
  /** Expected digest of the bytes. Other bytes are not stored, and `OBJECT_DIGEST_MISMATCH` is thrown. */
  readonly expected?: Digest;
}

/**
 * Stores an artifact and reports it. An artifact that holds a secret of the run is reported only by step, execution, name and path. Its
 * bytes are not stored, and neither their digest nor their size is reported, because a weak secret could be guessed from them. Throws
 * `OBJECT_TOO_LARGE`.
 */
export async function storeArtifact(
  request: ExecutionRequest,
  objects: ObjectStore,
  { content, expected, ...artifact }: ArtifactContent,
  maxBytes: number,
  report: ArtifactReport,
): Promise<void> {
  const { run, redactor } = request;
  const stored = await objects
    .put(run.tenant, withoutSecrets(content, redactor), { maxBytes, ...(expected === undefined ? {} : { expected }) })
    .catch((error: unknown) => {
      if (!ArtifactWithheld.is(error)) throw error;
      return null;
    });
  if (stored === null) await reportWithheld(request, artifact, report);
  else reportCaptured(request, artifact, stored, report);
}

/**
 * Stores artifacts and retries while the object store is unavailable. `work` reads them from their source on each try; reports of a failed
 * try are discarded.
 */
export async function keepArtifacts<Result>(
  { storage }: Pick<ExecutionRequest, 'storage'>,
  report: ArtifactReport,
  work: (report: ArtifactReport) => Promise<Result>,
): Promise<Result> {
  let reported: (() => unknown)[] = [];
  try {
    return await storage.keep(() => {
      const said = (reported = [] as (() => unknown)[]);
      return work({
        fact: (fact) => void said.push(() => report.fact(fact)),
        line: async (level, text) => void said.push(() => report.line(level, text)),
      });
    });
  } finally {
    for (const say of reported) await say();
  }
}

async function reportWithheld(
  { step, execution }: ExecutionRequest,
  { name, path }: Pick<ArtifactContent, 'name' | 'path'>,
  report: ArtifactReport,
): Promise<void> {
  report.fact({ type: 'note', code: ARTIFACT_WITHHELD, detail: { step, execution, name, path } });
  await report.line('warn', `The artifact ${JSON.stringify(name)} contains a secret of the run. It is not stored.`);
}

/** Reports an artifact whose bytes are stored. */
export function reportCaptured(
  { step, execution }: ExecutionRequest,
  { name, path, mediaType }: Pick<ArtifactContent, 'name' | 'path' | 'mediaType'>,
  { digest, size }: { readonly digest: Digest; readonly size: number },
  report: Pick<ArtifactReport, 'fact'>,
): void {
  report.fact({ type: 'artifact.captured', step, execution, name, path, digest, size, mediaType });
}

/** Thrown after all bytes were read and before the store has stored any. */
class ArtifactWithheld extends BrandedError {
  static {
    this.brand('ArtifactWithheld');
  }
}

async function* withoutSecrets(content: AsyncIterable<Uint8Array>, redactor: Redactor): AsyncGenerator<Uint8Array> {
  if (redactor.isIdle) {
    yield* content;
    return;
  }
  const scan = redactor.scan();
  for await (const bytes of content) {
    scan.push(bytes);
    yield bytes;
  }
  if (scan.found) throw new ArtifactWithheld('the artifact contains a secret');
}
