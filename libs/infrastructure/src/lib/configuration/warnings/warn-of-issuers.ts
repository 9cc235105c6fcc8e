import type { Configuration } from '../configuration';
import type { Warn } from '../configuration-fault';
import { reasonAgainst } from '../checks/check-key-sets';

/** Longest time for the key sets of all issuers, milliseconds. They are read at the same time. */
const PATIENCE_MS = 3_000;

/** Reads the text at a URL. Rejects if there is none. */
type ReadUrl = (url: string, patienceMs: number) => Promise<string>;

/**
 * Warns of issuers whose key set cannot be read from here: each request with a token of theirs would be refused. It is no fault, because the
 * configuration may be checked on a machine without a network.
 */
export async function warnOfIssuers({ authority }: Configuration, warn: Warn, read: ReadUrl = readUrl): Promise<void> {
  const reasons = await Promise.all(
    authority.issuers.map(async ({ jwksUri }) => {
      if (jwksUri === null) return null;
      return read(jwksUri, PATIENCE_MS).then(reasonAgainst, (error: unknown) => `cannot be read (${causeOf(error)})`);
    }),
  );
  for (const [index, reason] of reasons.entries())
    if (reason !== null)
      warn(
        'CONFIG_UNREACHABLE',
        `/authority/issuers/${index}/jwksUri`,
        `The key set ${authority.issuers[index]?.jwksUri ?? ''} ${reason}.`,
      );
}

const readUrl: ReadUrl = async (url, patienceMs) => {
  const response = await fetch(url, { signal: AbortSignal.timeout(patienceMs), redirect: 'error' });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.text();
};

/** The innermost reason, such as a name that does not exist. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${PATIENCE_MS / 1_000} s`;
  return error.cause === undefined ? error.message : causeOf(error.cause);
}
