import { compileCel } from './cel-policy';
import type { PolicyCompilation, PolicyFault, PolicySource } from './policy';

/** Compiles a policy (gates.md §5). Never throws for bad input; engines that this build does not hold are `POLICY_ENGINE_UNKNOWN`. */
export function compilePolicy({ engine, source }: PolicySource): PolicyCompilation {
  switch (engine) {
    case 'cel':
      return compileCel(source);
    case 'cedar':
    case 'opa':
      return unknownEngine(engine);
    default:
      return unknownEngine(String(engine));
  }
}

function unknownEngine(engine: string): PolicyCompilation {
  const fault: PolicyFault = {
    code: 'POLICY_ENGINE_UNKNOWN',
    message: `the policy engine \`${engine}\` is not in this build`,
    remediation: 'write the policy in cel',
    offset: 0,
  };
  return { kind: 'faults', faults: [fault] };
}
