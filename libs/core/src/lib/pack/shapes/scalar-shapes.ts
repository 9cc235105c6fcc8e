import { isDigest, isTenantId, TENANT_ID } from '../../foundation/ids';
import { type Json, type JsonObject, isJsonObject } from '../../foundation/json';
import { DURATION_PATTERNS, LONGEST_MS, parseDuration, printDuration } from '../model/duration';
import type { PackFaultCode } from '../reading/pack-fault';
import { holdsExpression, refuseExpression } from './expression-here';
import { parsePackPath, PATH_SCHEMA } from '../model/pack-path';
import { type Shape, shown } from './shape';
import { kindOf } from '../reading/written';

/** Names that every JavaScript object has. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype).concat('prototype'));
const SEMVER =
  /^(?:0|[1-9][0-9]{0,8})\.(?:0|[1-9][0-9]{0,8})\.(?:0|[1-9][0-9]{0,8})(?:-(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$/;
const ID = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/;
const SCOPE = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
const USES = /^(?:builtin:[a-z][a-z0-9.-]{0,62}|ext:[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?@([^@]+)|pack:.+)$/;
/** `uses` of a step, as a pattern of JSON Schema. */
export const USES_PATTERN = USES.source.replace('([^@]+)', SEMVER.source.slice(1, -1));

/** A text that holds an expression. */
const EXPRESSION_SCHEMA: JsonObject = { pattern: '\\{\\{' };

/** Any JSON value. */
export const json: Shape<Json> = {
  blank: null,
  read: ({ value }) => value,
  print: (value) => value,
  schema: () => ({}),
};

/** Any JSON object. */
export const jsonObject: Shape<JsonObject> = {
  blank: {},
  read: ({ value }, at, reading) => {
    if (isJsonObject(value)) return value;
    reading.fault('PACK_FIELD_TYPE', at, `${reading.subject(at)} must be an object; it is ${kindOf(value)}.`);
    return {};
  },
  print: (value) => value,
  schema: () => ({ type: 'object' }),
};

/** True or false. */
export const flag: Shape<boolean> = {
  blank: false,
  read: ({ value }, at, reading) => {
    if (typeof value === 'boolean') return value;
    if (refuseExpression(value, at, reading)) return false;
    reading.fault('PACK_FIELD_TYPE', at, `${reading.subject(at)} must be true or false; it is ${kindOf(value)}.`);
    return false;
  },
  print: (value) => value,
  schema: () => ({ type: 'boolean' }),
};

/** A number in a range, an integer by default. */
export function number(minimum: number, maximum: number, whole = true): Shape<number> {
  const noun = whole ? 'an integer' : 'a number';
  return {
    blank: minimum,
    read: ({ value }, at, reading) => {
      if (refuseExpression(value, at, reading)) return minimum;
      if (typeof value !== 'number' || (whole && !Number.isInteger(value)))
        reading.fault(
          'PACK_FIELD_TYPE',
          at,
          `${reading.subject(at)} must be ${noun}; it is ${typeof value === 'number' ? String(value) : kindOf(value)}.`,
        );
      else if (value < minimum || value > maximum)
        reading.fault(
          'PACK_RANGE',
          at,
          `${reading.subject(at)} must be from ${minimum} to ${maximum}; it is ${value}.`,
        );
      else return value;
      return minimum;
    },
    print: (value) => value,
    schema: () => ({ type: whole ? 'integer' : 'number', minimum, maximum }),
  };
}

/** One of a closed set of texts. */
export function oneOf<const T extends string>(...values: readonly T[]): Shape<T> {
  return {
    blank: values[0] as T,
    read: ({ value }, at, reading) => {
      const found = values.find((known) => known === value);
      if (found !== undefined) return found;
      if (refuseExpression(value, at, reading)) return values[0] as T;
      const near = typeof value === 'string' ? reading.guess(value, values) : null;
      const written = typeof value === 'string' ? shown(value) : kindOf(value);
      const note = near === null ? {} : { remediation: `Did you mean ${near}?` };
      reading.fault(
        'PACK_ENUM',
        at,
        `${reading.subject(at)} must be one of ${values.join(', ')}; it is ${written}.`,
        note,
      );
      return values[0] as T;
    },
    print: (value) => value,
    schema: () => ({ enum: values }),
  };
}

