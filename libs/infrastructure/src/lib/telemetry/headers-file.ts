import { readFile } from 'node:fs/promises';
import { TelemetryError } from './telemetry-error';

const LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e]*?)[ \t]*$/;

/**
 * Reads headers for the receiver: one `name: value` per line; empty lines and those that begin with `#` are skipped. The values are secret,
 * so no error contains them. Throws `TelemetryError`.
 */
export async function readHeaders(path: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    const message = `telemetry.headersFile ${path} cannot be read`;
    throw new TelemetryError('TELEMETRY_HEADERS_UNREADABLE', message, 'Make the file readable by the service.', [], {
      cause,
    });
  });
  const headers: Record<string, string> = {};
  text.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    const [, name, value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined || value === '')
      throw new TelemetryError(
        'TELEMETRY_HEADERS_INVALID',
        `line ${index + 1} of telemetry.headersFile ${path} is not a header`,
        'Write one `name: value` on each line.',
      );
    headers[name.toLowerCase()] = value;
  });
  return headers;
}
