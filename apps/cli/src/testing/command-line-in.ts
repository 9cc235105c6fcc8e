import { runCommandLine } from '../program';

/** The result of a command line, as visible from outside of a process. */
export interface Ended {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
}

/**
 * One command line in this process, whose working directory it keeps. `more`: further variables. There is no person at its terminal, and its stdin
 * is empty.
 */
export async function commandLineIn(
  home: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const said = { out: '', err: '' };
  const terminal = {
    print: (line: string) => void (said.out += `${line}\n`),
    say: (line: string) => void (said.err += `${line}\n`),
    draw: (text: string) => void (said.err += text),
    isInteractive: false,
    columns: 80,
    rows: 24,
    ask: async () => null,
  };
  const readStdin = async () => new Uint8Array();
  const env = { PATH: process.env['PATH'], HOME: home, ...more };
  const exit = await runCommandLine({ arguments: args, env, version: '0', readStdin, terminal });
  return { exit, ...said };
}
