import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { browserOf } from '../session/browser';

/** What decides whether the console is opened in a browser. */
export interface OpeningFacts {
  /** `--open` or `--no-open`; undefined: neither. */
  readonly asked: boolean | undefined;
  /** True if a person looks at the output. */
  readonly isInteractive: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** True if a program exists. */
  readonly exists: (program: string) => boolean;
}

/** The program that opens the console, with its arguments; or why it is not opened, null if the person wants that. */
type Opening = { readonly program: readonly string[] } | { readonly why: string | null };

/** Whether `dev` opens the console. Never for a program that reads the output, and never in a continuous integration. */
export function consoleOpening({ asked, isInteractive, env, platform, exists }: OpeningFacts): Opening {
  if (asked === false) return { why: null };
  if (env['CI'] === 'true') return { why: 'CI is true' };
  if (!isInteractive) return { why: 'no terminal is attached' };
  const program = browserOf(platform, env);
  if (program === null) return { why: 'this machine has no display; BROWSER names the program that opens addresses' };
  const [name = ''] = program;
  return exists(name) ? { program } : { why: `the program ${name} that opens addresses does not exist` };
}

/** True if a program is an executable file: at its path, or in one of the folders of `PATH`. */
export function isProgram(name: string, { PATH = '' }: Readonly<Record<string, string | undefined>>): boolean {
  const places = isAbsolute(name) ? [name] : PATH.split(delimiter).map((folder) => join(folder, name));
  return places.some((place) => isExecutable(place) || (process.platform === 'win32' && isExecutable(`${place}.exe`)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
