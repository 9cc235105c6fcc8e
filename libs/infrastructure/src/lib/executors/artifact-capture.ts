import { createHash } from 'node:crypto';
import type { Digest, ExecutionRequest, Fact, Fault, ObjectStore, Redactor } from '@taskrunner/core';
import { codeOf } from './executor-error';
import { sizesOf } from './run-sizes';
import type { SandboxHands, StepWorkspace, TakenArtifact } from './sandbox-hands';

const MAX_ENTRIES = 10_000;
const MAX_DEPTH = 32;

/** The bytes of an artifact hold a secret: thrown when all were read and before the store has kept any. */
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

/** Brings artifacts out of a workspace into the object store. */
export class ArtifactCapture {
  /** `maxBytes`: largest artifact. */
  constructor(
    private readonly hands: SandboxHands,
    private readonly objects: ObjectStore,
    private readonly maxBytes: number,
  ) {}

  /** An `artifact.captured` fact for each artifact that is stored; a fault for each that cannot be. Only when the step is over. */
  async capture(
    request: ExecutionRequest,
    workspace: StepWorkspace,
    tell: (fact: Fact) => void,
  ): Promise<readonly Fault[]> {
    const { run, step, execution, node } = request;
    if (node.artifacts.length === 0) return [];
    const { sandbox, supervisor } = this.hands;
    const oversized: Fault[] = [];
    const artifacts = node.artifacts.map(({ name, path, mediaType, optional }) => {
      return { name, path, optional, ...(mediaType === null ? {} : { mediaType }) };
    });
    const limits = { maxEntries: MAX_ENTRIES, maxDepth: MAX_DEPTH, maxBytes: sizesOf(run).workspaceBytes };
    const store = async ({ name, path, mediaType, content }: TakenArtifact): Promise<void> => {
      try {
        const stored = await this.objects.put(run.tenant, withoutSecrets(content, request.redactor), {
          maxBytes: this.maxBytes,
        });
        tell({ type: 'artifact.captured', step, execution, name, path, ...stored, mediaType });
      } catch (error) {
        if (error instanceof ArtifactWithheld) {
          // It is known by its digest; its bytes are stored nowhere.
          const { digest, size } = error;
          tell({ type: 'note', code: 'SECRET_IN_ARTIFACT', detail: { step, execution, name, digest, size } });
          tell({ type: 'artifact.captured', step, execution, name, path, digest, size, mediaType });
          return;
        }
        if (codeOf(error) !== 'OBJECT_TOO_LARGE') throw error;
        oversized.push(this.tooLarge(name));
      }
    };
    const faults = await this.hands.collect({ supervisor, sandbox, workspace, artifacts, limits }, store);
    return [...faults, ...oversized];
  }

  private tooLarge(name: string): Fault {
    return {
      code: 'ARTIFACT_TOO_LARGE',
      path: '',
      line: null,
      column: null,
      message: `artifact ${JSON.stringify(name)} has more than ${this.maxBytes} bytes`,
      remediation: 'Write less, or raise `artifacts.maxBytes` in the configuration.',
    };
  }
}
