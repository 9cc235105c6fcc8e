import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { CliError } from '../terminal/cli-error';

/** What a shell passes, as for `<(command)`, and the empty file. They end, or the person who passed them knows better. */
const PASSED = /^\/(?:dev\/(?:stdin|stdout|stderr|tty|null|fd\/\d+)|proc\/self\/fd\/\d+)$/;

/**
 * Refuses a path that names neither a file nor a folder: reading a device or a named pipe, or writing to it, could take for ever. What a shell
 * passes is accepted, and so is a path that does not exist. Throws `CLI_FILE`.
 */
export function refuseSpecialFile(path: string): void {
  if (!PASSED.test(path)) refuseNoFile(path);
}

/** The same, of a file that is read twice or replaced: what a shell passes is refused too. */
export function refuseNoFile(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isFile() || found.isDirectory()) return;
  const kind = found.isFIFO() ? 'a named pipe' : found.isSocket() ? 'a socket' : 'a device';
  throw new CliError('CLI_FILE', `${path} is ${kind}, not a file`, 'Use the path of a file.');
}

/** Refuses a file to write whose folder does not exist: the path is probably mistyped. Throws `CLI_FILE`. */
export function refuseMissingFolder(path: string): void {
  const folder = dirname(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new CliError('CLI_FILE', `${folder} is not a folder that exists`, 'Correct the path, or create the folder.');
}

/** Refuses a path at which no file can be written: a folder, or a device. Folders on the way are made. Throws `CLI_FILE`. */
export function refuseUnwritable(path: string): void {
  refuseNoFile(path);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new CliError('CLI_FILE', `${path} is a folder, not a file`, 'Use the path of a file.');
}
