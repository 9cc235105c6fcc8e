import type { StepId } from '../../foundation/ids';
import { pathsOfPack } from '../../pack/inner-pack';
import { VENDORED, type PackFiles } from '../../pack/pack-files';
import { packFolderOf, type PlanIndex } from '../../plan/plan-index';
import type { ClaimedRun } from '../../ports/runs/claims';
import type { ObjectStore } from '../../ports/objects/object-store';
import { collectBytes } from '../work/byte-pieces';

/** A run from the viewpoint of a step of one of its packs: with the files of that pack only (docs/guides/writing-packs.md, Files). */
export class PackOfStep {
  private readonly known = new Map<string, Promise<ClaimedRun>>();

  constructor(
    private readonly run: ClaimedRun,
    private readonly objects: Pick<ObjectStore, 'open'>,
  ) {}

  /** Rejects like the object store if the `.packignore` of an inner pack cannot be read. */
  of(index: PlanIndex, step: StepId): Promise<ClaimedRun> {
    const folder = packFolderOf(index, step);
    const known = this.known.get(folder);
    if (known) return known;
    const made = this.narrowed(folder);
    // A failure is not cached: the next attempt tries again.
    made.catch(() => this.known.delete(folder));
    this.known.set(folder, made);
    return made;
  }

  private async narrowed(folder: string): Promise<ClaimedRun> {
    const { run } = this;
    if (folder === '') {
      const own = run.files.filter(({ path }) => !path.startsWith(VENDORED));
      return own.length === run.files.length ? run : { ...run, files: own };
    }
    const below = run.files.filter(({ path }) => path.startsWith(folder));
    const files = below.map((file) => ({ ...file, path: file.path.slice(folder.length) }));
    const rules = files.find(({ path }) => path === '.packignore');
    const text = rules === undefined ? null : await this.read(rules.digest);
    const view: PackFiles = {
      paths: () => files.map(({ path }) => path),
      read: (path) => (path === '.packignore' ? text : null),
      executable: () => false,
    };
    const kept = new Set(pathsOfPack(view, ''));
    return { ...run, files: files.filter(({ path }) => kept.has(path)) };
  }

  private async read(digest: ClaimedRun['files'][number]['digest']): Promise<Uint8Array> {
    return collectBytes(await this.objects.open(this.run.tenant, digest));
  }
}
