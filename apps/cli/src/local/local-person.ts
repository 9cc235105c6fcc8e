import { userInfo } from 'node:os';
import { CliError } from '../terminal/cli-error';

/** The name of the account, as the name of a person. */
export function localUser(): string {
  return userInfo().username;
}

/** The subject of a person of the local Authority. Throws `CLI_USAGE`. */
export function localPerson(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return `local:${name}`;
  throw new CliError(
    'CLI_USAGE',
    `${JSON.stringify(name)} cannot be the name of a local person`,
    'Use --as with at most 64 letters, digits, dots, hyphens and underscores.',
  );
}
