import type { CatalogueImage } from '../builds/catalogue-format.ts';
import { findImage } from '../builds/read-catalogue.ts';
import { logFiles } from '../builds/tag-folders.ts';
import { parseReference } from '../util/names.ts';
import { formatDuration, formatSize, formatTime } from '../util/clock.ts';
import type { Answer, Context } from './context.ts';
import { loadCatalogue } from './load-catalogue.ts';

/** A batch script that runs as it stands; `inside`: the site runs scripts themselves in the image. */
function jobScript(reference: string, name: string, inside: boolean): string[] {
  return [
    '#!/bin/sh',
    `#SBATCH --job-name=${name}`,
    `#SBATCH --container=${reference}`,
    '#SBATCH --ntasks=1           # MPI: as many as you need; also --nodes=2 and so on',
    '#SBATCH --time=00:10:00',
    '##SBATCH --gres=gpu:1        # with one # less: a GPU, with its libraries of the host',
    `# This script itself runs ${inside ? 'in the image' : 'on the host'}, and what srun starts in the image.`,
    '# MPI: srun --mpi=pmix PROGRAM',
    `srun sh -c 'echo "$CTMGR_CONTAINER on $(uname -n)"'`,
  ];
}

/** `ctmgr show REF`: what an image is and how to use it. */
export async function run(argv: { image: string }, context: Context): Promise<Answer> {
  const image = findImage(await loadCatalogue(context, { name: parseReference(argv.image).name }), argv.image);
  const { out } = logFiles(context.paths, image);
  const seconds = image.started === null || image.ended === null ? null : image.ended - image.started;
  const lines: [string, string][] = [
    ['Name', [image.name, ...describeState(image)].join(' ')],
    ['Tag', image.tag],
    ['File', image.file],
    ['For', image.group === null ? 'everybody' : `group ${image.group}`],
    ['Size', formatSize(image.size)],
    ['SHA256', image.sha256 ?? ''],
    ['Recipe version', String(image.version)],
    ['Base image', image.base],
    ['Overlays', image.overlays.length === 0 ? 'none' : image.overlays.join(', ')],
    [
      'Built',
      `${formatTime(image.ended)} in ${formatDuration(seconds)} on ${image.node ?? '?'}, job ${image.job ?? '?'}`,
    ],
    ['Log', out],
  ];
  const reference = image.current ? image.name : `${image.name}:${image.tag}`;
  const text = [
    ...lines.map(([title, value]) => `${title.padEnd(15)} ${value}`),
    '',
    'Use it:',
    `  srun --container=${reference} COMMAND [ARGUMENT...]`,
    '',
    'As a job script, for sbatch FILE (put your program after srun):',
    '',
    // Flush left: sbatch takes no line with blanks before its #.
    ...jobScript(reference, image.name, context.config.containers.batch_script === 'inside'),
    '',
  ].join('\n');
  return { kind: 'record', record: { ...image, log: out }, text };
}

function describeState({ current, pinned }: CatalogueImage): string[] {
  if (!current) return [];
  return [pinned ? '(current, pinned)' : '(current)'];
}
