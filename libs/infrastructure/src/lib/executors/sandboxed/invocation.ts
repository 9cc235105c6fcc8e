import type { AskedResources, ContainerTask, StepOwner, StepWorkspace } from '@taskrunner/core/ports';

/** A program to start in a workspace. */
export interface Invocation {
  readonly argv0: string;
  readonly args: readonly string[];
  readonly okExitCodes: ReadonlySet<number>;
  readonly stdin?: string;
  /** Called last before the start. `owner`: the owner of the files; null: the user of this process. */
  readonly prepare?: (workspace: StepWorkspace, owner: StepOwner | null) => Promise<void>;
}

/** A container to start with a workspace. */
export interface ContainerInvocation extends Pick<ContainerTask, 'image' | 'command' | 'args'> {
  readonly resources: AskedResources;
  readonly okExitCodes: ReadonlySet<number>;
}
