import type { PlannedStep, Scope } from './planned-step';

/** A step in the body of a map or loop around which a place is not. */
export interface EnclosedStep {
  /** The outermost map or loop around it that is visible at the place. */
  readonly owner: PlannedStep;
  readonly kind: 'map' | 'loop';
}

const INDEXES = new WeakMap<Scope, ReadonlyMap<string, EnclosedStep>>();

/** The first step with this id in a map or loop that is visible in the scope; null: none has it. */
export function enclosedStep(scope: Scope, id: string): EnclosedStep | null {
  for (let at: Scope | null = scope; at !== null; at = at.owner?.list.scope ?? null) {
    if (at.unit !== scope.unit) return null;
    const found = indexOf(at).get(id);
    if (found !== undefined) return found;
  }
  return null;
}

function indexOf(scope: Scope): ReadonlyMap<string, EnclosedStep> {
  const known = INDEXES.get(scope);
  if (known !== undefined) return known;
  const index = new Map<string, EnclosedStep>();
  for (const owner of scope.steps.values()) {
    const { kind } = owner.step.body;
    if (kind === 'map' || kind === 'loop') addBelow(owner, { owner, kind }, index);
  }
  INDEXES.set(scope, index);
  return index;
}

function addBelow({ lists, list }: PlannedStep, enclosed: EnclosedStep, index: Map<string, EnclosedStep>): void {
  for (const { scope, steps } of lists) {
    // Steps of an inner pack belong to that pack.
    if (scope.unit !== list.scope.unit) continue;
    for (const step of steps) {
      if (!index.has(step.step.id)) index.set(step.step.id, enclosed);
      addBelow(step, enclosed, index);
    }
  }
}
