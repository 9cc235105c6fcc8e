import { createHash } from 'node:crypto';
import type { Digest, ExecutionRequest, Fact, ObjectStore, Redactor } from '@taskrunner/core';

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
 * Stores an artifact and tells of it. One that holds a secret of the run is known by its digest, and its bytes are stored nowhere.
 * Throws `OBJECT_TOO_LARGE`.
 */
export async function storeArtifact(
  request: ExecutionRequest,
  objects: ObjectStore,
  { content, expected, ...artifact }: ArtifactContent,
  maxBytes: number,
  tell: (fact: Fact) => void,
): Promise<void> {
  const { run, step, execution, redactor } = request;
  const stored = await objects
    .put(run.tenant, withoutSecrets(content, redactor), { maxBytes, ...(expected === undefined ? {} : { expected }) })
    .catch((error: unknown) => {
      if (!(error instanceof ArtifactWithheld)) throw error;
      const { digest, size } = error;
      tell({
        type: 'note',
        code: 'SECRET_IN_ARTIFACT',
        detail: { step, execution, name: artifact.name, digest, size },
      });
      return { digest, size };
    });
  tellCaptured(request, artifact, stored, tell);
}

/** Tells of an artifact whose bytes are stored, or withheld. */
export function tellCaptured(
  { step, execution }: ExecutionRequest,
  { name, path, mediaType }: Pick<ArtifactContent, 'name' | 'path' | 'mediaType'>,
  { digest, size }: { readonly digest: Digest; readonly size: number },
  tell: (fact: Fact) => void,
): void {
  tell({ type: 'artifact.captured', step, execution, name, path, digest, size, mediaType });
}

/** Thrown when all bytes were read and before the store has kept any. */
class ArtifactWithheld extends Error {
  constructor(
    readonly digest: Digest,
    readonly size: number,
  ) {
    super('the artifact holds a secret');
  }
}

async function* withoutSecrets(content: AsyncIterable<Uint8Array>, redactor: Redactor): AsyncGenerator<Uint8Array> {
  if (redactor.isIdle) {
    yield* content;
    return;
  }
  const scan = redactor.scan();
  const hash = createHash('sha256');
  let size = 0;
  for await (const bytes of content) {
    scan.push(bytes);
    hash.update(bytes);
    size += bytes.length;
    yield bytes;
  }
  if (scan.found) throw new ArtifactWithheld(`sha256:${hash.digest('hex')}` as Digest, size);
}
