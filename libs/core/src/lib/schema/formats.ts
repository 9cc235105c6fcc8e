import { isDate, isDateTime, isDuration, isTime } from './date-formats';
import { isEmail, isHostname, isIpv4, isIpv6 } from './host-formats';
import { compilePattern } from './pattern';
import { isIri, isIriReference, isUri, isUriReference } from './uri-formats';
import { isUriTemplate } from './uri-template';

/** True if a text has the format. Values that are not texts satisfy every format. */
export type Format = (text: string) => boolean;

const POINTER = '(?:/(?:[^~/]|~[01])*)*';
const JSON_POINTER = new RegExp(`^${POINTER}$`, 'u');
const RELATIVE_POINTER = new RegExp(`^(?:0|[1-9][0-9]*)(?:#|${POINTER})$`, 'u');
const UUID = /^[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$/;

/** All permitted formats (Validation §7.3). They are asserted. */
export const FORMATS: ReadonlyMap<string, Format> = new Map(
  Object.entries({
    date: isDate,
    'date-time': isDateTime,
    duration: isDuration,
    email: isEmail,
    hostname: isHostname,
    ipv4: isIpv4,
    ipv6: isIpv6,
    iri: isIri,
    'iri-reference': isIriReference,
    'json-pointer': (text) => JSON_POINTER.test(text),
    regex: (text) => typeof compilePattern(text) !== 'string',
    'relative-json-pointer': (text) => RELATIVE_POINTER.test(text),
    time: isTime,
    uri: isUri,
    'uri-reference': isUriReference,
    'uri-template': isUriTemplate,
    uuid: (text) => UUID.test(text),
  } satisfies Record<string, Format>),
);

/** Formats of the specification and of other dialects that are refused, with an alternative. */
export const REFUSED_FORMATS: ReadonlyMap<string, string> = new Map([
  [
    'idn-email',
    'Remove it, or write a pattern: the tables of internationalized names change with each release of Unicode.',
  ],
  [
    'idn-hostname',
    'Write hostname, for names in their ASCII form: the tables of internationalized names change with each release of Unicode.',
  ],
  ['int32', 'Write {type: integer, minimum: -2147483648, maximum: 2147483647}.'],
  ['int64', 'Write {type: integer}.'],
  ['float', 'Write {type: number}.'],
  ['double', 'Write {type: number}.'],
  ['byte', 'Write contentEncoding: base64, or a pattern.'],
  ['binary', 'Write contentMediaType.'],
  ['password', 'Declare an input as sensitive. In the form of a gate, write {type: string, writeOnly: true}.'],
  ['url', 'Write uri.'],
  ['iso-time', 'Write time.'],
  ['iso-date-time', 'Write date-time.'],
  ['json-pointer-uri-fragment', 'Write json-pointer.'],
]);
