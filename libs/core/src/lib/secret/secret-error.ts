import { CodedError } from '../foundation/coded-error';

/** Why a secret is refused, or how a secret affected a step. A released code never changes meaning. */
export type SecretErrorCode = keyof typeof SECRET_REMEDIES;

const SECRET_REMEDIES = {
  SECRET_NOT_GRANTED: 'Ask the operator to bind the secret for this pack.',
  SECRET_UNAVAILABLE: 'Ask the operator to provide the secret that the binding refers to, then run again.',
  SECRET_FILE_REFUSED:
    'Use a regular file below the folder of secrets, with mode 0600, owned by the user of the worker or by root.',
  SECRET_CHANGED: 'Run again with the new value, or bind the secret with `rotation: allow`.',
  SECRET_IN_PACK: 'Change the secret, because everyone who can read the pack knows it, and remove it from the pack.',
  SECRET_IN_OUTPUT: 'Do not write the secret to outputs. Pass it to later steps as a secret.',
  SECRET_TOO_SHORT: 'Use a value of at least 8 bytes. A shorter value cannot be redacted from logs.',
  SECRET_TRIVIAL: 'Use a random value. A common value cannot be distinguished from ordinary text.',
  SECRET_TOO_LARGE: 'Use a smaller value, or raise `secrets.maxBytes`.',
  SECRET_NOT_TEXT: 'Request the secret as a file. It is not UTF-8 text.',
  SENSITIVE_INPUT_UNREADABLE: 'Restore the key of sensitive inputs, or submit the run again.',
} as const;

/** An error about a secret. No message contains a value. */
export class SecretError extends CodedError<SecretErrorCode> {
  static {
    this.brand('SecretError');
  }

  override readonly name = 'SecretError';

  constructor(code: SecretErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, SECRET_REMEDIES[code], [], options);
  }
}
