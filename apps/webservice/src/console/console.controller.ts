import { randomBytes } from 'node:crypto';
import { Controller, Get, Param, Res } from '@nestjs/common';
import type { Response } from 'express';
import { PUBLIC, RequireAccess } from '../auth/auth.guard';
import { ConsoleSetting } from '../configuration';
import { ApiExcludeController } from '../openapi/described';
import { ApiError } from '../problems/problem';
import { PublicUrl } from '../public-url';
import { ConsoleBuild, type ConsoleFiles } from './console-build';
import { consolePage, consolePolicy } from './console-page';

const NONCE_BYTES = 16;

/**
 * The files of the console. They contain nothing of a tenant, so everyone may read them; the console reads everything else from the API, with
 * the token of the person. Not part of the OpenAPI document, because it is no API.
 */
@ApiExcludeController()
@Controller('console')
export class ConsoleController {
  constructor(
    private readonly build: ConsoleBuild,
    private readonly setting: ConsoleSetting,
    private readonly url: PublicUrl,
  ) {}

  @Get('assets/:name')
  @RequireAccess(PUBLIC)
  async asset(@Param('name') name: string, @Res() response: Response): Promise<void> {
    const asset = (await this.files()).assets.get(name);
    if (!asset) throw new ApiError('ROUTE_NOT_FOUND', 'the console has no such file');
    response
      .status(200)
      .setHeader('Content-Type', asset.mediaType)
      .setHeader('Cache-Control', 'public, max-age=31536000, immutable')
      .send(asset.bytes);
  }

  /** Every other path is a place in the console, which its page shows. */
  @Get(['', '{*path}'])
  @RequireAccess(PUBLIC)
  async page(@Res() response: Response): Promise<void> {
    const { page } = await this.files();
    const nonce = randomBytes(NONCE_BYTES).toString('base64');
    response
      .status(200)
      .setHeader('Content-Type', 'text/html; charset=utf-8')
      .setHeader('Cache-Control', 'no-store')
      .setHeader('Content-Security-Policy', consolePolicy(nonce, this.setting))
      .setHeader('Cross-Origin-Opener-Policy', 'same-origin')
      .send(consolePage(page, { path: this.url.path, nonce, setting: this.setting }));
  }

  private async files(): Promise<ConsoleFiles> {
    if (!this.setting.enabled) throw new ApiError('CONSOLE_DISABLED', 'this webservice does not serve the console');
    const files = await this.build.files();
    if (!files) throw new ApiError('CONSOLE_NOT_BUILT', 'the files of the console are not installed');
    return files;
  }
}