/** A text that `parse` accepts. `parse` may return another spelling; null is refused with the code. */
export function format(
  code: PackFaultCode,
  noun: string,
  parse: (text: string) => string | null,
  schema: JsonObject = {},
): Shape<string> {
  return {
    blank: '',
    read: ({ value }, at, reading) => {
      if (typeof value !== 'string') {
        const note =
          typeof value === 'number' || typeof value === 'boolean' ? { remediation: 'Put the value in quotes.' } : {};
        reading.fault('PACK_FIELD_TYPE', at, `${reading.subject(at)} must be ${noun}; it is ${kindOf(value)}.`, note);
        return '';
      }
      const parsed = parse(value);
      if (parsed === null && refuseExpression(value, at, reading)) return '';
      if (parsed === null) reading.fault(code, at, `${reading.subject(at)} must be ${noun}; it is ${shown(value)}.`);
      return parsed ?? '';
    },
    print: (value) => value,
    schema: () => ({ type: 'string', ...schema }),
  };
}

/** A name that matches an expression, except names that every JavaScript object has. */
export function pattern(code: PackFaultCode, noun: string, expression: RegExp): Shape<string> {
  const shape = format(code, noun, (text) => (expression.test(text) ? text : null), { pattern: expression.source });
  const reserved = [...INHERITED].filter((name) => expression.test(name));
  return {
    ...shape,
    schema: () => ({ ...shape.schema(), ...(reserved.length === 0 ? {} : { not: { enum: reserved } }) }),
    read: (written, at, reading) => {
      if (typeof written.value !== 'string' || !INHERITED.has(written.value)) return shape.read(written, at, reading);
      reading.fault('PACK_RESERVED_NAME', at, `${reading.subject(at)} must not be ${written.value}.`);
      return '';
    },
  };
}

