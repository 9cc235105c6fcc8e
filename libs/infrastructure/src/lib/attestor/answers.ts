import { isJsonObject, type Json, type JsonObject } from '@taskrunner/core/foundation';
import type { BodyInit, Dispatcher } from 'undici';
import { AttestorError } from './attestor-error';

const MAX_ANSWER_BYTES = 8 * 1024 ** 2;

/** Sends a POST and returns the JSON response. Redirects are not followed. Throws `ATTESTOR_UNAVAILABLE` if there is no response. */
export async function request(
  url: string,
  options: {
    readonly dispatcher: Dispatcher;
    readonly timeoutMs: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: BodyInit;
  },
): Promise<{ readonly status: number; readonly body: JsonObject }> {
  const { dispatcher, timeoutMs, headers, body } = options;
  const { fetch } = await import('undici');
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const init = { method: 'POST', headers, body, dispatcher, signal, redirect: 'manual', duplex: 'half' } as const;
    const response = await fetch(url, init);
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of response.body ?? []) {
      const bytes = part as Uint8Array;
      if ((size += bytes.length) > MAX_ANSWER_BYTES) throw new RangeError(`more than ${MAX_ANSWER_BYTES} bytes`);
      parts.push(bytes);
    }
    return { status: response.status, body: parsed(Buffer.concat(parts).toString()) };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new AttestorError(
      'ATTESTOR_UNAVAILABLE',
      `no response from ${new URL(url).host}: ${cause instanceof Error ? cause.message : String(cause)}`,
      'No data is lost; the request is retried. Check that the Attestor is running and that workers can reach it.',
      [],
      { cause: error },
    );
  }
}

function parsed(text: string): JsonObject {
  try {
    const value = JSON.parse(text) as Json;
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
