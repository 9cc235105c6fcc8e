export { compilePolicy } from './compile-policy';
export {
  CEDAR_BEHAVIOUR,
  CEL_BEHAVIOUR,
  undecided,
  type PolicyAnswer,
  type PolicyCompilation,
  type PolicyEngine,
  type PolicyEngines,
  type PolicyErrorCode,
  type PolicyFault,
  type PolicySource,
} from './policy';
export { limitFault } from './policy-limits';
