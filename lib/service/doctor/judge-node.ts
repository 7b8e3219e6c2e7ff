import { type Finding, findingsOf } from './finding.ts';
import type { ProbeFacts } from './node-probe.ts';

/** What a node is there for. */
export interface NodeRole {
  builds: boolean;
  /** User id of the service account, as this host knows it; undefined: the probe ran as somebody else. */
  builderUid: number | undefined;
  /** Seconds since the epoch between which the probe ran, by this host's clock. */
  between: [number, number];
}

/** Seconds by which clocks may differ; result files and Slurm's times are compared. */
const smallSkew = 2;
const largeSkew = 30;

/** KiB of scratch below which a build is likely to fail. */
const littleScratch = 2 * 1024 * 1024;

/** What the facts about one node mean. Pure. */
export function judgeNode(node: string, facts: ProbeFacts, role: NodeRole): Finding[] {
  return [
    ...judgeApptainer(node, facts, role),
    ...judgeShare(node, facts, role),
    ...(role.builds ? [...judgeBuilds(node, facts), judgePrograms(node, facts)] : [judgeConfig(node, facts)]),
    judgeClock(node, facts, role),
  ];
}

const has = (facts: ProbeFacts, key: string): boolean => facts.get(key) === 'yes';

function judgeApptainer(node: string, facts: ProbeFacts, { builds }: NodeRole): Finding[] {
  const found = findingsOf('apptainer', node);
  const version = facts.get('apptainer') ?? 'missing';
  if (version === 'missing')
    return [found.problem('is not there', `install Apptainer on ${node}, or set apptainer.path`)];
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(version) ?? [];
  const isOld = Number(major) < 1 || (Number(major) === 1 && Number(minor) < 3);
  const findings = [isOld && builds ? found.problem(version, 'builds need Apptainer 1.3 or newer') : found.ok(version)];
  const userns = findingsOf('user namespaces', node);
  const fix =
    'sysctl user.max_user_namespaces and kernel.unprivileged_userns_clone, or kernel.apparmor_restrict_unprivileged_userns';
  if (has(facts, 'userns')) findings.push(userns.ok('can be made'));
  else if (!builds && has(facts, 'setuid'))
    findings.push(userns.ok('cannot be made; Apptainer has its setuid starter'));
  else findings.push(userns.problem('cannot be made', `allow them on ${node}: ${fix}`));
  const fuse = findingsOf('/dev/fuse', node);
  if (has(facts, 'fuse')) findings.push(fuse.ok('open to all'));
  else if (has(facts, 'setuid')) findings.push(fuse.ok('closed; the setuid starter does without'));
  else findings.push(fuse.problem('is not there or closed', `on ${node}: modprobe fuse; chmod 666 /dev/fuse`));
  return findings;
}

function judgeShare(node: string, facts: ProbeFacts, { builds, builderUid }: NodeRole): Finding[] {
  const found = findingsOf('share', node);
  const [mode = '', owner = ''] = (facts.get('mode:.') ?? 'missing').split(' ');
  if (mode === 'missing') return [found.problem('is not there', `mount it on ${node}, at the same path as here`)];
  if (facts.get('marker') === 'no') {
    return [found.problem('is not the one that this host sees', `mount the share on ${node} (an empty mount point?)`)];
  }
  if (!has(facts, 'catalogue')) return [found.problem('the catalogue cannot be read', 'ctmgr init sets the modes')];
  if (!builds) return [found.ok('mounted')];
  const own =
    builderUid !== undefined && owner !== String(builderUid) ? `belongs to user id ${owner} there` : undefined;
  if (own !== undefined) return [found.problem(own, 'the service account needs the same uid everywhere')];
  const open = ['builds', 'logs', 'results', 'tasks'].filter((folder) => {
    const [bits = ''] = (facts.get(`mode:${folder}`) ?? '').split(' ');
    return bits === 'missing' || !/^[0-7]?[67]/.test(bits.padStart(3, '0').slice(-3));
  });
  if (open.length > 0 || !has(facts, 'results_writable')) {
    const what = open.length > 0 ? open.join(', ') : 'results';
    return [found.problem(`the service account cannot write ${what}`, 'mounted read-only? else: ctmgr init (as root)')];
  }
  return [found.ok('mounted, the service account can write it')];
}

function judgeBuilds(node: string, facts: ProbeFacts): Finding[] {
  const subuid = findingsOf('subuid', node);
  const missing = ['subuid', 'subgid'].filter((key) => !has(facts, key)).map((key) => `/etc/${key}`);
  const tools = ['newuidmap', 'newgidmap'].filter((key) => !has(facts, key));
  const ranges =
    missing.length > 0
      ? subuid.problem(
          `the service account has no range in ${missing.join(' and ')}`,
          `on ${node}: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ACCOUNT`,
        )
      : tools.length > 0
        ? subuid.problem(`${tools.join(' and ')} missing`, `install uidmap (shadow-utils) on ${node}`)
        : subuid.ok('the service account has ranges');
  const scratch = findingsOf('scratch', node);
  const free = Number(facts.get('scratch_free') || Number.NaN);
  if (!has(facts, 'scratch')) {
    return [ranges, scratch.problem('is not there or cannot be written', `make it on ${node}, or set build.scratch`)];
  }
  if (free < littleScratch) return [ranges, scratch.warning(`${Math.round(free / 1024)} MiB free`, 'make room there')];
  return [ranges, scratch.ok(Number.isNaN(free) ? 'writable' : `${Math.round(free / 1024 / 1024)} GiB free`)];
}

/** What `%setup` of some definitions calls on the build node; most images do without. */
function judgePrograms(node: string, facts: ProbeFacts): Finding {
  const found = findingsOf('programs for ADD', node);
  const uses = { curl: 'URLs', git: 'git repositories' };
  const missing = Object.entries(uses).filter(([program]) => !has(facts, program));
  if (missing.length === 0) return found.ok('curl and git');
  const what = missing.map(([program, sources]) => `no ${program}, so ADD of ${sources} fails there`).join('; ');
  return found.warning(what, `install ${missing.map(([program]) => program).join(' and ')} on ${node}`);
}

function judgeConfig(node: string, facts: ProbeFacts): Finding {
  const found = findingsOf('configuration', node);
  if (has(facts, 'config')) return found.ok('readable');
  return found.warning('config.toml is not there', `copy it to ${node}: --container=NAME inside jobs needs it`);
}

function judgeClock(node: string, facts: ProbeFacts, { between: [first, last] }: NodeRole): Finding {
  const found = findingsOf('clock', node);
  const time = Number(facts.get('time') ?? Number.NaN);
  if (Number.isNaN(time)) return found.unknown('the node did not say its time');
  const skew = time < first ? time - first : time > last ? time - last : 0;
  const text = `${Math.abs(skew)} s ${skew < 0 ? 'behind' : 'ahead of'} this host`;
  if (Math.abs(skew) >= largeSkew) return found.problem(text, 'run chrony or ntpd on all hosts');
  if (Math.abs(skew) >= smallSkew) return found.warning(text, 'run chrony or ntpd on all hosts');
  return found.ok('the same as here');
}
