import { readFile } from 'node:fs/promises';
import { Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { provide } from '../composition/provide';
import { token } from '../composition/token';
import { CONFIGURATION } from '../configuration/configuration.module';
import { egressProxyOf } from '../configuration/egress-settings';
import type { HttpSettings } from '../executors/http/http-exchange';
import { Telemetry } from '../telemetry/telemetry';
import { EgressProxy } from './egress-proxy';

/** Settings of http steps (`sealedMode.http`). */
export const HTTP_STEPS = token<HttpSettings>('settings of http steps');

/** Egress of steps: the proxy, which starts with the first step that needs it, and the settings of http steps. */
@Module({})
export class EgressModule implements OnApplicationShutdown {
  static forRoot(): DynamicModule {
    return {
      module: EgressModule,
      providers: [
        provide(
          EgressProxy,
          { configuration: CONFIGURATION, telemetry: Telemetry },
          ({ configuration, telemetry }) =>
            new EgressProxy({
              ...egressProxyOf(configuration),
              onLost: (reason) => telemetry.log.say('error', 'egress.proxy-lost', { reason }),
            }),
        ),
        provide(HTTP_STEPS, { configuration: CONFIGURATION }, async ({ configuration }) => {
          const { maxBody, timeout, certificates } = configuration.sealedMode.http;
          return {
            maxBodyBytes: maxBody,
            timeoutMs: timeout,
            certificates: await Promise.all(certificates.map((file) => readFile(file, 'utf8'))),
          };
        }),
      ],
      exports: [EgressProxy, HTTP_STEPS],
    };
  }

  constructor(private readonly proxy: EgressProxy) {}

  onApplicationShutdown(): Promise<void> {
    return this.proxy.close();
  }
}
