import { refusal } from './archive-error';
import { decodeText } from './tar-header';

const encoder = new TextEncoder();

/** Records of a pax extended header: `<length> <key>=<value>\n`, where the length counts itself. */
export function encodePax(records: Readonly<Record<string, string>>): Uint8Array {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = encoder.encode(` ${key}=${value}\n`).length;
    let length = rest + String(rest).length;
    if (String(length).length + rest !== length) length = rest + String(length).length;
    return `${length} ${key}=${value}\n`;
  });
  return encoder.encode(lines.join(''));
}

/** Reads the records. The last one of several with the same key counts. Throws `ARCHIVE_INVALID`. */
export function decodePax(bytes: Uint8Array): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at);
    const digits = space < 0 || space - at > 10 ? '' : String.fromCharCode(...bytes.subarray(at, space));
    const end = at + Number(digits);
    const equals = bytes.indexOf(0x3d, space);
    if (!/^[1-9]\d*$/.test(digits) || end > bytes.length || bytes[end - 1] !== 0x0a || equals < 0 || equals >= end)
      throw refusal('ARCHIVE_INVALID', 'the archive is not a tar, or it is damaged: a pax record is invalid');
    const key = decodeText(bytes.subarray(space + 1, equals));
    records.set(key, decodeText(bytes.subarray(equals + 1, end - 1)));
    at = end;
  }
  return records;
}
