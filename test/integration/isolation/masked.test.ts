/** tsrun where parts of /proc and /sys are hidden, as in containers of docker's and podman's. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { DoctorReport } from '../../../src/index.js';
import { identities } from '../../harness/identity.js';
import { type MountNamespace, mountNamespace } from '../../harness/mount-namespace.js';
import { describeAs, type Place, withoutNetwork } from '../../harness/place.js';

/** As docker has them; and no others of their kind, which who masks these does not leave there either. */
const ALONE = `
grep -E ' - (proc|sysfs) ' /proc/self/mountinfo | while read -r _ _ _ _ place _; do
  case $place in /proc|/proc/*|/sys|/sys/*) ;; *) umount -l "$place" ;; esac
done`;
const MASKED = `${ALONE}
mount -t tmpfs -o ro,size=0 tmpfs /proc/fs
for each in version timer_list; do mount --bind /dev/null /proc/$each; done
for each in irq sys; do mount --bind /proc/$each /proc/$each; mount -o remount,bind,ro /proc/$each; done
mount -t tmpfs -o ro,size=0 tmpfs /sys/kernel/mm
mount -o remount,bind,ro /sys`;
/** In the place of two variables a file that everybody may write to, and a file of the kernel's that everybody may open for writing. */
const REDIRECTED = `${ALONE}
mount --bind /dev/null /proc/version
mount -t tmpfs tmpfs /proc/sys/net; mkdir /proc/sys/net/ipv4; cd /proc/sys/net/ipv4
echo canary > tcp_keepalive_time; chmod 666 tcp_keepalive_time
touch ip_forward; mount --bind /proc/$$/timerslack_ns ip_forward; cd /`;

const HIDDEN = /^note: the kernel allows no fresh \/proc or \/sys .*read-only.*\/sys is the one around tsrun.*ports below 1024.*--nested/m;

const SEEN = 'out\nbound\napart\n';

/** Nothing of others is open. */
const OTHERS = `
for each in /proc/[0-9]*; do
  number $each 2> /dev/null || continue
  test -z "$outer" -o -n "$inner" || ! cat $each/environ > /dev/null 2>&1 || echo open $each
done`;

/** What is promised where /proc is bound. */
const LOOK = `
set -e
for each in version timer_list; do test -z "$(cat /proc/$each)"; done
test -z "$(ls /proc/fs /sys/kernel/mm | grep -v :)"
! touch /proc/self/comm /sys/x 2> /dev/null
! echo 0 2> /dev/null > /proc/self/oom_score_adj
echo out > /dev/stdout
number() { outer= inner=; while read -r key a b; do if [ "$key" = NSpid: ]; then outer=$a inner=$b; fi; done < $1/status; }
number /proc/self; own=$outer
test "$inner" = $$ -a "$own" != $$ -a "$(cat /proc/$own/comm)" = sh && echo bound
kill -0 $own 2> /dev/null || echo apart`;

function within(namespace: MountNamespace, { box, image }: Place) {
  const inside = namespace.inside(box);
  return {
    tsrun: inside.tsrun,
    command: inside.command,
    run: (flags: readonly string[], script: string) => inside.tsrun(['run', '--rm', ...withoutNetwork(flags), image, 'sh', '-c', script]),
  };
}

for (const who of identities())
  describeAs(who, 'where /proc and /sys are masked', (where) => {
    it('a container has the /proc around it, read-only, with what is hidden hidden; the run says so', async () => {
      await using namespace = await mountNamespace(MASKED);
      const { code, stdout, stderr } = await within(namespace, where()).run(['--verbose'], LOOK + OTHERS);
      assert.deepEqual([code, stdout], [0, SEEN], stderr);
      assert.match(stderr, HIDDEN);
      assert.match(stderr, /^verbose: \/proc: bound: .*\nverbose: \/sys: bound: /m);
    });
  });

const ordinary = identities().filter(({ name }) => name === 'range');
for (const who of ordinary) {
  describeAs(who, 'where /proc and /sys are masked', (where) => {
    it('it is the place that counts, not what was found before or elsewhere, nor where the container was made', async () => {
      const { box, image, sh } = where();
      await using namespace = await mountNamespace(MASKED);
      const { run, tsrun } = within(namespace, where());
      const cold = await run([], LOOK);
      const warm = await run([], LOOK);
      assert.deepEqual([warm.code, warm.stdout, warm.stderr], [0, SEEN, cold.stderr]);
      assert.equal(await sh('cat /proc/1/comm; true'), 'sh\n');
      const made = await box.tsrun(['create', '--network', 'none', '--name', 'moved', image, 'sh', '-c', LOOK]);
      assert.equal(made.code, 0, made.stderr);
      const started = await tsrun(['start', '-a', 'moved']);
      assert.deepEqual([started.code, started.stdout, started.stderr], [0, SEEN, cold.stderr]);
      await box.tsrun(['rm', 'moved']);

      const asked = await run(['--sysctl', 'net.ipv4.ping_group_range=0 0'], 'true');
      assert.equal(asked.code, 125);
      assert.match(asked.stderr, /the kernel variable net\.ipv4\.ping_group_range cannot be set/);

      const shared = await run(['--pid', 'host', '--network', 'host'], 'echo fine');
      assert.deepEqual([shared.code, shared.stdout], [0, 'fine\n'], shared.stderr);
      assert.doesNotMatch(shared.stderr, /fresh/);

      const { stdout } = await tsrun(['doctor', '--json']);
      const { runs, checks } = JSON.parse(stdout) as DoctorReport;
      const proc = checks.find(({ name }) => name === 'proc');
      assert.deepEqual([runs, proc?.status], [true, 'found']);
      assert.match(proc?.detail ?? '', /^bound: /);
    });
  });

  describeAs(who, 'where something is mounted over kernel variables', (where) => {
    it('it is not written to, nor does one variable stand for another', async () => {
      await using namespace = await mountNamespace(REDIRECTED);
      const { run, command } = within(namespace, where());
      const canary = () => namespace.asRoot('cat /proc/sys/net/ipv4/tcp_keepalive_time').then(({ stdout }) => stdout);
      const fine = await run(['--sysctl', 'kernel.msgmax=9000'], 'cat /proc/sys/kernel/msgmax');
      assert.deepEqual([fine.code, fine.stdout], [0, '9000\n'], fine.stderr);
      for (const name of ['ip_forward', 'tcp_keepalive_time']) {
        const { code, stderr } = await run(['--sysctl', `net.ipv4.${name}=7`], 'true');
        assert.equal(code, 125);
        assert.match(stderr, new RegExp(`the kernel variable net\\.ipv4\\.${name} cannot be set in the container: outside of`));
      }
      assert.equal(await canary(), 'canary\n');

      // Who goes by the name alone is led astray.
      const led = await command(['sh', '-c', 'cd /proc/sys/net/ipv4 && echo 7 > tcp_keepalive_time && exec 3>> ip_forward']).finished;
      assert.equal(led.code, 0, led.stderr);
      assert.equal(await canary(), '7\n');
    });

    it('the /proc of another pid namespace is refused: its numbers are others', async () => {
      await using namespace = await mountNamespace('');
      const { command } = within(namespace, where());
      const { box, image } = where();
      const { code, stderr } = await command(['unshare', '-U', '-r', '-p', '-f', box.program, 'run', '--rm', image, 'true']).finished;
      assert.equal(code, 125);
      assert.match(stderr, /the \/proc around tsrun shows another pid namespace.*--nested/);
    });
  });
}
