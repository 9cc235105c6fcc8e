import { Module, type DynamicModule } from '@nestjs/common';
import { CONFIGURATION, provide } from '@taskrunner/infrastructure/modules';
import { ConsoleSetting } from '../configuration';
import { PublicUrl } from '../public-url';
import { ConsoleBuild } from './console-build';
import { ConsoleController } from './console.controller';

/** The web console: its page and files at `/console/`. It also provides the public URL, from which links to the console are made. */
@Module({})
export class ConsoleModule {
  static forRoot(): DynamicModule {
    const configuration = CONFIGURATION;
    return {
      module: ConsoleModule,
      controllers: [ConsoleController],
      providers: [
        provide(PublicUrl, { configuration }, (supplied) => new PublicUrl(supplied.configuration.http.publicUrl)),
        provide(ConsoleSetting, { configuration }, (supplied) => supplied.configuration.console),
        provide(ConsoleBuild, {}, () => new ConsoleBuild()),
      ],
      exports: [PublicUrl],
    };
  }
}
