import type { TelemetryOptions } from '../telemetry-options';

/** Options for tests: without an endpoint nothing is sent; with one, data is sent at short intervals. */
export function someOptions(overrides: Partial<TelemetryOptions> = {}): TelemetryOptions {
  return {
    logLevel: 'info',
    endpoint: null,
    headersFile: null,
    protocol: 'json',
    signals: ['traces', 'metrics', 'logs'],
    sampling: 1,
    serviceName: null,
    exportInterval: 100,
    metricsInterval: 1_000,
    exportTimeout: 30_000,
    queueSize: 64,
    measureInterval: 1_000,
    ...overrides,
  };
}

/** Polls until the result is truthy, and returns it. */
export async function until<T>(look: () => T | null | undefined | false): Promise<T> {
  for (;;) {
    const found = look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
