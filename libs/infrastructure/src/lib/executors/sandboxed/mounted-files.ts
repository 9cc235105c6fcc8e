import { sha256 } from '@taskrunner/core/canonical';
import type { Digest } from '@taskrunner/core/foundation';
import type { ExecutionRequest, MountedFile, ObjectStore, StepFile, StepSandbox } from '@taskrunner/core/ports';
import type { Fact } from '@taskrunner/core/run';
import { refusal } from '../step/executor-error';
import type { PackContent } from '../step/pack-content';
import { sizesOf } from '../step/run-sizes';
import { filesOfTar } from './tar-folder';
import { contentOf } from '../step/with-values';

/** The `files` of a step, for its folder `in/` (docs/guides/writing-packs.md, Files). */
export class MountedFiles {
  constructor(
    private readonly objects: ObjectStore,
    private readonly pack: PackContent,
    private readonly entriesOfTar: StepSandbox['entriesOfTar'],
  ) {}

  /**
   * Yields each file, with a `material.mounted` fact for each digest. A list at a key that ends in `/` becomes a folder with `<index, 6
   * digits>-<file name>`; a single value there is a tar and is unpacked.
   */
  async *files(request: ExecutionRequest, report: (fact: Fact) => void): AsyncGenerator<StepFile> {
    const { step, execution } = request;
    for (const [key, mounted] of Object.entries(request.files)) {
      for (const { path, file } of placed(key, mounted)) {
        if (request.signal.aborted) return;
        const { content, digest } = await this.open(request, file);
        if (digest !== null) report({ type: 'material.mounted', step, execution, path: `in/${path}`, digest });
        if (!path.endsWith('/')) yield { path, content };
        else if (typeof content === 'string')
          throw refusal('FILE_NOT_A_TAR', `files.${key}: content is one file, not a folder`);
        else yield* filesOfTar(this.entriesOfTar, content, path, sizesOf(request.run).workspaceBytes);
      }
    }
  }

  private async open(
    request: ExecutionRequest,
    file: MountedFile,
  ): Promise<{ readonly content: string | AsyncIterable<Uint8Array>; readonly digest: Digest | null }> {
    switch (file.kind) {
      case 'object':
        return { content: await this.contentOf(request, file.digest), digest: file.digest };
      case 'pack': {
        const { digest } = this.pack.entry(request.run, file.path);
        return { content: await this.contentOf(request, digest), digest };
      }
      case 'content': {
        const content = contentOf(file.content);
        // The digest of a short secret would disclose it.
        return { content, digest: file.secret === true ? null : sha256(content) };
      }
    }
  }

  private contentOf({ run, storage }: ExecutionRequest, digest: Digest): Promise<AsyncIterable<Uint8Array>> {
    return storage.read(() => this.objects.open(run.tenant, digest));
  }
}

function placed(
  key: string,
  mounted: MountedFile | readonly MountedFile[],
): readonly { readonly path: string; readonly file: MountedFile }[] {
  if (!isList(mounted)) return [{ path: key, file: mounted }];
  if (!key.endsWith('/')) throw refusal('WITH_INVALID', `files.${key}: a list needs a key that ends in /`);
  return mounted.map((file, index) => ({ path: `${key}${String(index).padStart(6, '0')}-${nameOf(file)}`, file }));
}

const isList = (mounted: MountedFile | readonly MountedFile[]): mounted is readonly MountedFile[] =>
  Array.isArray(mounted);

function nameOf(file: MountedFile): string {
  const name = file.kind === 'object' ? file.name : file.kind === 'pack' ? file.path : 'content';
  return name.replace(/\/$/, '').split('/').at(-1) ?? 'file';
}
