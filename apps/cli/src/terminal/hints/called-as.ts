import { basename, delimiter, dirname, relative } from 'node:path';
import { quoted } from '../run-lines';

/** The name of the program, and of its command on a path. */
const NAME = 'taskrunner';
/** The name where a command follows it, as in a hint. Not `npx taskrunner`, and no path or name that ends or begins with it. */
const IN_HINT = /(?<![\w./-]|npx )taskrunner(?= [a-z])/g;

/** How this process was started. */
interface Start {
  /** The script: `process.argv[1]`, an absolute path. */
  readonly script: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * What people type to call the program again, as they have called it: `npx taskrunner` below npx or an npm script, `taskrunner` if that is on
 * their path, otherwise the file.
 */
export function calledAs({ script, folder, env }: Start): string {
  if (env['npm_command'] !== undefined) return `npx ${NAME}`;
  const isNamed = basename(script) === NAME;
  if (isNamed && (env['PATH'] ?? '').split(delimiter).includes(dirname(script))) return NAME;
  const near = relative(folder, script);
  const path = quoted(near.length < script.length ? near : script);
  // A name without a slash would be looked for on the path.
  if (isNamed) return path.includes('/') ? path : `./${path}`;
  return `node ${path}`;
}

/** A hint with the name by which the program was called. */
export function hintAs(hint: string, name: string): string {
  return name === NAME ? hint : hint.replace(IN_HINT, () => name);
}

/** A line of stderr: only a hint is changed, no line with texts of others. */
export function lineAs(line: string, name: string): string {
  return /^(?:help|next): /.test(line) ? hintAs(line, name) : line;
}
