import { CodedError } from '../foundation/coded-error';

/** Why a secret is not handed over, or what a secret did to a step. A released code never changes meaning. */
export type SecretErrorCode = keyof typeof SECRET_REMEDIES;

const SECRET_REMEDIES = {
  SECRET_NOT_GRANTED: 'Ask the operator to bind the secret for this pack.',
  SECRET_UNAVAILABLE: 'Have the operator provide the secret where its binding says, then run again.',
  SECRET_FILE_REFUSED: 'Make it a regular file below the folder of secrets, mode 0600, of the worker’s user or root.',
  SECRET_CHANGED: 'Run again with the new value, or bind the secret with `rotation: allow`.',
  SECRET_IN_PACK: 'Change the secret, since whoever reads the pack has it, and take it out of the pack.',
  SECRET_IN_OUTPUT: 'Keep the secret out of outputs; hand it to later steps as a secret of their own.',
  SECRET_TOO_SHORT: 'Use a value of at least 8 bytes: a shorter one cannot be kept out of logs.',
  SECRET_TRIVIAL: 'Use a random value: a common one cannot be told from ordinary text.',
  SECRET_TOO_LARGE: 'Use a smaller value, or raise `secrets.maxBytes`.',
  SECRET_NOT_TEXT: 'Ask for the secret as a file: it is not UTF-8 text.',
  SENSITIVE_INPUT_UNREADABLE: 'Restore the key of sensitive inputs, or submit the run again.',
} as const;

/** A refusal that has to do with a secret. No message holds a value. */
export class SecretError extends CodedError<SecretErrorCode> {
  static {
    this.brand('SecretError');
  }

  override readonly name = 'SecretError';

  constructor(code: SecretErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, SECRET_REMEDIES[code], [], options);
  }
}
