import type { Digest } from '../../foundation/ids';
import { diffPlans } from '../../plan/diff-plans';
import { mermaidOf } from '../../plan/graph-mermaid';
import { svgOf } from '../../plan/graph-svg';
import type { Plan } from '../../plan/plan';
import { graphOf } from '../../plan/plan-graph';

/** Two plans as texts. */
export interface PlanPair {
  readonly before: string;
  readonly after: string;
}

/** A plan to be drawn. */
export interface PlanToDraw {
  readonly plan: string;
  readonly planHash: Digest;
  readonly format: 'json' | 'mermaid' | 'svg';
}

/** The difference between two plans, as the text of a JSON object. */
export function comparisonText({ before, after }: PlanPair): string {
  return JSON.stringify(diffPlans(JSON.parse(before) as Plan, JSON.parse(after) as Plan));
}

/** A plan's template graph, as the text of a JSON object: the graph, or `{format, text}` with its drawing. */
export function drawingText({ plan: text, planHash, format }: PlanToDraw): string {
  const plan = JSON.parse(text) as Plan;
  const graph = graphOf(plan, planHash);
  switch (format) {
    case 'json':
      return JSON.stringify(graph);
    case 'mermaid':
      return JSON.stringify({ format, text: mermaidOf(graph) });
    case 'svg':
      return JSON.stringify({ format, text: svgOf(graph, `${plan.pack.name} ${plan.pack.version}`) });
  }
}
