import { CliError } from '../terminal/cli-error';

/** Bounds of the value of an option, both included. */
interface Bounds {
  readonly least: number;
  readonly most?: number;
  /** A usual value, for the remedy. Default: `least`. */
  readonly usual?: number;
}

/** The whole number that an option has. Throws `CLI_USAGE`, which names the option and its bounds. */
export function numberOf(
  option: string,
  written: string,
  { least, most = Number.MAX_SAFE_INTEGER, usual = least }: Bounds,
): number {
  const number = Number(written);
  if (/^\d+$/.test(written) && number >= least && number <= most) return number;
  const bounds = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new CliError(
    'CLI_USAGE',
    `${option} must be a whole number ${bounds}, not ${written}`,
    `Write a number, such as ${option} ${usual}.`,
  );
}
