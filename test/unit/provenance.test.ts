import { describe, expect, it } from '@jest/globals';

import { checkDefinition } from '../../lib/apptainer/check-definition.ts';
import { addProvenance, describeProvenance, readProvenance } from '../../lib/builds/provenance.ts';
import { parseDockerfile } from '../../lib/definitions/parse-dockerfile.ts';

const digest = `sha256:${'d'.repeat(64)}`;
const definition = `Bootstrap: docker\nFrom: busybox@${digest}\n\n%runscript\n    exec sh "$@"\n`;
const origin = `/home/a b/#1 {{ x }} "q"\n%post/ü\ud800/Dockerfile`;

function provenance(overlays = ['software:1', 'certs:12']) {
  return describeProvenance(
    { name: 'app', version: 3, tag: '2026-11-22.1', input_hash: 'f'.repeat(64) },
    { dockerfile_hash: 'e'.repeat(64), origin, context_digest: null },
    { definition, plan: parseDockerfile('FROM busybox:1\n', { buildArgs: {} }), overlays, ctmgr: '1.2.3' },
  );
}

/** Labels as Apptainer reads them from a definition: the first word, and the rest of the line. */
function labelsOf(text: string): Record<string, string> {
  const lines = (text.split('\n%labels\n').at(-1) ?? '').trimEnd().split('\n');
  return Object.fromEntries(lines.map((line) => /^\s*(\S+) (.*)$/.exec(line)?.slice(1) as [string, string]));
}

describe('provenance', () => {
  it('comes back from the labels as it went in, whatever a path is made of', () => {
    const written = provenance();
    const built = addProvenance(definition, written, '../provenance.json');
    expect(written).toMatchObject({ base: 'busybox:1', base_digest: digest, overlays: ['software:1', 'certs:12'] });
    const read = readProvenance(labelsOf(built), built.trimEnd());
    expect(read).toEqual({ provenance: { ...written, origin: origin.toWellFormed() }, genuine: true });
    expect(readProvenance(labelsOf(built), definition)?.genuine).toBe(true);
  });

  it('makes a definition that Apptainer takes, and changes no other section', () => {
    const built = addProvenance(definition, provenance([]), '../provenance.json');
    expect(checkDefinition(built)).toEqual([]);
    expect(built.startsWith(definition)).toBe(true);
    expect(built).toContain('\n    ../provenance.json /.singularity.d/ctmgr.json\n');
  });

  it('tells an image that was made from one of ours, and one that has nothing to do with us', () => {
    const built = addProvenance(definition, provenance(), '../provenance.json');
    const other = 'Bootstrap: localimage\nFrom: app.sif\n%post\n    true\n';
    expect(readProvenance(labelsOf(built), other)?.genuine).toBe(false);
    expect(readProvenance({ 'org.ctmgr.name': 'app', maintainer: 'x' }, definition)).toBeUndefined();
    expect(readProvenance({}, '')).toBeUndefined();
  });
});
