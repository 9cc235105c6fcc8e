// What a platform team has of its own: secrets come from its vault, and the platform hears that a worker has started. A worker is two
// programs, its main and the process of a run in quarantine, and both are composed with this.
import { Injectable, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { SecretError, SecretProvider, type ProvidedSecret } from '@taskrunner/core';
import { Telemetry } from '@taskrunner/infrastructure/modules';
import { SECRET_PROVIDERS } from '@taskrunner/infrastructure/worker-modules';

/** Stands for a client of your vault. */
class VaultSecrets extends SecretProvider {
  private readonly values = new Map([['deploy/token', 'from the vault']]);

  async read(ref: string): Promise<ProvidedSecret> {
    const value = this.values.get(ref);
    if (value === undefined) throw new SecretError('SECRET_UNAVAILABLE', `the vault has no ${ref}`);
    return { value: new TextEncoder().encode(value), version: '1' };
  }
}

/** Log, metrics and spans are those of the worker. */
@Injectable()
class Announcement implements OnApplicationBootstrap {
  constructor(private readonly telemetry: Telemetry) {}

  onApplicationBootstrap(): void {
    this.telemetry.log.say('info', 'platform.started');
  }
}

@Module({ providers: [Announcement] })
class PlatformModule {}

export const platform = {
  adapters: [
    {
      provide: SECRET_PROVIDERS,
      inject: [Telemetry],
      useFactory: ({ log }: Telemetry) => {
        log.say('info', 'platform.vault');
        return new Map([['vault', new VaultSecrets()]]);
      },
    },
  ],
  imports: [PlatformModule],
};
