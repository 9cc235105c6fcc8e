import type { WorkspaceWatch } from '@taskrunner/core/ports';
import { ChildWatch } from './supervisor-process/child-watch';

/** Null limits are none. Counts as the supervisor does, but for files without names: the other machine holds them. */
export function watchWorkspace(
  workspace: string,
  limits: { readonly workspaceBytes: number | null; readonly workspaceFiles: number | null },
): WorkspaceWatch {
  const { workspaceBytes, workspaceFiles } = limits;
  const watch = new ChildWatch({ workspace, workspaceBytes, workspaceFiles, memoryBytes: null, tmpfs: [] }, null);
  return { look: () => watch.look(0, () => []), conclude: () => watch.conclude(false) };
}
