/** Whatever is wrong with the options of `run`: the exit code, one sentence on stderr, nothing on stdout, nothing left behind. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { ERROR_CODES } from '../../../src/errors.js';
import { identities } from '../../harness/identity.js';
import { busyboxImage, busyboxTar } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { leftovers } from '../../harness/leftovers.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { sandbox } from '../../harness/tsrun.js';

/** `IMAGE` is busybox, `HOME` the user's home with what `before` puts there. */
type Case = [args: string, code: string, said: RegExp, exitCode?: number];

const USAGE = 'ERR_TSRUN_USAGE';
const UNSUPPORTED = 'ERR_TSRUN_UNSUPPORTED';
const BY_HELPER = /COMMAND|CONFIG_INVALID/;
const CASES: Case[] = [
  // references
  ['Alpine', 'ERR_TSRUN_REFERENCE_INVALID', /"Alpine" is not an image reference.*lower case/],
  ['https://docker.io/alpine', 'ERR_TSRUN_REFERENCE_INVALID', /scheme/],
  ['alpine:la:test', 'ERR_TSRUN_REFERENCE_INVALID', /tag is not valid/],
  ['alpine@sha256:abc', 'ERR_TSRUN_REFERENCE_INVALID', /digest/],
  ['oci:/no/such/layout', 'ERR_TSRUN_IMAGE_NOT_FOUND', /\/no\/such\/layout/],
  ['oci-archive:HOME', 'ERR_TSRUN_ARCHIVE_INVALID', /it is a directory: .* write oci:HOME$/],
  ['oci:HOME/file', 'ERR_TSRUN_ARCHIVE_INVALID', /it is not a directory: .* write oci-archive:HOME\/file/],
  ['oci:HOME/LONG', 'ERR_TSRUN_ARCHIVE_INVALID', /path is too long: check the path/],
  ['oci-archive:HOME/file', 'ERR_TSRUN_ARCHIVE_INVALID', /file/],
  ['docker-archive:/no/such/file', 'ERR_TSRUN_IMAGE_NOT_FOUND', /\/no\/such\/file/],
  ['--pull never alpine', 'ERR_TSRUN_IMAGE_NOT_FOUND', /no image alpine in the store: pull it first: tsrun pull alpine$/],
  ['--platform linux/s390x HOME/IMAGE', 'ERR_TSRUN_REFERENCE_INVALID', /not an image reference/],
  ['--platform linux/s390x IMAGE', 'ERR_TSRUN_PLATFORM_MISSING', /s390x/],
  ['--platform linux/a/b/c/d IMAGE', USAGE, /platform/],
  // flags
  ['', USAGE, /run needs an IMAGE/],
  ['--bogus IMAGE', USAGE, /unknown flag: --bogus/],
  ['-Z IMAGE', USAGE, /unknown shorthand flag: 'Z'/],
  ['--name', USAGE, /flag needs an argument: --name/],
  ['--rm=perhaps IMAGE', USAGE, /invalid argument "perhaps"/],
  ['--pull sometimes IMAGE', USAGE, /missing, always, never or newer/],
  ['--network bogus IMAGE', UNSUPPORTED, /no network "bogus"/],
  ['-m 1g IMAGE', UNSUPPORTED, /-m \(--memory\) yet/],
  ['--pids-limit 5 IMAGE', UNSUPPORTED, /--pids-limit yet/],
  ['--userns auto:size=99999999 IMAGE', 'ERR_TSRUN_ID_MAP', /no 99999999 ids left/],
  ['--userns bogus IMAGE', USAGE, /"bogus"/],
  // what the values say
  ['--name a/b IMAGE', USAGE, /"a\/b" is not a container name/],
  ['--name taken IMAGE', 'ERR_TSRUN_NAME_IN_USE', /"taken" is used by another container: .*tsrun rm taken$/],
  ['--cidfile HOME/file IMAGE', 'ERR_TSRUN_FILE_EXISTS', /HOME\/file exists already/],
  ['--cidfile HOME/nowhere/cid IMAGE', USAGE, /HOME\/nowhere\/cid cannot be made/],
  ['--hostname bad_name! IMAGE', USAGE, /not a host name/],
  ['-e =value IMAGE', USAGE, /no variable name/],
  ['--env-file HOME/nowhere IMAGE', USAGE, /HOME\/nowhere: no such file or directory: name/],
  ['--env-file HOME IMAGE', USAGE, /HOME: is a directory: name/],
  ['--env-file HOME/LONG IMAGE', USAGE, /path is too long: name/],
  ['--cidfile HOME/LONG IMAGE', 'ERR_TSRUN_STORE_UNREADABLE', /path is too long: use shorter names$/],
  ['--env-file HOME/bad.env IMAGE', USAGE, /bad\.env/],
  ['--env-file HOME/huge.env IMAGE', USAGE, /environment variables and arguments are too large: .*--env-file/],
  ['-w relative IMAGE', USAGE, /not an absolute path/],
  ['-w /etc/passwd IMAGE', 'ERR_TSRUN_CONFIG_INVALID', /"\/etc\/passwd" cannot be entered: not a directory/],
  ['-u nobody-here IMAGE', 'ERR_TSRUN_USER_NOT_FOUND', /no user "nobody-here"/],
  ['-u root:nobody-here IMAGE', 'ERR_TSRUN_USER_NOT_FOUND', /no group "nobody-here"/],
  ['-u 99999999999 IMAGE', USAGE, /too large/],
  ['-v HOME/nowhere:/x IMAGE', 'ERR_TSRUN_MOUNT_SOURCE', /HOME\/nowhere.* does not exist/],
  ['-v n:/x IMAGE', USAGE, /no volume's name/],
  ['-v HOME:relative IMAGE', USAGE, /relative/],
  ['-v HOME:/x:bogus IMAGE', USAGE, /bogus/],
  ['-v HOME:/ IMAGE', USAGE, /\//],
  [
    '-v HOME:/etc/passwd/x IMAGE',
    'ERR_TSRUN_CONFIG_INVALID',
    /cannot mount on \/etc\/passwd\/x in the image: it, or what it lies in, is a file/,
  ],
  ['-v HOME:/etc/passwd IMAGE', 'ERR_TSRUN_CONFIG_INVALID', /cannot mount on .*a directory on a directory/],
  ['-v HOME/file:/etc IMAGE', 'ERR_TSRUN_CONFIG_INVALID', /cannot mount on \/etc in the image: it is a directory, the source is a file/],
  ['-v HOME:/sys/x IMAGE', 'ERR_TSRUN_CONFIG_INVALID', /cannot mount on \/sys\/x in the image: it is not there, and cannot be made/],
  ['-v HOME:/LONG IMAGE', 'ERR_TSRUN_CONFIG_INVALID', /path is too long: use a shorter one/],
  ['-v HOME/LONG:/x IMAGE', 'ERR_TSRUN_MOUNT_SOURCE', /path is too long: check the path/],
  ['--rootfs HOME/nowhere', 'ERR_TSRUN_MOUNT_SOURCE', /HOME\/nowhere is not a directory/],
  ['--rootfs HOME/LONG', 'ERR_TSRUN_MOUNT_SOURCE', /path is too long: check the path/],
  ['NO-COMMAND', USAGE, /no command specified/],
  // exec
  ['IMAGE nope', 'ERR_TSRUN_COMMAND_NOT_FOUND', /"nope": executable file not found/, 127],
  ['IMAGE /nope', 'ERR_TSRUN_COMMAND_NOT_FOUND', /"\/nope"/, 127],
  ['IMAGE /etc', 'ERR_TSRUN_COMMAND_NOT_RUNNABLE', /permission denied/, 126],
  ['IMAGE /etc/passwd', 'ERR_TSRUN_COMMAND_NOT_RUNNABLE', /permission denied/, 126],
  ['--init IMAGE nope', 'ERR_TSRUN_COMMAND_NOT_FOUND', /"nope"/, 127],
];

for (const who of identities()) {
  describe(`as ${who.name}`, { skip: who.unavailable ?? false }, () => {
    const place = sandbox(who);
    let names: Record<string, string>;
    before(async () => {
      const image = (await busyboxImage()).reference;
      const bare = temporaryDirectory();
      writeLayout(bare, [{ tag: 'bare', layers: [{ tar: await busyboxTar() }] }]);
      names = { HOME: place.home, LONG: 'x'.repeat(300), 'NO-COMMAND': `oci:${bare}:bare`, IMAGE: image };
      writeFileSync(join(place.home, 'file'), 'no archive');
      writeFileSync(join(place.home, 'bad.env'), 'GOOD=1\n=value\n');
      writeFileSync(join(place.home, 'huge.env'), `HUGE=${'x'.repeat(20_000_000)}\n`);
      mkdirSync(join(place.home, 'IMAGE'));
      const made = await place.tsrun(['run', '-q', '--name', 'taken', image, 'true']);
      assert.equal(made.code, 0, made.stderr);
      await place.tsrun(['run', '--rm', `oci:${bare}:bare`, 'true']);
    });
    const fill = (text: string) => Object.entries(names).reduce((filled, [name, value]) => filled.replaceAll(name, value), text);

    // The command line is read alike for everybody; what the helper does is not.
    const mine = who.name === 'range' ? CASES : CASES.filter(([, code]) => BY_HELPER.test(code));
    for (const [args, code, said, exitCode = 125] of mine) {
      it(`run ${args}: ${exitCode}`, async () => {
        const words = args.split(' ').filter(Boolean).map(fill);
        const [plain, json] = await Promise.all([place.tsrun(['run', ...words]), place.tsrun(['run', '--json', ...words])]);
        assert.deepEqual([plain.code, plain.stdout, json.code, json.stdout], [exitCode, '', exitCode, ''], plain.stderr);
        assert.match(plain.stderr, /^tsrun:? [^\n]*\n$/, 'one sentence');
        assert.match(plain.stderr.trimEnd(), new RegExp(said.source.replaceAll('HOME', place.home)));
        const told = JSON.parse(json.stderr);
        assert.deepEqual([told.code, told.exitCode], [code, exitCode]);
        assert.ok(ERROR_CODES.includes(told.code));
        assert.ok(plain.stderr.includes(told.message) && plain.stderr.includes(told.hint), 'the same words');
        assert.deepEqual(leftovers(place), { processes: [], mounts: [], directories: [] });
        assert.equal(readdirSync(join(place.root, 'v1/containers')).length, 1, 'only the container that was there');
        assert.deepEqual(readdirSync(join(place.root, 'v1/names')), ['taken']);
      });
    }

    it('a failed run without --rm leaves no container either', async () => {
      const { code } = await place.tsrun(['run', '--name', 'other', '--cidfile', join(place.home, 'cid'), fill('IMAGE'), 'nope']);
      assert.equal(code, 127);
      assert.deepEqual(readdirSync(join(place.root, 'v1/names')), ['taken']);
      assert.equal((await place.tsrun(['ps', '-aq'])).stdout.split('\n').length, 2);
    });

    if (who.name !== 'range') return;

    it('causes are shown with TSRUN_DEBUG=1 and --debug, and not without', async () => {
      const line = ['run', '127.0.0.1:1/team/app'];
      const quiet = await place.tsrun(line);
      assert.doesNotMatch(quiet.stderr, /ECONNREFUSED|cause|^ +at /m);
      for (const shown of [
        await place.tsrun(line, { env: { TSRUN_DEBUG: '1' } }),
        await place.tsrun(['run', '--debug', ...line.slice(1)]),
      ]) {
        assert.equal(shown.code, 125);
        assert.match(shown.stderr, /^tsrun: cannot reach 127\.0\.0\.1:1: .*\n(.*\n)*.*\[cause\].*ECONNREFUSED/m);
      }
    });
  });
}
