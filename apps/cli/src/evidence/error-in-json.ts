import { isCodedError } from '@taskrunner/core/foundation';
import type { Terminal } from '../terminal/terminal';

/**
 * Runs a body. If JSON output was requested, its errors are printed as JSON too: `{…rest, error: {code, message, remediation, faults}}`.
 */
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
