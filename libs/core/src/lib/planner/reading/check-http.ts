import { isJsonArray, isJsonObject, type Json } from '../../foundation/json';
import type { RunBody } from '../../pack/model/pack-step';
import { authSecret, HTTP_METHODS } from '../../plan/builtin-executors';
import type { Faults } from '../context/faults';

/** Headers that control the transfer of a message. A pack may not set them. */
export const CARRYING_HEADERS: readonly string[] = [
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
const HEADER = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const ARTIFACT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Constraints between the parameters of an http step (docs/guides/writing-packs.md, Executors). */
export function checkHttp(body: RunBody, at: string, faults: Faults): void {
  const { method, form, headers, expect, saveAs, maxBytes } = body.with;
  const fault = (name: string, message: string, remediation?: string): void =>
    faults.add('EXECUTOR_PARAMETER', `${at}/${name}`, message, remediation === undefined ? {} : { remediation });
  if (typeof method === 'string' && !HTTP_METHODS.includes(method))
    fault(
      'method',
      `${method} is not a method of http steps.`,
      faults.guess(method, HTTP_METHODS, `Use one of ${HTTP_METHODS.join(', ')}.`),
    );
  if (form !== undefined && body.with['body'] !== undefined)
    fault('form', 'A request can have either body or form.', 'Keep exactly one of the fields.');
  for (const name of Object.keys(isJsonObject(headers) ? headers : {})) {
    if (!HEADER.test(name)) fault(`headers/${name}`, 'This is not a header name.');
    else if (CARRYING_HEADERS.includes(name.toLowerCase())) fault(`headers/${name}`, `A pack cannot set ${name}.`);
  }
  if (isJsonArray(expect))
    expect.forEach((one, index) => {
      if (!isStatus(one)) fault(`expect/${index}`, 'This is not a status. Use 200 or 2xx.');
    });
  if (typeof saveAs === 'string' && !ARTIFACT.test(saveAs)) fault('saveAs', 'This is not an artifact name.');
  if (typeof maxBytes === 'number' && !(Number.isInteger(maxBytes) && maxBytes > 0))
    fault('maxBytes', 'This is not a number of bytes.');
  if (body.artifacts.length > 0)
    faults.add('EXECUTOR_PARAMETER', `${at}/saveAs`, 'An http step has no files to take artifacts from.', {
      remediation: 'Remove artifacts. saveAs stores the response as an artifact.',
    });
  checkAuth(body, at, faults);
}

/** A secret that the step requests, by name and never by value. */
function checkAuth(body: RunBody, at: string, faults: Faults): void {
  const { auth } = body.with;
  if (auth === undefined) return;
  const secret = authSecret(body.with);
  if (secret === null || !isAuth(auth))
    faults.add('EXECUTOR_PARAMETER', `${at}/auth`, 'This is not an authentication method.', {
      remediation: 'Write {bearer: <secret>} or {basic: {username: <name>, password: <secret>}}.',
    });
  else if (!body.secrets.some(({ name }) => name === secret))
    faults.add('SECRET_USE', `${at}/auth`, `The step does not request the secret ${secret}.`, {
      remediation: `Add ${secret} to secrets of the step.`,
    });
}

function isAuth(auth: Json): boolean {
  if (!isJsonObject(auth)) return false;
  const names = Object.keys(auth);
  if (names.length !== 1) return false;
  const { basic } = auth;
  if (basic === undefined) return names[0] === 'bearer';
  return (
    isJsonObject(basic) &&
    Object.keys(basic).sort().join() === 'password,username' &&
    typeof basic['username'] === 'string'
  );
}

function isStatus(value: Json): boolean {
  return typeof value === 'number'
    ? Number.isInteger(value) && value >= 200 && value <= 599
    : typeof value === 'string' && /^[2-5]xx$/.test(value);
}
