import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { ONCE } from '../api/client';
import { DropZone } from '../evidence/drop-zone';
import { latePage } from '../frame/late-page';
import { useMe } from '../frame/me';
import { Refusal } from '../frame/refusal';
import { newKey } from '../frame/request-key';
import { useChange } from '../frame/use-change';
import { Notice } from '../frame/notice';
import { useServices } from '../frame/services';
import { Editor } from './editor';
import { EXAMPLE } from './example';
import { inputsTemplate } from './inputs-template';
import type { Rehearsal } from './rehearsal';
import { SimulationView } from './simulation-view';
import { useRehearsal } from './use-rehearsal';
import '../evidence/evidence.css';
import './playground.css';

const PlanGraph = latePage(() => import('./plan-graph').then((module) => module.default));

/** A pack to write, with what would happen if it ran. Nothing is sent before it is submitted. */
export default function PlaygroundPage() {
  const { settings } = useServices();
  const [manifest, setManifest] = useState(EXAMPLE);
  const [inputs, setInputs] = useState('');
  const { rehearsed, isStale, isTooLong } = useRehearsal(manifest, inputs, settings.graphNodes);
  const rehearsal = rehearsed?.rehearsal ?? null;
  const planned = rehearsal?.planned ?? null;
  return (
    <main className="page playground">
      <h1>Playground</h1>
      <p className="faint">
        Write a pack. This browser reads, plans and simulates it with the code of <code>taskrunner</code>, and sends
        nothing before you submit it. Packs with files beside the manifest, and packs that use published packs, need the
        command line.
      </p>
      <div className="playground-body">
        <div className="playground-side">
          <Editor label="Pack" text={manifest} faults={rehearsal?.faults ?? []} rows={26} change={setManifest} />
          <DropZone
            chosen={null}
            label="Choose a file, or drop it here"
            accept=".yaml,.yml,.json"
            take={(file) => void file.text().then(setManifest)}
          />
          <Editor
            label="Inputs"
            text={inputs}
            faults={rehearsal?.inputFaults ?? []}
            rows={Math.max(3, Math.min(10, inputs.split('\n').length))}
            change={setInputs}
          />
          {rehearsal !== null && rehearsal.inputs.length > 0 ? (
            <p>
              <button type="button" className="button" onClick={() => setInputs(inputsTemplate(rehearsal.inputs))}>
                {rehearsal.inputs.length === 1
                  ? 'Write a line for its input'
                  : `Write a line for each of its ${rehearsal.inputs.length} inputs`}
              </button>
            </p>
          ) : null}
        </div>
        <section className="playground-side" aria-label="What would happen" aria-busy={isStale}>
          {isTooLong ? (
            <Notice kind="broken" title="The pack takes too long to plan in a browser">
              <p>Use `taskrunner simulate`.</p>
            </Notice>
          ) : planned === null || rehearsed === null ? (
            <State rehearsal={rehearsal} />
          ) : (
            <>
              {rehearsed.placed === null ? (
                <Notice kind="empty" title={`The plan has more than the ${settings.graphNodes} nodes that are drawn`} />
              ) : (
                <PlanGraph key={planned.planHash} placed={rehearsed.placed} simulation={planned.simulation} />
              )}
              <SimulationView planned={planned} />
              <Submit manifest={manifest} planned={planned} isStale={isStale} />
            </>
          )}
        </section>
      </div>
    </main>
  );
}

function State({ rehearsal }: { readonly rehearsal: Rehearsal | null }) {
  if (rehearsal === null) return <Notice kind="loading" title="Reading the pack …" />;
  const count = rehearsal.faults.length + rehearsal.inputFaults.length;
  return (
    <Notice kind="empty" title={count === 1 ? 'One fault is to be corrected' : `${count} faults are to be corrected`}>
      <p>Then the graph and the simulation stand here.</p>
    </Notice>
  );
}

interface SubmitFacts {
  readonly manifest: string;
  readonly planned: NonNullable<Rehearsal['planned']>;
  readonly isStale: boolean;
}

/** Starts exactly the plan that is shown: the server refuses to start another one. */
function Submit({ manifest, planned, isStale }: SubmitFacts) {
  const { client } = useServices();
  const navigate = useNavigate();
  const mayRun = useMe().data?.scopes.includes('packs.run') === true;
  const { inputs, planHash, name } = planned;
  // The same plan of the same text, sent twice, is one request.
  const key = useMemo(newKey, [manifest, planHash]);
  const submit = useChange({
    what: 'the run',
    send: (_: void, signal) => client.submit({ manifest, inputs, planHash }, { idempotencyKey: key, signal, ...ONCE }),
    onSuccess: ({ runId }) => void navigate({ to: '/runs/$runId', params: { runId } }),
  });
  return (
    <>
      <p>
        <button
          type="button"
          className="button primary"
          disabled={!mayRun || isStale || submit.isPending}
          onClick={() => submit.mutate()}
        >
          Run {name}
        </button>{' '}
        {mayRun ? null : <span className="faint">It needs the scope packs.run, which your sign-in does not have.</span>}
      </p>
      <Refusal error={submit.error} />
    </>
  );
}
