import type { Json } from '@taskrunner/core/foundation';
import type { WorkerLog } from './worker-log';

/** Something that an operator must see. */
export interface Alarm {
  readonly runId: string;
  readonly tenant: string;
  readonly code: string;
  readonly detail: Json;
}

/** Counters that grow with alarms. */
interface AlarmCounters {
  add(
    name: 'taskrunner_alarms_total' | 'taskrunner_documents_altered_total',
    value: number,
    labels?: { document: string },
  ): void;
}

/** Counts an alarm and logs it. An alarm about an altered document names the kind of document. */
export function raiseAlarm(metrics: AlarmCounters, log: WorkerLog, alarm: Alarm): void {
  metrics.add('taskrunner_alarms_total', 1);
  const document = alarm.code === 'DOCUMENT_ALTERED' ? documentOf(alarm.detail) : null;
  if (document !== null) metrics.add('taskrunner_documents_altered_total', 1, { document });
  log.say('error', 'alarm', { ...alarm });
}

function documentOf(detail: Json): string | null {
  const { document } = detail as { readonly document?: Json };
  return typeof document === 'string' ? document : null;
}
