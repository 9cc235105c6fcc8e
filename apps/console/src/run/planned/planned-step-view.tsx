import './planned.css';
import type { PlannedStep, StepFact } from '@taskrunner/core/plan';

/** What the plan says about a step: its executor, what it executes, and what it can use. */
export function PlannedStepView({ step: { uses, effects, facts } }: { readonly step: PlannedStep }) {
  return (
    <PlannedFacts facts={[{ name: 'executor', text: uses }, { name: 'effects', text: EFFECTS[effects] }, ...facts]} />
  );
}

/** What a person reads of the effects of a step. */
export const EFFECTS: Readonly<Record<PlannedStep['effects'], string>> = {
  pure: 'none',
  idempotent: 'changes things outside; may be repeated',
  once: 'changes things outside, at most once',
};

/** Names with values. Texts of several lines keep their lines, and are shown whole. */
export function PlannedFacts({ facts }: { readonly facts: readonly StepFact[] }) {
  return (
    <dl className="planned">
      {facts.map(({ name, text }, at) => (
        <div key={at}>
          <dt>{name}</dt>
          <dd className="code">{text}</dd>
        </div>
      ))}
    </dl>
  );
}
