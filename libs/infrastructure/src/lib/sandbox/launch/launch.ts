import type { StepPlace } from '@taskrunner/core/ports';
import type { Handover, Watch } from '../supervisor-process/protocol';

/** The description of a child for the supervisor, made by a `Sandbox`. */
export interface Launch {
  /** Absolute path of the program, then its arguments. */
  readonly argv: readonly string[];
  readonly env: { readonly [name: string]: string };
  readonly cwd: string;
  /** Content of standard input, which is then closed. Default: /dev/null. */
  readonly stdin?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** For a child under bubblewrap: its options. The pid namespace must be empty at the end. */
  readonly handover?: Handover;
  /**
   * For a child that attaches to a container that is created and not yet started: the container's first process. Signals go to it, it is
   * killed with the child, and the exit is reported when both are gone.
   */
  readonly firstProcess?: number;
  /** The step of the child, for the log. Not set if the child belongs to no step. */
  readonly place?: StepPlace | undefined;
  /** Limits on all processes of the child together, and the paths to measure. Not set: nothing is watched. */
  readonly watch?: Watch;
}
