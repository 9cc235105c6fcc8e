import { pointerTo } from '@taskrunner/core/document';
import { parseRule } from '@taskrunner/core/egress';
import { algorithmOf } from '@taskrunner/core/evidence';
import { isJsonArray, nearestName, type Json, isTenantId } from '@taskrunner/core/foundation';
import { parseDuration } from '@taskrunner/core/pack';
import { nameOf, readFields, type Fields, type Kind, type ValueOf } from './key';

const TYPES = { text: 'a text', flag: 'true or false', number: 'an integer', list: 'a list' };
const DURATION_UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const;
const SIZE_UNITS = { GiB: 1024 ** 3, MiB: 1024 ** 2, KiB: 1024, B: 1 } as const;

function isHttpUrl(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : null;
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}

/** A text that `isRight` accepts; `noun` describes it in messages. */
function textual(noun: string, isRight: (value: string) => boolean, isSecret = false): Kind<string> {
  return {
    isText: true,
    isSecret,
    read: (value, at, notes) => {
      if (typeof value !== 'string') notes.fault('CONFIG_TYPE', at, `${nameOf(at)} must be ${TYPES.text}.`);
      else if (!isRight(value)) notes.fault('CONFIG_FORMAT', at, `${nameOf(at)} must be ${noun}.`);
      else return value;
      return null;
    },
    print: (value) => value,
  };
}

