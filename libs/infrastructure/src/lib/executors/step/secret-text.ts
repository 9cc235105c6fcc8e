import { SecretError, trimmed } from '@taskrunner/core/secret';

/** A secret as text, without the line end that its file may have. Throws `SECRET_NOT_TEXT`. */
export function secretText(name: string, value: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(trimmed(value));
  } catch {
    throw new SecretError('SECRET_NOT_TEXT', `the secret ${name} is not UTF-8 text`);
  }
}
