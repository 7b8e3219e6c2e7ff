import { findAll, findOne, InvalidOutput, type ParsedOutput, toPositive } from './output.ts';

/**
 * mdtest of IOR 3.2 (which calls it 1.9.3) to 4.1: the mean rates of its summary in operations per second, one metric per operation, such as
 * `file-creation`. Only tables in operations per second are read: with an option mdtest prints seconds.
 * Up to 3.3 there is a colon behind the operation.
 */
export function parseMdtest(text: string): ParsedOutput {
  findOne(text, /^-- finished at .* --[ \t]*$/m, 'the end marker of mdtest');
  const summary = findOne(text, /^SUMMARY rate(?: \(in ops\/sec\))?: \(of (\d+) iterations\)/m, 'the rates of mdtest');
  const rows = findAll(
    text.slice(summary.index),
    /^ {3}([A-Z][a-z]+ [a-z]+)(?:[ \t]+:)?[ \t]+(\S+)[ \t]+(\S+)[ \t]+(\S+)[ \t]+(\S+)[ \t]*$/m,
  );
  if (rows.length === 0) throw new InvalidOutput('the table of mdtest is empty');
  const measurements = rows.map(([, operation = '', , , average]) => ({
    metric: operation.toLowerCase().replace(' ', '-'),
    value: toPositive(average, `the rate of ${operation}`),
  }));
  const [, tasks = '', files = ''] = findOne(text, /^(\d+) tasks, (\d+) files/m, 'the number of tasks of mdtest');
  const each = Number(files) / Number(tasks);
  if (!Number.isInteger(each)) throw new InvalidOutput(`mdtest has ${files} files for ${tasks} tasks`);
  const parameters = { tasks, files, 'files-per-task': String(each), iterations: summary[1] ?? '' };
  return { measurements, parameters };
}