/** Any text. Expressions in it are left to the planner. */
export const text = format('PACK_TEXT_FORMAT', 'a text', (value) => value);
/** Any name, for entries whose names only their reader understands. */
export const anyKey: Shape<string> = { ...text, read: ({ value }) => (typeof value === 'string' ? value : '') };
/** A DNS label (RFC 1123 §2.1). */
export const dnsLabel = pattern('PACK_NAME', 'a DNS label', /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
/** A semantic version (semver.org 2.0.0). */
export const version = pattern('PACK_VERSION', 'a semantic version', SEMVER);
/** An id with an effect: of steps, approvals, policies, secrets. */
export const id = pattern('PACK_ID', 'an id of lowercase letters, digits, ., _ and -', ID);
/** A name for expressions: of inputs and outputs. */
export const identifier = pattern(
  'PACK_IDENTIFIER',
  'a name of letters, digits, _ and -',
  /^[A-Za-z_][A-Za-z0-9_-]{0,62}$/,
);
/** A file-like name: of artifacts and of tools. */
export const label = pattern(
  'PACK_TEXT_FORMAT',
  'a name of letters, digits, ., _ and -',
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$/,
);
/** A failure code of an attempt. */
export const errorCode = pattern('PACK_TEXT_FORMAT', 'an error code', /^[A-Z][A-Z0-9_]{0,63}$/);
/** A scope or grant, in lower case regardless of the published spelling. */
export const scope = format(
  'PACK_SCOPE',
  'a scope such as packs.approve',
  (value) => (SCOPE.test(value) ? value.toLowerCase() : null),
  {
    pattern: SCOPE.source,
  },
);
/** A tenant's name. */
export const tenant = format('PACK_ID', "a tenant's name", (value) => (isTenantId(value) ? value : null), {
  pattern: TENANT_ID.source,
});
/** A sha256 digest; the 64 digits alone are accepted. */
export const digest = format(
  'PACK_DIGEST',
  'a sha256 digest',
  (value) => {
    const whole = value.startsWith('sha256:') ? value : `sha256:${value}`;
    return isDigest(whole) ? whole : null;
  },
  { pattern: '^(?:sha256:)?[0-9a-f]{64}$' },
);
/** A path in the pack or in a step's folder. */
export const path = format(
  'PACK_PATH',
  'a relative path',
  (value) => (holdsExpression(value) ? null : parsePackPath(value)),
  {
    ...PATH_SCHEMA,
    not: { anyOf: [PATH_SCHEMA['not'] ?? false, EXPRESSION_SCHEMA] },
  },
);
/** The executor of a step. The published `builtin:cli-command` means `builtin:command`. */
export const uses = format(
  'PACK_USES',
  'a reference to an executor',
  (value) => {
    const match = USES.exec(value);
    if (match === null || holdsExpression(value) || (match[1] !== undefined && !SEMVER.test(match[1]))) return null;
    return value === 'builtin:cli-command' ? 'builtin:command' : value;
  },
  { pattern: USES_PATTERN, not: EXPRESSION_SCHEMA },
);

/** An environment variable that a pack may set. */
export const envName: Shape<string> = {
  ...pattern('PACK_ENV_NAME', 'the name of an environment variable', /^[A-Z_][A-Z0-9_]{0,127}$/),
  schema: () => ({ ...ENV.schema(), not: { pattern: RESERVED_ENV.source } }),
  read: (written, at, reading) => {
    const name = ENV.read(written, at, reading);
    if (!RESERVED_ENV.test(name)) return name;
    reading.fault('PACK_ENV_RESERVED', at, `A pack cannot set the environment variable ${name}.`, { key: true });
    return '';
  },
};
const RESERVED_ENV = /^LD_|_PROXY$|^TASKRUNNER_/;
const ENV = pattern('PACK_ENV_NAME', 'the name of an environment variable', /^[A-Z_][A-Z0-9_]{0,127}$/);

/** A duration in milliseconds, positive by default. */
export function duration(minimumMs = 1): Shape<number> {
  return {
    blank: minimumMs,
    read: ({ value }, at, reading) => {
      const parsed = typeof value === 'string' ? parseDuration(value) : null;
      if (parsed !== null && parsed >= minimumMs) return parsed;
      if (refuseExpression(value, at, reading)) return minimumMs;
      const written = typeof value === 'string' ? shown(value) : kindOf(value);
      const isLong = typeof value === 'string' && DURATION_PATTERNS.some((form) => new RegExp(form).test(value));
      const limit = parsed === null && isLong ? ` of at most ${LONGEST_MS / 86_400_000}d` : '';
      const noun = limit === '' && minimumMs > 0 ? 'a duration longer than zero' : `a duration${limit}`;
      reading.fault('PACK_DURATION', at, `${reading.subject(at)} must be ${noun}; it is ${written}.`);
      return minimumMs;
    },
    print: (value) => printDuration(value),
    schema: () => ({
      type: 'string',
      anyOf: DURATION_PATTERNS.map((form) => ({ pattern: form })),
      ...(minimumMs > 0 ? { allOf: [{ pattern: '[1-9]' }] } : {}),
      examples: ['90s', '30m', '4h', '7d', 'PT30M'],
    }),
  };
}

/** A condition: an expression, or literal `true` or `false`. */
export const condition: Shape<string> = {
  ...text,
  read: (written, at, reading) =>
    typeof written.value === 'boolean' ? `{{ ${written.value} }}` : text.read(written, at, reading),
  schema: () => ({ type: ['string', 'boolean'] }),
};

/** A text. Numbers and booleans are converted as in JSON. */
export const scalarText: Shape<string> = {
  ...text,
  read: (written, at, reading) => {
    const { value } = written;
    return typeof value === 'number' || typeof value === 'boolean'
      ? JSON.stringify(value)
      : text.read(written, at, reading);
  },
  schema: () => ({ type: ['string', 'number', 'boolean'] }),
};
