import type { ExitCode } from '../terminal/exit-code';
import type { Terminal } from '../terminal/terminal';

/** The environment of a command besides its arguments. */
export interface Context {
  readonly terminal: Terminal;
  readonly program: { readonly name: string; readonly version: string };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readStdin: () => Promise<Uint8Array>;
  /** The script of a second thread that runs checks of evidence; undefined: there is none. */
  readonly checkThread: string | URL | undefined;
  /** Runs a command's body. Its exit code becomes that of the process, and its errors are reported. */
  readonly run: (body: () => Promise<ExitCode>, file?: string) => Promise<void>;
}
