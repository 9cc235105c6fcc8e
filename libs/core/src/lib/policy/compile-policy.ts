import type * as CelPolicy from './cel-policy';
import type * as CheckCel from './check-cel';
import type { CheckedFault, DeclaredInput } from './check-cel';
import type { PolicyCompilation, PolicyEngines, PolicyFault, PolicySource } from './policy';

/**
 * Compiles a policy (docs/guides/approvals.md, Policy gates) with CEL or one of the available engines. Never throws for bad input; an unavailable engine is
 * `POLICY_ENGINE_UNKNOWN`.
 */
export function compilePolicy({ engine, source }: PolicySource, engines: PolicyEngines = {}): PolicyCompilation {
  if (engine === 'cel') return compileCel(source);
  return (
    (Object.hasOwn(engines, engine) ? engines[engine] : undefined)?.compile(source) ?? unknownEngine(engine, engines)
  );
}

/** The CEL library is loaded with the first policy, because most packs have none. */
function compileCel(source: string): PolicyCompilation {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('./cel-policy') as typeof CelPolicy).compileCel(source);
}

/**
 * Checks a policy against its static input. Only CEL is checked, once it can be parsed: faults of `compilePolicy` are not reported again.
 * Never throws for bad input.
 */
export function checkPolicy({ engine, source }: PolicySource, declared: DeclaredInput): readonly CheckedFault[] {
  if (engine !== 'cel') return [];
  const compiled = compileCel(source);
  if (compiled.kind === 'faults' && compiled.faults.some(({ code }) => code !== 'POLICY_UNKNOWN_NAME')) return [];
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('./check-cel') as typeof CheckCel).checkCel(source, declared);
}

function unknownEngine(engine: string, engines: PolicyEngines): PolicyCompilation {
  const fault: PolicyFault = {
    code: 'POLICY_ENGINE_UNKNOWN',
    message: `the policy engine \`${engine}\` is not available in this build`,
    remediation: `write the policy in ${['cel', ...Object.keys(engines)].join(' or ')}`,
    offset: 0,
  };
  return { kind: 'faults', faults: [fault] };
}
