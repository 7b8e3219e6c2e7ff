import { findOne, InvalidOutput, type Measurement, type ParsedOutput, toPositive } from './output.ts';

/** What both legs must have in common, as IOR calls it in its list of options. */
const optionNames = ['api', 'access', 'type', 'segments', 'tasks', 'repetitions', 'xfersize', 'blocksize'];

interface Row {
  access: string;
  bandwidth: number;
}

/**
 * IOR 3.2 to 4.1 (github.com/hpc/ior), its table or its JSON: `write` and `read` in MiB/s, each the mean over the repetitions
 * of the run, which is one observation. JSON that does not parse (issues 102 and 503; a quote in the path is not escaped) is
 * no result.
 */
export function parseIor(text: string): ParsedOutput {
  const { rows, options } = text.trimStart().startsWith('{') ? readJson(text) : readTable(text);
  const error = /^(?:ior )?ERROR\b.*/m.exec(text)?.[0];
  if (error !== undefined) throw new InvalidOutput(`IOR reports: ${error.slice(0, 200)}`);
  const repetitions = Number(options['repetitions']);
  const measurements = ['write', 'read'].flatMap((access): Measurement[] => {
    const values = rows.filter((row) => row.access === access).map(({ bandwidth }) => bandwidth);
    if (values.length === 0) return [];
    if (values.length !== repetitions) {
      throw new InvalidOutput(`IOR has ${values.length} results for ${access}, not ${repetitions}`);
    }
    return [{ metric: access, value: values.reduce((sum, one) => sum + one, 0) / values.length }];
  });
  if (measurements.length === 0) throw new InvalidOutput('IOR neither wrote nor read');
  return { measurements, parameters: options };
}

function readTable(text: string): { rows: Row[]; options: Record<string, string> } {
  findOne(text, /^Summary of all tests:[ \t]*$/m, 'the summary of IOR');
  findOne(text, /^Finished[ \t]*:/m, 'the end of the output of IOR');
  const rows = [...text.matchAll(/^(write|read)[ \t]+(\S+)(?:[ \t]+\S+){7,9}[ \t]*$/gm)].map(
    ([, access = '', bandwidth]) => ({ access, bandwidth: toPositive(bandwidth, `the ${access} rate of IOR`) }),
  );
  const options = Object.fromEntries(
    optionNames.map((name) => [
      name,
      findOne(text, new RegExp(`^${name}[ \\t]+: (.*?)[ \\t]*$`, 'm'), `the option ${name} of IOR`)[1] ?? '',
    ]),
  );
  return { rows, options };
}

function readJson(text: string): { rows: Row[]; options: Record<string, string> } {
  const document = parseJson(text);
  const tests = listOf(document, 'tests');
  if (tests.length !== 1) throw new InvalidOutput(`the output of IOR holds ${tests.length} tests`);
  const options = fieldOf(tests[0], 'Options');
  const rows = listOf(tests[0], 'Results').map((result) => {
    const access = String(fieldOf(result, 'access'));
    return { access, bandwidth: toPositive(String(fieldOf(result, 'bwMiB')), `the ${access} rate of IOR`) };
  });
  return { rows, options: Object.fromEntries(optionNames.map((name) => [name, String(fieldOf(options, name))])) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidOutput('the JSON of IOR is not valid', { cause: error });
  }
}

function fieldOf(value: unknown, name: string): unknown {
  const found = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  if (found === undefined) throw new InvalidOutput(`${name} is missing in the JSON of IOR`);
  return found;
}

function listOf(value: unknown, name: string): unknown[] {
  const found = fieldOf(value, name);
  if (!Array.isArray(found)) throw new InvalidOutput(`${name} is no list in the JSON of IOR`);
  return found;
}
