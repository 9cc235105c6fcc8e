import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { hasEnded, type Json, type RunId, type TenantId } from '@taskrunner/core/foundation';
import { isMarked, RunSteps } from '@taskrunner/core/operations';
import { nodeOf } from '@taskrunner/core/plan';
import { RunReader, type RunSummary, type TimedStep } from '@taskrunner/core/ports';
import type { RunTimings } from '@taskrunner/core/journal';
import { DocumentAltered, type RunDocuments } from '@taskrunner/core/stored';
import type { Request, Response } from 'express';
import { Caller } from '../auth/caller';
import { HttpSettings } from '../configuration';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { IF_NONE_MATCH, NOT_MODIFIED, OF_DOWNLOADS, Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { TIMING_COLUMNS } from '../openapi/schemas/runs';
import { isKnown } from '../requests/entity-tag';
import { Pages } from '../requests/paging/pages';
import { readQuery } from '../requests/paging/query';
import { RunIdPipe } from '../requests/run-id.pipe';
import { runNotFound } from '../runs/run-not-found';
import { instant, runTag } from '../runs/run-view';
import { SharedTimings } from './shared-timings';

/** More than the configured number of steps is not an error: a page has at most `http.timings.page`. */
const PAGES = new Pages('steps (at most `http.timings.page` of the configuration)', 100_000, 10_000);

type Place = Pick<TimedStep, 'parent' | 'place' | 'step'>;

@ApiTags('runs')
@Controller('api/runs/:runId/timings')
export class TimingsController {
  constructor(
    private readonly reader: RunReader,
    private readonly steps: RunSteps,
    private readonly timings: SharedTimings,
    private readonly http: HttpSettings,
  ) {}

  @Get()
  @Operation({
    id: 'listTimings',
    summary: 'List the times of the steps that the run has reached, for a timeline',
    description:
      'Each item is a list with the values of `columns`. Times are milliseconds after `origin`. `null` means that the event has not happened yet. `queuedAt` is the time from which the step waited only for a slot. `attempts` lists executions, each as `[attempt, execution, startedAt, endedAt, end]`; `end` is `succeeded`, `failed`, `stopped`, `lost` or `null`. Containers and gates have none. Steps are sorted by parent, then in plan order.',
    scopes: ['packs.read'],
    limit: 'download',
    query: PAGES.query,
    headers: IF_NONE_MATCH,
    answers: [
      {
        status: 200,
        description: 'One page of the times.',
        schema: ref('Timings'),
        example: EXAMPLES.timings,
        headers: { ETag: 'Version of the run.' },
      },
      NOT_MODIFIED,
    ],
    codes: ['RUN_NOT_FOUND', 'TIMINGS_TOO_LARGE', ...OF_DOWNLOADS],
  })
  async list(
    @Caller() { principal }: Caller,
    @Param('runId', RunIdPipe) runId: RunId,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const query = readQuery(request, PAGES.parameters);
    const { tenant } = principal;
    const run = await this.reader.summary(tenant, runId);
    const documents = run && (await this.reader.documents(tenant, runId));
    if (!run || !documents) throw runNotFound();
    const tag = runTag(run);
    if (isKnown(request, tag)) {
      response.status(304).setHeader('ETag', tag).end();
      return;
    }
    const limit = Math.min(PAGES.limitOf(query), this.http.timings.page);
    const read = async (place: string | null, most: number) =>
      this.steps.times(tenant, runId, most, place === null ? null : (JSON.parse(place) as Place));
    const { items, nextCursor } = await PAGES.read({ ...query, limit }, ['timings', tenant, runId], read, placeOf);
    const timings = await this.timings.of(tenant, runId, run.evidence.status === 'sealed');
    const { index } = documents;
    refuseStray(tenant, run, items, { timings, index });
    // A problem has no version of the run.
    response
      .status(200)
      .setHeader('ETag', tag)
      .json({
        runId,
        status: run.status,
        origin: instant(run.createdAt),
        columns: [...TIMING_COLUMNS],
        items: items.map((step) => toRow(step, index, timings, run.createdAt)),
        nextCursor,
      });
  }
}

/**
 * Refuses rows of steps that the plan does not have, and statuses that the journal does not have. A run that is known to be altered is shown
 * as its rows have it. Without a journal, no status is compared.
 */
function refuseStray(
  tenant: TenantId,
  run: RunSummary,
  items: readonly TimedStep[],
  { timings, index }: { readonly timings: RunTimings; readonly index: RunDocuments['index'] },
): void {
  const altered = { tenant, runId: run.runId, document: 'step' } as const;
  const unplanned = items.find(({ step }) => !index.nodes.has(nodeOf(step)));
  if (unplanned)
    throw new DocumentAltered({
      ...altered,
      what: 'the row of a step',
      expected: 'of the plan',
      found: unplanned.step,
    });
  if (isMarked(run) || timings.lastSeq === 0) return;
  const stray = timings.strayOf(items, hasEnded(run.status));
  if (stray === undefined) return;
  const { step, status: found } = stray;
  const what = `the status of step ${step}`;
  throw new DocumentAltered({ ...altered, what, expected: 'the one in the journal', found });
}

function placeOf({ parent, place, step }: TimedStep): string {
  return JSON.stringify({ parent, place, step });
}

function toRow(step: TimedStep, index: RunDocuments['index'], timings: RunTimings, origin: number): Json[] {
  const since = (at: number | null): number | null => (at === null ? null : at - origin);
  const executions = timings.executionsOf(step.step);
  return [
    step.step,
    step.parent,
    step.kind,
    step.status,
    since(timings.queuedAt(index, step.step)),
    since(step.startedAt),
    since(step.finishedAt),
    executions.map(({ attempt, execution, startedAt, endedAt, end }) => {
      return [attempt, execution, since(startedAt), since(endedAt), end];
    }),
  ];
}
