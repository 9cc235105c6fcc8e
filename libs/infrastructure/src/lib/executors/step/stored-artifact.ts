import { ARTIFACT_WITHHELD } from '@taskrunner/core/evidence';
import { BrandedError } from '@taskrunner/core/foundation';
import type { Digest } from '@taskrunner/core/foundation';
import type { ExecutionReport, ExecutionRequest, ObjectStore } from '@taskrunner/core/ports';
import type { Redactor } from '@taskrunner/core/secret';

/** Where it is told that an artifact was captured, or that one was not. */
export type ArtifactReport = Pick<ExecutionReport, 'fact' | 'line'>;

/** An artifact on its way into the store. */
export interface ArtifactContent {
  readonly name: string;
  readonly path: string;
  readonly mediaType: string;
  readonly content: AsyncIterable<Uint8Array>;
  /** What the bytes must be; other bytes are not kept, and `OBJECT_DIGEST_MISMATCH` is thrown. */
  readonly expected?: Digest;
}

/**
 * Stores an artifact and reports it. One that holds a secret of the run is reported by step, execution, name and path alone: its bytes are stored
 * nowhere, and neither their digest nor their size is told, since a weak secret could be guessed from them. Throws `OBJECT_TOO_LARGE`.
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
 * Stores artifacts, again and again while the object store is away. `work` gets them from where they still are at each try; what it reported
 * at a try that failed is forgotten.
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
  await report.line('warn', `The artifact ${JSON.stringify(name)} holds a secret of the run. It is not stored.`);
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

/** Thrown when all bytes were read and before the store has kept any. */
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
  if (scan.found) throw new ArtifactWithheld('the artifact holds a secret');
}
