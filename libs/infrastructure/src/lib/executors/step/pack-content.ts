import { readDocument } from '@taskrunner/core/document';
import type { Json } from '@taskrunner/core/foundation';
import type { ClaimedRun, ExecutionRequest, ObjectStore, StepFile } from '@taskrunner/core/ports';
import { refusal } from './executor-error';

const MAX_DOCUMENT_BYTES = 5 * 1024 * 1024;

/** The files of a run's pack. The run holds their digests, the object store their bytes. */
export class PackContent {
  constructor(private readonly objects: ObjectStore) {}

  /** The run's file at this path; `FILE_MISSING` if the pack has none. */
  entry(run: ClaimedRun, path: string): ClaimedRun['files'][number] {
    const plain = path.replace(/^\.\//, '');
    const found = run.files.find((file) => file.path === plain);
    if (found === undefined)
      throw refusal('FILE_MISSING', `the pack has no file ${JSON.stringify(path.slice(0, 200))}`);
    return found;
  }

  /** A YAML or JSON file of the pack, read as untrusted input. Waits while the object store is unavailable. */
  async document({ run, storage }: ExecutionRequest, path: string): Promise<Json> {
    const { digest, size } = this.entry(run, path);
    if (size > MAX_DOCUMENT_BYTES) throw refusal('FILE_TOO_LARGE', `${path} has more than ${MAX_DOCUMENT_BYTES} bytes`);
    const pieces = await storage.keep(() => this.piecesOf(run, digest));
    const document = readDocument(Buffer.concat(pieces));
    if (document.kind === 'read') return document.value;
    const [fault] = document.faults;
    throw refusal('SCHEMA_UNUSABLE', `${path}:${fault?.line}:${fault?.column}: ${fault?.message}`, {
      faults: document.faults,
    });
  }

  private async piecesOf({ tenant }: ClaimedRun, digest: ClaimedRun['files'][number]['digest']): Promise<Uint8Array[]> {
    const pieces: Uint8Array[] = [];
    for await (const piece of await this.objects.open(tenant, digest)) pieces.push(piece);
    return pieces;
  }

  /** Every file of the pack, to be written to a folder. */
  async *files({ run, storage }: ExecutionRequest): AsyncGenerator<StepFile> {
    for (const { path, digest, executable } of run.files) {
      const content = await storage.read(() => this.objects.open(run.tenant, digest));
      yield { path, content, executable };
    }
  }
}
