import { describe, expect, test } from '@jest/globals';

import { judgeNode, type NodeRole } from '../../lib/service/doctor/judge-node.ts';
import { parseProbe, type ProbeFacts } from '../../lib/service/doctor/node-probe.ts';
import { parseNodes } from '../../lib/slurm/nodes.ts';

const good = `Welcome to b1!
ctmgr-doctor time 1800000000
ctmgr-doctor uid 990
ctmgr-doctor apptainer apptainer version 1.4.5
ctmgr-doctor setuid no
ctmgr-doctor userns yes
ctmgr-doctor newuidmap yes
ctmgr-doctor newgidmap yes
ctmgr-doctor curl yes
ctmgr-doctor git yes
ctmgr-doctor subuid yes
ctmgr-doctor subgid yes
ctmgr-doctor fuse yes
ctmgr-doctor mode:. 755 990
ctmgr-doctor mode:builds 755 990
ctmgr-doctor mode:logs 755 990
ctmgr-doctor mode:tasks 750 990
ctmgr-doctor mode:results 755 990
ctmgr-doctor mode:current 755 990
ctmgr-doctor catalogue yes
ctmgr-doctor marker yes
ctmgr-doctor results_writable yes
ctmgr-doctor scratch yes
ctmgr-doctor scratch_free 104857600
ctmgr-doctor config yes
`;

const role: NodeRole = { builds: true, builderUid: 990, between: [1_799_999_999, 1_800_000_001] };

const changed = (changes: Record<string, string>): ProbeFacts =>
  new Map([...parseProbe(good), ...Object.entries(changes)]);

/** What is not ok, as `check: detail`. */
const complaints = (facts: ProbeFacts, as: NodeRole = role): string[] =>
  judgeNode('b1', facts, as)
    .filter(({ state }) => state !== 'ok')
    .map(({ state, check, detail }) => `${state} ${check}: ${detail}`);

describe('a node', () => {
  test('that has all is fine, whatever else it printed', () => {
    expect(complaints(parseProbe(good))).toEqual([]);
    expect(complaints(parseProbe(good), { ...role, builds: false, builderUid: undefined })).toEqual([]);
  });

  test.each([
    [{ apptainer: 'missing' }, 'problem apptainer: is not there'],
    [{ apptainer: 'apptainer version 1.2.5-1' }, 'problem apptainer: apptainer version 1.2.5-1'],
    [{ userns: 'no' }, 'problem user namespaces: cannot be made'],
    [{ fuse: 'no' }, 'problem /dev/fuse: is not there or closed'],
    [{ subuid: 'no' }, 'problem subuid: the service account has no range in /etc/subuid'],
    [{ newgidmap: 'no' }, 'problem subuid: newgidmap missing'],
    [{ git: 'no' }, 'warning programs for ADD: no git, so ADD of git repositories fails there'],
    [{ curl: 'no' }, 'warning programs for ADD: no curl, so ADD of URLs fails there'],
    [{ 'mode:.': 'missing' }, 'problem share: is not there'],
    [{ marker: 'no' }, 'problem share: is not the one that this host sees'],
    [{ 'mode:.': '755 1001' }, 'problem share: belongs to user id 1001 there'],
    [{ 'mode:builds': '555 990' }, 'problem share: the service account cannot write builds'],
    [{ results_writable: 'no' }, 'problem share: the service account cannot write results'],
    [{ scratch: 'no' }, 'problem scratch: is not there or cannot be written'],
    [{ scratch_free: '1024' }, 'warning scratch: 1 MiB free'],
    [{ time: '1799999990' }, 'warning clock: 9 s behind this host'],
    [{ time: '1800000061' }, 'problem clock: 60 s ahead of this host'],
  ])('with %j', (changes, complaint) => {
    expect(complaints(changed(changes))).toEqual([complaint]);
    const found = judgeNode('b1', changed(changes), role).filter(({ state }) => state !== 'ok');
    expect(found.map(({ fix }) => fix)).toEqual([expect.stringMatching(/\w{3}/)]);
  });

  test('that only computes needs neither ranges nor scratch, and the setuid starter will do', () => {
    const facts = changed({
      subuid: 'no',
      git: 'no',
      scratch: 'no',
      userns: 'no',
      fuse: 'no',
      setuid: 'yes',
      config: 'no',
    });
    expect(complaints(facts, { ...role, builds: false })).toEqual(['warning configuration: config.toml is not there']);
  });

  test('whose answer was cut off is not called good', () => {
    expect(complaints(parseProbe('')).length).toBeGreaterThan(3);
  });
});

test('sinfo: default partition, states with signs', () => {
  const text = [
    'b1|build|idle',
    'b2|build|down*',
    'c1|batch*|mixed',
    'c2|batch*|idle~',
    'c3|batch*|drained',
    'c4|batch*|allocated*',
  ]
    .map((line) => `${line.replaceAll('|', '\u001F')}\n`)
    .join('');
  expect(
    parseNodes(text).map(({ node, partition, isDefault, state, usable }) => [
      node,
      partition,
      isDefault,
      state,
      usable,
    ]),
  ).toEqual([
    ['b1', 'build', false, 'idle', true],
    ['b2', 'build', false, 'down', false],
    ['c1', 'batch', true, 'mixed', true],
    ['c2', 'batch', true, 'idle', true],
    ['c3', 'batch', true, 'drained', false],
    ['c4', 'batch', true, 'allocated', false],
  ]);
});
