import { pointerTo } from '../../document/json-pointer';
import { describeType, typeOfValue, type StaticType } from '../../expression/static-type';
import { isJsonArray, type Json } from '../../foundation/json';
import { parseDuration } from '../../pack/model/duration';
import type { RunBody } from '../../pack/model/pack-step';
import type { ExecutorDescriptor } from '../../plan/executor-descriptor';
import { checkContainer } from './check-container';
import type { Faults } from '../context/faults';

/** Checks the names in `with` against an executor's parameters. Values are checked while they are read. */
export function checkParameterNames(body: RunBody, executor: ExecutorDescriptor, at: string, faults: Faults): void {
  const { parameters } = executor;
  if (parameters === null) return;
  const known = Object.keys(parameters);
  for (const name of Object.keys(body.with)) {
    if (known.includes(name)) continue;
    const place = pointerTo(at, name);
    const remediation = faults.guess(name, known, `Known parameters: ${known.join(', ')}.`);
    faults.add('EXECUTOR_PARAMETER_UNKNOWN', place, `${body.uses} has no parameter ${name}.`, {
      key: true,
      remediation,
    });
  }
  for (const [name, { required }] of Object.entries(parameters)) {
    if (required === true && !Object.hasOwn(body.with, name))
      faults.add('EXECUTOR_PARAMETER_MISSING', at, `${body.uses} requires the parameter ${name}.`);
  }
}

/** Checks that a value, or the result of its expressions, has the required type. Reports the innermost place that does not. */
export function checkValue(value: Json, actual: StaticType, wanted: StaticType, at: string, faults: Faults): void {
  const literal = typeof value !== 'string';
  if (!actual.kinds.some((kind) => wanted.kinds.includes(kind))) {
    const noun = describeType(wanted);
    faults.add(
      'EXECUTOR_PARAMETER',
      at,
      `This must be ${noun}; it is ${describeType(actual)}.`,
      remedyFor(value, wanted),
    );
    return;
  }
  if (literal && isJsonArray(value) && wanted.items !== undefined) {
    const { items } = wanted;
    value.forEach((one, index) =>
      checkValue(
        one,
        typeof one === 'string' ? elementType(one, actual) : typeOfValue(one),
        items,
        pointerTo(at, index),
        faults,
      ),
    );
    return;
  }
  if (
    !literal &&
    actual.items !== undefined &&
    wanted.items !== undefined &&
    !actual.items.kinds.some((kind) => wanted.items?.kinds.includes(kind))
  ) {
    faults.add(
      'EXECUTOR_PARAMETER',
      at,
      `Its elements must be ${describeType(wanted.items)}; they are ${describeType(actual.items)}.`,
    );
  }
}

/** An expression in a list has the type of all its elements together. */
function elementType(text: string, list: StaticType): StaticType {
  return text.includes('{{') ? (list.items ?? { kinds: ['string'] }) : { kinds: ['string'] };
}

function remedyFor(value: Json, wanted: StaticType): { readonly remediation: string } | Record<never, never> {
  if (typeof value === 'string' && wanted.kinds.length === 1 && wanted.kinds[0] === 'array') {
    return { remediation: 'Use a list of arguments, such as [git, status]. No shell is involved.' };
  }
  return {};
}

/** An expression of a pack, by the root that it reads. Other systems write `{{ … }}` too, but with other names. */
const READS_PACK = /\{\{\s*(?:inputs|steps|secrets)\.[A-Za-z_]/;

/** Warns of a script that is written as if its text were interpolated. */
function warnOfExpressions(source: Json | undefined, at: string, faults: Faults): void {
  const found = typeof source === 'string' ? READS_PACK.exec(source) : null;
  if (typeof source !== 'string' || found === null) return;
  const message = 'The text of a script is never interpolated: this expression stays in it as it is.';
  faults.warn('EXPR_IN_SCRIPT', at, message, { offset: found.index, text: source });
}

/** Constraints between the parameters of an executor. */
export function checkParametersTogether(
  body: RunBody,
  interpreters: readonly string[],
  at: string,
  faults: Faults,
): void {
  const parameters = body.with;
  if (body.uses === 'builtin:script') {
    const stated = ['path', 'source'].filter((name) => Object.hasOwn(parameters, name));
    if (stated.length !== 1)
      faults.add('EXECUTOR_PARAMETER', at, 'A script must have either path or source.', {
        remediation: 'Keep exactly one of the fields.',
      });
    warnOfExpressions(parameters['source'], `${at}/source`, faults);
    const [name] = isJsonArray(parameters['interpreter']) ? parameters['interpreter'] : [];
    if (typeof name === 'string' && !interpreters.includes(name)) {
      const remediation = faults.guess(
        name,
        interpreters,
        `Allowed interpreters: ${interpreters.join(', ') || 'none'}.`,
      );
      faults.add('SCRIPT_INTERPRETER', `${at}/interpreter/0`, `The interpreter ${name} is not allowed.`, {
        remediation,
      });
    }
  }
  if (body.uses === 'builtin:container') checkContainer(body, at, faults);
  if (body.uses === 'builtin:wait') {
    const { for: time } = parameters;
    if (typeof time === 'string' && !time.includes('{{') && parseDuration(time) === null) {
      faults.add('EXECUTOR_PARAMETER', `${at}/for`, 'This is not a duration.', {
        remediation: 'Use a duration such as 90s, 30m, 4h, 7d or PT30M.',
      });
    }
  }
  if (
    isJsonArray(parameters['okExitCodes']) &&
    !parameters['okExitCodes'].every(
      (code) => typeof code !== 'number' || (Number.isInteger(code) && code >= 0 && code <= 255),
    )
  ) {
    faults.add('EXECUTOR_PARAMETER', `${at}/okExitCodes`, 'Exit codes must be integers from 0 to 255.');
  }
}
