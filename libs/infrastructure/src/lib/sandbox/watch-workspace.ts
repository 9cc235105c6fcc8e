import { ChildWatch } from './supervisor-process/child-watch';
import type { Excess } from './supervisor-process/protocol';

/** Looks at the workspace of a step whose processes run on another machine. */
export interface WorkspaceWatch {
  /** The limit that it is over now, or null. Often it only asks how full the disk is. */
  look(): Promise<Excess | null>;
  /** Counts everything, when the step is over. */
  conclude(): Promise<Excess | null>;
}

/** Null limits are none. Counts as the supervisor does, but for files without names: the other machine holds them. */
export function watchWorkspace(
  workspace: string,
  limits: { readonly workspaceBytes: number | null; readonly workspaceFiles: number | null },
): WorkspaceWatch {
  const { workspaceBytes, workspaceFiles } = limits;
  const watch = new ChildWatch({ workspace, workspaceBytes, workspaceFiles, memoryBytes: null, tmpfs: [] }, null);
  return { look: () => watch.look(0, () => []), conclude: () => watch.conclude(false) };
}
