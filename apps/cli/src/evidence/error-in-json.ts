import { isCodedError } from '@taskrunner/core/foundation';
import type { Terminal } from '../terminal/terminal';

/** Runs a body. What it refuses is printed as JSON too, where JSON was asked for: `{…rest, error: {code, message, remediation, faults}}`. */
export async function errorInJson<T>(
  terminal: Terminal,
  asked: boolean,
  rest: object,
  body: () => Promise<T>,
): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (asked && isCodedError(error)) {
      const { code, message, remediation, faults } = error;
      terminal.print(JSON.stringify({ ...rest, error: { code, message, remediation, faults } }));
    }
    throw error;
  }
}
