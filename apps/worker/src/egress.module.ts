import { readFile } from 'node:fs/promises';
import { EgressProxy, egressProxyOf, type Configuration, type HttpSettings } from '@taskrunner/infrastructure';
import type { WorkerLog } from './worker-log';

/** The way out of steps: the proxy, which starts with the first step that needs it, and how http steps talk. */
export interface WorkerEgress {
  readonly proxy: EgressProxy;
  readonly http: HttpSettings;
}

export async function openEgress(configuration: Configuration, log: WorkerLog): Promise<WorkerEgress> {
  const { maxBody, timeout, certificates } = configuration.sealedMode.http;
  return {
    proxy: new EgressProxy({
      ...egressProxyOf(configuration),
      onLost: (reason) => log.say('error', 'egress.proxy-lost', { reason }),
    }),
    http: {
      maxBodyBytes: maxBody,
      timeoutMs: timeout,
      certificates: await Promise.all(certificates.map((file) => readFile(file, 'utf8'))),
    },
  };
}
