import { celEnv, type CelEnv, type CelFunc } from '@bufbuild/cel';
import { nearestName } from '../foundation/nearest-name';
import { ANY, describe, isNothing, join, mayBe, NOTHING, ofKinds, type CelKind, type CelType } from './cel-type';

/** The environment for evaluating policies. A policy can call only functions of this environment. */
export const ENVIRONMENT: CelEnv = celEnv();

/** Macros, by how they are written. */
const MACROS: Readonly<Record<string, string>> = {
  has: 'has(x.member)',
  all: 'x.all(one, <condition>)',
  exists: 'x.exists(one, <condition>)',
  exists_one: 'x.exists_one(one, <condition>)',
  existsOne: 'x.existsOne(one, <condition>)',
  filter: 'x.filter(one, <condition>)',
  map: 'x.map(one, <value>) or x.map(one, <condition>, <value>)',
};
const METHODS = new Set<string>();
const FUNCTIONS = new Set<string>();
for (const { name, target } of ENVIRONMENT.funcs)
  if (/^[a-zA-Z]/.test(name)) (target === undefined ? FUNCTIONS : METHODS).add(name);

/** Why a call is wrong for all values, or for the types of its arguments. */
interface CallFault {
  readonly code: 'POLICY_UNKNOWN_FUNCTION' | 'POLICY_ARGUMENTS' | 'POLICY_TYPE';
  readonly message: string;
  readonly remediation: string;
}

/** The result type of a call, or why it is wrong. `target` is the first of `values` if it is called as a method. */
export function typeOfCall(
  name: string,
  isMethod: boolean,
  values: readonly CelType[],
): { readonly type: CelType } | { readonly fault: CallFault } {
  const group = ENVIRONMENT.funcs.find(name);
  if (group === undefined) return { fault: unknown(name, isMethod) };
  const ofForm = [...group].filter(({ target }) => (target !== undefined) === isMethod);
  if (ofForm.length === 0) return { fault: otherForm(name, isMethod) };
  const ofArity = ofForm.filter((one) => parametersOf(one).length === values.length);
  if (ofArity.length === 0) return { fault: wrongCount(name, isMethod, ofForm, values.length) };
  if (values.some(isNothing)) return { type: NOTHING };
  const fitting = ofArity.filter((one) =>
    parametersOf(one).every(
      (parameter, place) => parameter === 'dyn' || mayBe(values[place] ?? ANY, parameter as CelKind),
    ),
  );
  if (fitting.length === 0) return { fault: noOverload(name, values) };
  return { type: fitting.map(({ result }) => resultOf(name, result.name, values)).reduce(join) };
}

function parametersOf({ target, arguments: parameters }: CelFunc): readonly string[] {
  return [...(target === undefined ? [] : [target]), ...parameters].map(({ name }) => name);
}

function resultOf(name: string, result: string, values: readonly CelType[]): CelType {
  if (result === 'dyn') return ANY;
  const type = ofKinds(result as CelKind);
  if (result === 'type') {
    const kinds = values[0]?.kinds ?? null;
    return kinds === null ? type : { ...type, names: kinds };
  }
  if (result !== 'list') return type;
  const [a, b] = values;
  return name === '_+_' && a?.items && b?.items ? { ...type, items: join(a.items, b.items) } : type;
}

function unknown(name: string, isMethod: boolean): CallFault {
  const macro = Object.hasOwn(MACROS, name) ? MACROS[name] : undefined;
  if (macro !== undefined)
    return { code: 'POLICY_ARGUMENTS', message: `\`${name}\` has another syntax`, remediation: `write ${macro}` };
  const known = isMethod ? [...METHODS, ...Object.keys(MACROS).filter((one) => one !== 'has')] : [...FUNCTIONS, 'has'];
  const near = nearestName(name, known);
  const noun = isMethod ? 'method' : 'function';
  return {
    code: 'POLICY_UNKNOWN_FUNCTION',
    message: `there is no ${noun} \`${name}\``,
    remediation:
      near !== null
        ? `did you mean \`${near}\`?`
        : isMethod
          ? `methods of strings: ${['contains', 'endsWith', 'matches', 'size', 'startsWith'].join(', ')}`
          : `functions: ${[...FUNCTIONS].sort().join(', ')}`,
  };
}

function otherForm(name: string, isMethod: boolean): CallFault {
  return isMethod
    ? { code: 'POLICY_ARGUMENTS', message: `\`${name}\` is a function`, remediation: `write ${name}(x)` }
    : { code: 'POLICY_ARGUMENTS', message: `\`${name}\` is a method`, remediation: `write x.${name}(…)` };
}

function wrongCount(name: string, isMethod: boolean, known: readonly CelFunc[], supplied: number): CallFault {
  const own = isMethod ? 1 : 0;
  const counts = [...new Set(known.map((one) => parametersOf(one).length - own))].sort();
  const wanted = `${counts.join(' or ')} argument${counts.length === 1 && counts[0] === 1 ? '' : 's'}`;
  return {
    code: 'POLICY_ARGUMENTS',
    message: `\`${name}\` takes ${wanted}, not ${supplied - own}`,
    remediation: `pass ${wanted}`,
  };
}

/** `_>_` → `>`. */
function shownName(name: string): string {
  return name === '@in' ? 'in' : name.replaceAll('_', '') || name;
}

function noOverload(name: string, values: readonly CelType[]): CallFault {
  const isOperator = !/^[a-zA-Z]/.test(name);
  const shown = isOperator ? shownName(name) : name;
  return {
    code: 'POLICY_TYPE',
    message: `\`${shown}\` cannot be applied to ${values.map(describe).join(' and ')}`,
    remediation: remedyOf(shown, values),
  };
}

function remedyOf(name: string, values: readonly CelType[]): string {
  if (name === '!') return 'use a boolean';
  if (name === 'in') return 'use a list, or a name in a map';
  if (/^get[A-Z]/.test(name)) return 'convert it, such as timestamp(now)';
  return values.length > 1
    ? 'convert one of them, such as int(…), string(…) or size(…)'
    : 'convert it, such as int(…) or string(…)';
}
