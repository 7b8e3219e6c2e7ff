import { expect, test } from '@jest/globals';
import { gitFunction } from '../../lib/definitions/git-lines.ts';
import { exec } from './support/cluster.ts';

/** What goes wrong when `ADD` of a git repository fetches; that what it fetches is right is in oracle.test.ts. */
test('a repository, reference, commit or folder that is not there ends the build with a reason', async () => {
  const script = `d=$(mktemp -d); trap 'kill $(cat $d/git.pid); rm -rf $d' EXIT; mkdir -p $d/fixture/context; cd $d/fixture/context
sh -eu /opt/ctmgr/test/fixtures/oracle/add-git/prepare.sh >&2
git -C $d/fixture/served/repo.git commit -q --allow-empty -m x --author 'a <a@b>' 2>/dev/null
ln -s sub $d/fixture/served/repo.git/link
(cd $d/fixture/served/repo.git && git -c user.name=a -c user.email=a@b submodule -q deinit -f module
git add link && git -c user.name=a -c user.email=a@b commit -q -m link)
rm -rf $d/fixture/served/mod.git
${gitFunction}
try() { ctmgr_git $d/o-$# "$@" 2>&1 | tail -n 1; rm -rf $d/o-*; }
try git://127.0.0.1/none.git '' '' '' '' ''
try git://127.0.0.1/none.git main '' '' '' ''
try git://127.0.0.1:1/repo.git 5515c4fc56b85004acf9450e2af8d1cf2941ff50 '' '' '' ''
try git://127.0.0.1/repo.git nope '' '' '' ''
try git://127.0.0.1/repo.git 5515c4fc56b85004acf9450e2af8d1cf2941ff51 '' '' '' ''
try git://127.0.0.1/repo.git v1 '' 5515c5 '' ''
try git://127.0.0.1/repo.git main sub/none '' '' ''
try git://127.0.0.1/repo.git main link '' '' ''
try git://127.0.0.1/repo.git main '' '' '' submodules
try file://$d/fixture/served/repo.git main '' '' '' ''
PATH=/nowhere; ctmgr_git /nowhere/o git://127.0.0.1/repo.git '' '' '' '' '' 2>&1; PATH=/usr/bin:/bin`;
  const { stdout } = await exec(['sh', '-c', script]);
  const repository = 'ctmgr: ADD git://127.0.0.1/repo.git:';
  expect(stdout.trim().split('\n')).toEqual([
    'ctmgr: ADD git://127.0.0.1/none.git: cannot be fetched',
    'ctmgr: ADD git://127.0.0.1/none.git: cannot be fetched',
    'ctmgr: ADD git://127.0.0.1:1/repo.git: cannot be fetched',
    `${repository} the repository has no branch or tag nope`,
    `${repository} there is no commit 5515c4fc56b85004acf9450e2af8d1cf2941ff51`,
    `${repository} v1 is the commit 5515c4fc56b85004acf9450e2af8d1cf2941ff50, not 5515c5`,
    `${repository} it has no folder sub/none`,
    `${repository} it has no folder link`,
    `${repository} its submodules cannot be fetched`,
    expect.stringMatching(/^ctmgr: ADD file:.*: cannot be fetched$/),
    `${repository} this build node has no git`,
  ]);
});
