import type { Run } from '@taskrunner/client';
import { GraphPanel, useGraph } from './graph-panel';
import { useStepsOfGraph } from './steps-of-graph';

interface ViewFacts {
  readonly run: Run;
  readonly selected: string | null;
  readonly select: (step: string) => void;
}

/** The graph with the states of its steps. Loaded when it is first shown. */
export default function GraphView({ run, selected, select }: ViewFacts) {
  const steps = useStepsOfGraph(run, useGraph(run).data);
  return <GraphPanel run={run} steps={steps} selected={selected} select={select} />;
}
