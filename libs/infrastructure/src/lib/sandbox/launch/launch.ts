import type { StepPlace } from '@taskrunner/core/ports';
import type { Handover, Watch } from '../supervisor-process/protocol';

/** What the supervisor is to start. `Sandbox` makes these. */
export interface Launch {
  /** A path, then its arguments. */
  readonly argv: readonly string[];
  readonly env: { readonly [name: string]: string };
  readonly cwd: string;
  /** Written to its standard input, which is then closed; none is /dev/null. */
  readonly stdin?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** For a child under bubblewrap: its options, and that its pid namespace must be seen empty at the end. */
  readonly handover?: Handover;
  /**
   * For a child that attaches to a container that was made and not yet started: the container's first process. Signals go to it, it is
   * killed with the child, and the end is when it is gone too.
   */
  readonly firstProcess?: number;
  /** Whose child it is, for the log; none: of no step. */
  readonly place?: StepPlace | undefined;
  /** What it may use beside the limits of its single processes, and where that is looked at; none: nothing is. */
  readonly watch?: Watch;
}
