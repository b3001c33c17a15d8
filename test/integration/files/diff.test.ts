/** diff: what a container changed, on every storage, with what tsrun itself puts there left out. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeLife } from '../lifecycle/place.js';

/** Every kind of change, and what is none. */
const CHANGE = `touch /root/new && chmod 600 /etc/group && echo more >> /etc/passwd && rm -r /home/ada && mkdir /home/ada && touch /home/ada/x &&
  mkdir -p /srv/a/b && ln -s x /srv/link && rm /bin/vi && cat /bin/true > /dev/null && chmod 1777 /tmp && mv /usr/bin /usr/renamed && mkdir -m 700 /var/p &&
  touch /tmp/gone && rm /tmp/gone && touch '/srv/a.b' && touch '/srv/.wh.name' && rm /etc/passwd && touch /etc/passwd`;
const CHANGED = `C /bin
D /bin/vi
C /etc
C /etc/group
C /etc/passwd
C /home
C /home/ada
A /home/ada/x
C /root
A /root/new
A /srv
A /srv/.wh.name
A /srv/a
A /srv/a.b
A /srv/a/b
A /srv/link
C /usr
D /usr/bin
A /usr/renamed
C /var
A /var/p
`;

for (const who of identities()) {
  describeLife(who, 'diff', (life) => {
    for (const storage of ['overlay', 'fuse-overlayfs', 'copy'] as const) {
      it(`tells what was added, changed and deleted, on ${storage}`, async (context) => {
        const name = `d-${storage}`;
        const run = async (...words: string[]) => {
          const { code, stdout, stderr } = await life().box.tsrun(words, { env: { TSRUN_STORAGE: storage } });
          assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
          return stdout;
        };
        await run(
          'create',
          '--name',
          name,
          '-v',
          '/vol',
          life().image,
          'sh',
          '-c',
          `${CHANGE.replaceAll('\n', ' ')}; while :; do sleep 1; done`,
        );
        assert.equal(await run('diff', name), '');
        if (storage === 'fuse-overlayfs') {
          const tried = await life().box.tsrun(['start', name], { env: { TSRUN_STORAGE: storage } });
          if (tried.code !== 0 && /fuse-overlayfs cannot be used here|not installed/.test(tried.stderr)) return context.skip(tried.stderr);
          assert.equal(tried.code, 0, tried.stderr);
        } else {
          await run('start', name);
        }
        // What it does takes a moment.
        const told = `${CHANGED}A /vol\n`
          .split('\n')
          .filter((line) => storage !== 'fuse-overlayfs' || !line.includes('.wh.name'))
          .join('\n');
        let seen = '';
        for (let tries = 0; tries < 50 && seen !== told; tries++) seen = await run('diff', name);
        assert.equal(seen, told);
        await run('kill', name);
        assert.equal(await run('diff', name), told, 'also when it has ended');
        assert.deepEqual(JSON.parse(await run('diff', '--json', name))[0], { kind: 'C', path: '/bin' });
        assert.match(await run('diff', '--format', 'json', name), /^\{"Path":"\/bin","Type":"C"\}\n/);
      });
    }
  });
}
