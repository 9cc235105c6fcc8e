import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics';

const RESOLUTION_MS = 20;
const NS = 1e9;

/**
 * Measures memory, CPU time and event-loop lag of this process. The lag is that of the last complete interval. Returns a function that ends
 * the measurement.
 */
export function watchProcess(metrics: Metrics, version: string, intervalMs: number): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let lag = { '0.5': 0, '0.99': 0, '1': 0 };
  const timer = setInterval(() => {
    // The timer itself waits for its resolution. Only the excess is lag.
    const beyond = (ns: number): number => Math.max(0, ns / NS - RESOLUTION_MS / 1_000);
    lag = { '0.5': beyond(delay.percentile(50)), '0.99': beyond(delay.percentile(99)), '1': beyond(delay.max) };
    delay.reset();
  }, intervalMs);
  timer.unref();
  metrics.observe('taskrunner_build_info', () => [[1, { version }]]);
  metrics.observe('taskrunner_process_resident_memory_bytes', () => [[process.memoryUsage.rss()]]);
  metrics.observe('taskrunner_process_cpu_seconds_total', () => {
    const { user, system } = process.cpuUsage();
    return [[(user + system) / 1e6]];
  });
  metrics.observe('taskrunner_event_loop_lag_seconds', () =>
    Object.entries(lag).map(([quantile, value]) => [value, { quantile }] as const),
  );
  return () => {
    clearInterval(timer);
    delay.disable();
  };
}
