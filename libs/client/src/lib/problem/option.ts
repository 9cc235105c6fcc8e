import { ClientError } from './client-error';

/** The value of an option, if it is a number of at least `least`. Throws `CLIENT_OPTION_INVALID`. */
export function optionFrom(name: string, value: number, least: number): number {
  if (value >= least) return value;
  throw new ClientError('CLIENT_OPTION_INVALID', `${name} is ${value}`, `Set ${name} to ${least} or more.`);
}
