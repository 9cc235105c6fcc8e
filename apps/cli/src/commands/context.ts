import type { ExitCode } from '../terminal/exit-code';
import type { Terminal } from '../terminal/terminal';

/** What a command has besides its arguments. */
export interface Context {
  readonly terminal: Terminal;
  readonly program: { readonly name: string; readonly version: string };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readStdin: () => Promise<Uint8Array>;
  /** File that a second thread runs to answer checks of evidence; undefined: there is none. */
  readonly checkThread: string | URL | undefined;
  /** Runs a command's body: its exit code becomes that of the process, what it throws is reported. */
  readonly run: (body: () => Promise<ExitCode>, file?: string) => Promise<void>;
}
