import type { WorkspaceWatch } from '@taskrunner/core/ports';
import { ChildWatch } from './supervisor-process/child-watch';

/** Null means no limit. Counts like the supervisor, but without unlinked files, which only the other machine can see. */
export function watchWorkspace(
  workspace: string,
  limits: { readonly workspaceBytes: number | null; readonly workspaceFiles: number | null },
): WorkspaceWatch {
  const { workspaceBytes, workspaceFiles } = limits;
  const watch = new ChildWatch({ workspace, workspaceBytes, workspaceFiles, memoryBytes: null, tmpfs: [] }, null);
  return { look: () => watch.look(0, () => []), conclude: () => watch.conclude(false) };
}