/** Any text but an empty one. */
export const text = textual('a non-empty string', (value) => value !== '');
/** An absolute path of this machine. */
export const path = textual('an absolute path', (value) => value.startsWith('/') && !value.includes('\0'));
/** A file that contains a secret and nothing else. Only its path is ever shown. */
export const secretFile = path;
/** An `http` or `https` URL without credentials. */
export const httpUrl = textual('an http or https URL without credentials', isHttpUrl);
/** The name of an issuer of tokens (`iss`): an `http` or `https` URL, or `local:` with the name of a machine for an Authority that exists on it alone. */
export const issuerName = textual('an http or https URL without credentials, or local: and a host name', (value) => {
  if (/^local:[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(value)) return true;
  return isHttpUrl(value);
});
/** The origin of web pages, exactly as browsers send it (RFC 6454 §7.1). */
export const origin = textual(
  'the origin of web pages, such as https://console.example.org: http or https, lower case, without path, * and the default port',
  (value) => {
    const url = URL.canParse(value) ? new URL(value) : null;
    return url !== null && /^https?:$/.test(url.protocol) && url.origin === value && !value.includes('*');
  },
);
/** A PostgreSQL URL, which may contain a password. */
export const databaseUrl = textual(
  'a PostgreSQL URL (postgresql://user@host:port/database)',
  (value) => URL.canParse(value) && /^postgres(ql)?:$/.test(new URL(value).protocol),
  true,
);
/** A name with an effect: ASCII `[A-Za-z0-9._:-]`. */
export const name = textual('a name of letters, digits, ., _, : and -', (value) =>
  /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/.test(value),
);

/** The name of a tenant. */
export const tenantName = textual('the name of a tenant (a to z, 0 to 9, ., _ and -)', (value) => isTenantId(value));

/** A public key: base64 of its SPKI. */
export const spki = textual('a public Ed25519 or P-256 key (SPKI in base64)', (value) => {
  try {
    return algorithmOf(value) !== undefined;
  } catch {
    return false;
  }
});
/** A host, `*.suffix` or `*`, as in a list of destinations. */
export const hostPattern = textual(
  'a host, *.suffix or * in ASCII, without scheme and port',
  (value) => !/[/:]/.test(value.replace(/^\[.*\]$/, '')) && parseRule(value) !== null,
);
/** A block of addresses. */
export const addressBlock = textual(
  'an address range such as 10.1.0.0/16, with zero bits after its prefix',
  (value) => parseRule('*', value) !== null,
);
/** A name server. */
export const nameServer = textual('an address, or address:port', (value) =>
  /^[0-9.]+(:[0-9]{1,5})?$|^\[[0-9a-f:]+\](:[0-9]{1,5})?$/i.test(value),
);

/** True or false. */
export const flag: Kind<boolean> = {
  isText: false,
  read: (value, at, notes) => {
    if (typeof value === 'boolean') return value;
    notes.fault('CONFIG_TYPE', at, `${nameOf(at)} must be ${TYPES.flag}.`);
    return null;
  },
  print: (value) => value,
};

/** An integer in a range. */
export function number(minimum: number, maximum: number): Kind<number> {
  return {
    isText: false,
    read: (value, at, notes) => {
      if (typeof value !== 'number' || !Number.isInteger(value))
        notes.fault('CONFIG_TYPE', at, `${nameOf(at)} must be ${TYPES.number}.`);
      else if (value < minimum || value > maximum)
        notes.fault('CONFIG_RANGE', at, `${nameOf(at)} must be from ${minimum} to ${maximum}; it is ${value}.`);
      else return value;
      return null;
    },
    print: (value) => value,
  };
}

/** A share: a number from 0 to 1. */
export const share: Kind<number> = {
  isText: false,
  read: (value, at, notes) => {
    if (typeof value !== 'number') notes.fault('CONFIG_TYPE', at, `${nameOf(at)} must be a number.`);
    else if (value < 0 || value > 1)
      notes.fault('CONFIG_RANGE', at, `${nameOf(at)} must be from 0 to 1; it is ${value}.`);
    else return value;
    return null;
  },
  print: (value) => value,
};

/** A TCP port; 0 selects a free one. */
export const port = number(0, 65_535);

/** A duration in milliseconds: `500ms`, `90s`, `30m`, `4h`, `7d`, or ISO 8601. */
export function duration(minimumMs: number, maximumMs: number): Kind<number> {
  return measured('a duration such as 500ms, 90s, 30m, 4h or 7d', minimumMs, maximumMs, parseMs, printMs);
}

/** A size in bytes: `64KiB`, `24MiB`, `1GiB`. */
export function size(minimum: number, maximum: number): Kind<number> {
  return measured('a size such as 64KiB, 24MiB or 1GiB', minimum, maximum, parseBytes, printBytes);
}

function measured(
  noun: string,
  minimum: number,
  maximum: number,
  parse: (value: string) => number | null,
  print: (value: number) => string,
): Kind<number> {
  return {
    isText: true,
    read: (value, at, notes) => {
      const parsed = typeof value === 'string' ? parse(value) : null;
      if (parsed === null) notes.fault('CONFIG_FORMAT', at, `${nameOf(at)} must be ${noun}.`);
      else if (parsed < minimum || parsed > maximum)
        notes.fault('CONFIG_RANGE', at, `${nameOf(at)} must be from ${print(minimum)} to ${print(maximum)}.`);
      else return parsed;
      return null;
    },
    print,
  };
}

function parseMs(value: string): number | null {
  const milliseconds = /^([0-9]{1,9})ms$/.exec(value);
  return milliseconds === null ? parseDuration(value) : Number(milliseconds[1]);
}

function printMs(value: number): string {
  for (const [unit, factor] of Object.entries(DURATION_UNITS)) {
    // A day is printed as 24h, which is the usual notation.
    if (value % factor === 0 && value >= factor && !(unit === 'd' && value === factor))
      return `${value / factor}${unit}`;
  }
  return `${value}ms`;
}

function parseBytes(value: string): number | null {
  const match = /^([0-9]{1,9})(GiB|MiB|KiB|B)$/.exec(value);
  return match === null ? null : Number(match[1]) * SIZE_UNITS[match[2] as keyof typeof SIZE_UNITS];
}

function printBytes(value: number): string {
  const [unit, factor] = Object.entries(SIZE_UNITS).find(([, one]) => value % one === 0 && value >= one) ?? ['B', 1];
  return `${value / factor}${unit}`;
}

/** One of a closed set of texts. */
export function oneOf<const T extends string>(...values: readonly T[]): Kind<T> {
  return {
    isText: true,
    read: (value, at, notes) => {
      const found = values.find((known) => known === value);
      if (found !== undefined) return found;
      const near = typeof value === 'string' ? nearestName(value, values) : null;
      const remedy = near === null ? undefined : `Did you mean ${near}?`;
      notes.fault('CONFIG_CHOICE', at, `${nameOf(at)} must be one of ${values.join(', ')}.`, remedy);
      return null;
    },
    print: (value) => value,
  };
}

/** A list of one kind of value. */
export function list<T>(kind: Kind<T>): Kind<readonly T[]> {
  return {
    isText: false,
    read: (value, at, notes) => {
      if (!isJsonArray(value)) {
        notes.fault('CONFIG_TYPE', at, `${nameOf(at)} must be ${TYPES.list}.`);
        return null;
      }
      const items = value.map((item, index) => kind.read(item, pointerTo(at, index), notes));
      return items.filter((item): item is Awaited<T> & NonNullable<T> => item !== null);
    },
    print: (value) => value.map((item) => kind.print(item)),
  };
}

/** A list of objects with exactly these keys. */
export function listOf<F extends Fields>(fields: F): Kind<readonly ValueOf<F>[]> {
  const item: Kind<ValueOf<F>> = {
    isText: false,
    read: (value, at, notes) => readFields(fields, value, at, notes),
    print: (value) => printFields(fields, value),
  };
  return { ...list(item), item: fields };
}

/** The keys as they are written. */
export function printFields<F extends Fields>(fields: F, value: ValueOf<F>): Json {
  return Object.fromEntries(
    Object.entries(fields).map(([name, entry]) => {
      const part = value[name];
      if (entry.is === 'section') return [name, printFields(entry.fields, part as ValueOf<Fields>)];
      return [name, entry.kind.print(part)];
    }),
  );
}
