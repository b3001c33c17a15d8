/** cp by docker's rules, into and out of containers that run, are paused, have stopped or were never started. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { program } from '../library/program.js';
import { describeLife } from '../lifecycle/place.js';

const IDLE = 'while :; do sleep 1; done';
/** Files of every kind that a copy keeps. */
const MAKE = `mkdir -p /data/sub/deep && cd /data && echo one > file && echo two > sub/two && ln -s file link && ln -s sub dirlink && ln -s /nowhere broken &&
  ln sub/two sub/deep/again && mkfifo pipe && chmod 640 file && chmod 2750 sub && touch -d '2001-02-03 04:05:06' file sub && touch -d '2001-02-03 04:05:06' /data`;

for (const who of identities()) {
  describeLife(who, 'cp', (life) => {
    /** On the host, as the caller, in its home. */
    const host = async (script: string) => {
      const { code, stdout, stderr } = await life().box.command(['sh', '-c', script]).finished;
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, script);
      return stdout;
    };
    const inside = (name: string, script: string) => life().ok('exec', name, 'sh', '-c', script);
    const cp = (...words: string[]) => life().ok('cp', ...words);
    /** What is refused does not depend on who asks: it is asked once. */
    const refused = async (pattern: RegExp, ...words: string[]) => {
      if (who.name !== 'range') return;
      const { code, stdout, stderr } = await life().box.tsrun(['cp', ...words]);
      assert.deepEqual([code, stdout], [125, ''], `${words.join(' ')}: ${stderr}`);
      assert.match(stderr, pattern);
    };

    it('brings files in, which belong to the container’s root, or with -a to whom they belonged', async () => {
      await life().detached(IDLE, '--name', 'in');
      await host(`mkdir i && cd i && mkdir -p src/sub && echo one > src/file && echo two > src/sub/two && ln -s file src/link && chmod 4755 src/file &&
        touch -d '2001-02-03 04:05:06' src/file && ln -s src alias && cp src/file 'a:b'`);
      const home = `${life().box.home}/i`;
      const seen = (path: string) => inside('in', `cd ${path} && find . -exec stat -c '%A %u:%g %n' {} + | sort -k3 && cat file`);
      await cp(`${home}/src`, 'in:/tmp');
      await cp(`${home}/src`, 'in:/new');
      await cp(`${home}/src/.`, 'in:/root');
      await cp('-L', `${home}/alias`, 'in:/by-link');
      const expected = await seen('/new');
      assert.equal(
        expected.replaceAll(/^([dl])\S+/gm, '$1'),
        'd 0:0 .\n-rwsr-xr-x 0:0 ./file\nl 0:0 ./link\nd 0:0 ./sub\n-rw-r--r-- 0:0 ./sub/two\none\n',
      );
      assert.equal(await seen('/tmp/src'), expected);
      assert.equal(await seen('/by-link'), expected);
      assert.match(await inside('in', 'stat -c "%A %Y" /new/file; ls /root'), /^-rwsr-xr-x 981173106\nfile\nlink\nsub\n$/);
      await cp(`${home}/src/file`, 'in:/etc/new-name');
      await cp(`${home}/src/file`, 'in:etc/');
      await inside('in', 'ln -s /etc/led-to /etc/leads && ln -s /tmp /leads-to-tmp');
      await cp(`${home}/src/file`, 'in:/etc/leads');
      await cp(`${home}/src/file`, 'in:/leads-to-tmp/');
      await host(
        `cd i && PATH=${life().box.program.replace(/\/tsrun$/, '')}:$PATH && tsrun cp ./a:b in:/colon && tsrun cp -- src/file in:/dashes`,
      );
      assert.equal(
        await inside('in', 'cat /etc/new-name /etc/file /etc/led-to /tmp/file /colon /dashes && test -L /etc/leads'),
        'one\n'.repeat(6),
      );
      await refused(/is a file/, `${home}/src`, 'in:/etc/new-name');
      await refused(/no directory \/none/, `${home}/src/file`, 'in:/none/file');
      await refused(/no directory \/none/, `${home}/src/file`, 'in:/none/');
      await refused(/not a directory/, `${home}/src/file`, 'in:/etc/new-name/x');
      await refused(/no directory/, `${home}/src/file`, 'in:/etc/new-name/');
      await refused(/there is no \//, `in:/${'\u0001'.repeat(200)}/${`${'n'.repeat(200)}/`.repeat(18)}`, home);
      await inside('in', 'ln -s /etc/nothing /etc/broken; ln -s around /around');
      await refused(/no directory/, `${home}/src/file`, 'in:/etc/broken/');
      if (who.name === 'range') {
        for (const path of ['/around', '/around/x'])
          assert.match((await life().box.tsrun(['cp', '--json', `${home}/src/file`, `in:${path}`])).stderr, /ERR_TSRUN_COPY_DESTINATION/);
      }
      await inside('in', 'mkdir -p /clash/src/file /clash2 && echo x > /clash2/src');
      await refused(/cannot overwrite the directory/, `${home}/src`, 'in:/clash');
      await refused(/cannot overwrite the file/, `${home}/src`, 'in:/clash2');
      await refused(/the kernel's/, `${home}/src/file`, 'in:/proc/x');
      await refused(/the kernel's/, 'in:/proc/version', home);
      await refused(/mount of its own/, `${home}/src/file`, 'in:/etc/hosts');
      await refused(/no such file/, `${home}/none`, 'in:/');
      await refused(/one container to another/, 'in:/etc', 'in:/tmp');
      await refused(/neither of the two/, home, '/tmp');
      await refused(/no container nobody/, 'nobody:/x', home);
    });

    if (who.name === 'range')
      it('holds nothing of an archive that nobody has begun to read', async () => {
        await life().ok('create', '--name', 'unread', life().image, 'true');
        const lines = `const archive = await tsrun.archiveFromContainer('unread', '/bin'); archive.destroy(); print('let go');`;
        assert.deepEqual(await program(life(), lines), ['let go']);
        await life().ok('rm', 'unread');
      });

    it('sees the mounts of a container, whatever it does', async () => {
      await host('mkdir bound && echo bound > bound/file && echo new > fresh');
      const { home } = life().box;
      const flags = ['-v', `${home}/bound:/bound`, '-v', 'kept:/kept', '-v', `${home}/bound:/fixed:ro`, '-v', '/home'];
      await life().ok('create', '--name', 'mounts', ...flags, life().image, 'sh', '-c', IDLE);
      const visit = async (state: string) => {
        await cp(`${home}/fresh`, `mounts:/kept/${state}`);
        await cp(`${home}/fresh`, `mounts:/bound/${state}`);
        await cp('mounts:/home', `${home}/${state}.home`);
        await refused(/mounted read-only/, `${home}/fresh`, 'mounts:/fixed/x');
        assert.equal(await host(`ls ${state}.home; stat -c %u bound/${state}`), `ada\n${who.uid}\n`);
      };
      await cp(`${home}/fresh`, 'mounts:/before');
      await visit('created');
      await life().ok('start', 'mounts');
      await visit('running');
      await life().ok('pause', 'mounts');
      await visit('paused');
      await life().ok('unpause', 'mounts');
      await life().ok('kill', 'mounts');
      await visit('stopped');
      await life().ok('start', 'mounts');
      assert.equal(
        await inside('mounts', 'ls /bound /kept; cat /before; ls /home'),
        '/bound:\ncreated\nfile\npaused\nrunning\nstopped\n\n/kept:\ncreated\npaused\nrunning\nstopped\nnew\nada\n',
      );
      await life().ok('rm', '-fv', 'mounts');
      await life().ok('volume', 'rm', 'kept');
    });

    // The rules of names and of tars are the same for all.
    if (who.name !== 'range' && identities().length > 1) return;

    it('takes files out: a directory into one that is there, under a new name, what is in it, or one file', async () => {
      await life().detached(IDLE, '--name', 'out');
      await inside('out', MAKE);
      await host('mkdir o && cd o && mkdir there');
      const home = `${life().box.home}/o`;
      await cp('out:/data', `${home}/there`);
      await cp('out:/data', `${home}/new`);
      await cp('out:/data/', `${home}/slash`);
      await cp('out:data/.', `${home}/there/..`);
      const list = `find . -printf '%y %#m %P %l\\n' | sort -k3 && cat file sub/two`;
      const expected = await host(`cd o/new && ${list}`);
      assert.match(
        expected,
        /^d 0755 {2}\nl 0777 broken \/nowhere\nl 0777 dirlink sub\nf 0640 file \nl 0777 link file\np 0644 pipe \nd 0750 sub \nd 0755 sub\/deep /,
      );
      assert.equal(await host(`cd o/there/data && ${list}`), expected);
      assert.equal(await host(`cd o/slash && ${list}`), expected);
      assert.equal(await host('cd o && ls'), 'broken\ndirlink\nfile\nlink\nnew\npipe\nslash\nsub\nthere\n');
      assert.equal(await host(`stat -c '%u:%g %Y' o/new/file o/new/sub | sort -u`), `${who.uid}:${who.gid} 981173106\n`);
      assert.equal(await host('cd o/new/sub && stat -c %i two deep/again | uniq | wc -l'), '1\n', 'hard links stay links');
      await cp('out:/data/file', `${home}/new/file`);
      await cp('out:/data/file', `${home}/there/`);
      await cp('out:/data/link', `${home}/alink`);
      await cp('-L', 'out:/data/link', `${home}/there/`);
      assert.equal(await host('cd o && cat there/file there/link && readlink alink && test ! -L there/link'), 'one\none\nfile\n');
      await refused(/no \/data\/none in the container/, 'out:/data/none', home);
      await refused(/is a file/, 'out:/data', `${home}/new/file`);
      await host('mkdir -p o/clash/file');
      await refused(/cannot overwrite the directory/, 'out:/data/file', `${home}/clash`);
      await refused(/does not exist/, 'out:/data/file', `${home}/no/where`);
      await refused(/no directory/, 'out:/data/file', `${home}/none/`);
      await refused(/not a directory/, 'out:/data/file/', home);
    });

    it('reads and writes tars', async () => {
      await life().detached(IDLE, '--name', 'tars');
      await inside('tars', MAKE);
      const tar = await life().box.tsrun(['cp', 'tars:/data', '-']);
      assert.deepEqual([tar.code, tar.stderr], [0, '']);
      const listed = await life().box.command(['tar', '--numeric-owner', '-tv'], { input: tar.stdoutBytes }).finished;
      assert.deepEqual([listed.code, listed.stderr], [0, '']);
      assert.match(listed.stdout, /^drwxr-xr-x 0\/0 +0 2001-02-03 04:05 data\/\n/);
      assert.match(listed.stdout, / data\/sub\/two link to data\/sub\/deep\/again\n/);
      assert.match(
        (await life().box.command(['tar', '-t'], { input: (await life().box.tsrun(['cp', 'tars:/data/.', '-'])).stdoutBytes }).finished)
          .stdout,
        /^\.\/\n\.\/broken\n/,
      );
      await inside('tars', 'mkdir /to');
      const back = await life().box.tsrun(['cp', '-', 'tars:/to'], { input: tar.stdoutBytes });
      assert.deepEqual([back.code, back.stderr], [0, '']);
      const look = `find . -exec stat -c '%A %h %u:%g %Y %n' {} + | sort -k5`;
      assert.equal(await inside('tars', `cd /to/data && ${look}`), await inside('tars', `cd /data && ${look}`));
      const owned = await host(
        'mkdir -p t && cd t && echo x > file && tar --owner=1000 --group=1000 --numeric-owner -cz file | base64 -w0',
      );
      for (const [flags, uid] of [
        [[], 0],
        [['-a'], who.name === 'single' ? 0 : 1000],
      ] as const) {
        const { code, stderr } = await life().box.tsrun(['cp', ...flags, '-', 'tars:/to'], { input: Buffer.from(owned, 'base64') });
        assert.equal(code, 0, stderr);
        assert.match(stderr, uid === 0 && flags.length > 0 ? /belong to users/ : /^$/);
        assert.equal(await inside('tars', 'stat -c %u:%g /to/file'), `${uid}:${uid}\n`);
      }
      const nowhere = await life().box.tsrun(['cp', '-', 'tars:/to/file'], { input: tar.stdoutBytes });
      assert.match(nowhere.stderr, /not a directory/);
      const whole = await life().box.tsrun(['cp', 'tars:/', '-']);
      const all = await life().box.command(['tar', '-t'], { input: whole.stdoutBytes }).finished;
      assert.match(all.stdout, /^\.\/\n\.\/bin\//);
      assert.doesNotMatch(all.stdout, /^\.\/(proc|sys)\/.|^\.\/dev/m);
    });
  });
}
