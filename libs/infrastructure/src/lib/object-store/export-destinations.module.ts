import { Module, type DynamicModule } from '@nestjs/common';
import type { KnownDestination } from '@taskrunner/core/ports';
import { provide } from '../composition/provide';
import { token } from '../composition/token';
import { CONFIGURATION } from '../configuration/configuration.module';
import { openDestinations } from './open-destinations';

/** Destinations of evidence, by id. */
export const EXPORT_DESTINATIONS = token<ReadonlyMap<string, KnownDestination>>('destinations of evidence');

/** Provides the folders and buckets that receive evidence (`artifacts.destinations`). */
@Module({})
export class ExportDestinationsModule {
  static forRoot(): DynamicModule {
    return {
      module: ExportDestinationsModule,
      providers: [
        provide(EXPORT_DESTINATIONS, { configuration: CONFIGURATION }, ({ configuration: { artifacts } }) =>
          openDestinations(artifacts.destinations, artifacts.s3),
        ),
      ],
      exports: [EXPORT_DESTINATIONS],
    };
  }
}
