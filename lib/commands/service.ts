import { makeBuildSite } from '../builds/build-site.ts';
import { makeLogger } from '../service/logger.ts';
import { runService } from '../service/run-service.ts';
import type { Answer, Context } from './context.ts';

/** `ctmgr service`: until SIGTERM or SIGINT. */
export async function run(_argv: object, context: Context): Promise<Answer> {
  const site = makeBuildSite(await context.store(), context.config, context.paths, context.caller.name);
  await runService(site, makeLogger(context.config.service.log), context.interrupted);
  return { kind: 'text', text: '' };
}
