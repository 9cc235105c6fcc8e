import type * as CelPolicy from './cel-policy';
import type { PolicyCompilation, PolicyEngines, PolicyFault, PolicySource } from './policy';

/**
 * Compiles a policy (gates.md §5) by CEL or by one of the engines at hand. Never throws for bad input; an engine that is not at
 * hand is `POLICY_ENGINE_UNKNOWN`.
 */
export function compilePolicy({ engine, source }: PolicySource, engines: PolicyEngines = {}): PolicyCompilation {
  if (engine === 'cel') return compileCel(source);
  return (
    (Object.hasOwn(engines, engine) ? engines[engine] : undefined)?.compile(source) ?? unknownEngine(engine, engines)
  );
}

/** CEL's library is loaded with the first policy: most packs have none. */
function compileCel(source: string): PolicyCompilation {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('./cel-policy') as typeof CelPolicy).compileCel(source);
}

function unknownEngine(engine: string, engines: PolicyEngines): PolicyCompilation {
  const fault: PolicyFault = {
    code: 'POLICY_ENGINE_UNKNOWN',
    message: `the policy engine \`${engine}\` is not in this build`,
    remediation: `write the policy in ${['cel', ...Object.keys(engines)].join(' or ')}`,
    offset: 0,
  };
  return { kind: 'faults', faults: [fault] };
}
