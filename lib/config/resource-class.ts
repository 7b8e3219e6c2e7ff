import { CtmgrError } from '../util/errors.ts';
import { type Config, type ResourceClass, configSchema } from './schema.ts';
import * as v from 'valibot';

/**
 * The resource class of that name; `default` exists even if the configuration does not mention it.
 * An unknown name is a configuration error (exit 78).
 */
export function resourceClass(config: Config, name: string): ResourceClass {
  const found = Object.hasOwn(config.classes, name) ? config.classes[name] : undefined;
  if (found !== undefined) return found;
  if (name === 'default') return builtIn();
  throw new CtmgrError('configuration', `there is no resource class ${JSON.stringify(name)}`, {
    hint: 'ctmgr config; a class is a table [classes.NAME] of the configuration',
  });
}

function builtIn(): ResourceClass {
  const { classes } = v.parse(configSchema, { classes: { default: {} } });
  const found = classes['default'];
  if (found === undefined) throw new Error('the schema lost its default resource class');
  return found;
}
