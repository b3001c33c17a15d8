/** The helper as the driver of the command line. In place of Node there is a script that behaves as a test wants it to. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type CommandOptions, type Running, start } from '../harness/process.js';
import { isRunning } from '../harness/processes.js';
import { temporaryDirectory } from '../harness/temporary.js';
import { until } from '../harness/wait.js';
import { one, shell, two } from './plain.js';
import { released } from './program.js';

interface Driven extends Running {
  directory: string;
}

/** @param node what Node does, in sh; `$here/plan` is the plan, descriptor 3 where it goes, $3 the word behind the script */
function drive(node: string | undefined, plan = one(), options: CommandOptions & { tools?: string } = {}): Driven {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'bin'));
  writeFileSync(join(directory, 'plan'), plan);
  if (node !== undefined) {
    writeFileSync(join(directory, 'bin/node'), `#!/bin/sh\nhere=${directory}\n${TAKE_PLAN_FD}\n${node}\n`);
    chmodSync(join(directory, 'bin/node'), 0o755);
  }
  const env = { PATH: `${directory}/bin:${options.tools ?? '/usr/bin:/bin'}`, ...options.env };
  return { ...start([...released, 'drive', '/script', 'run', 'image', '--', 'word'], { timeoutMs: 20_000, ...options, env }), directory };
}

const TAKE_PLAN_FD = '[ "$3" = explain ] || eval "exec 3>&$TSRUN_PLAN_FD $TSRUN_PLAN_FD>&-"';
const SEND = 'cat $here/plan >&3';
const COMPILE_THEN = (explain: string) => `if [ "$3" = explain ]; then ${explain}; else ${SEND}; fi`;
/** Its first process fails at once. */
const FAILING = one(['stage', 'early'], ['mkdir', '/no/such/directory', 0]);

describe('a command line that is driven', () => {
  it('is compiled by node from PATH, which gets all words and is gone when the plan is executed', async () => {
    const driven = drive(`echo "$@" >&2; echo $$ > $here/pid; ${SEND}`, two([shell('echo run; exit 4')]));
    const { code, stdout, stderr } = await driven.finished;
    assert.deepEqual([code, stdout, stderr], [4, 'run\n', '-- /script run image -- word\n']);
  });

  it('has nothing to run without a plan, and ends as node did', async () => {
    for (const [script, status] of [
      ['exit 0', 0],
      ['exit 125', 125],
      [`${SEND}; exit 125`, 125],
      ['exit 143', 143],
      ['kill -INT $$', 130],
    ] as const) {
      const { code, stdout, stderr } = await drive(script, two([shell('echo run')])).finished;
      assert.deepEqual([code, stdout, stderr], [status, '', ''], script);
    }
  });

  it('says how to get node when there is none', async () => {
    const { code, stdout, stderr } = await drive(undefined, one(), { tools: '/nowhere' }).finished;
    assert.deepEqual([code, stdout], [125, '']);
    assert.equal(stderr, 'tsrun: Node.js is not in PATH: install version 20.19 or newer\n');
  });

  it('never takes the status of a node that fails for the command’s', async () => {
    for (const status of [1, 3, 9, 13, 126, 127]) {
      const { code, stdout, stderr } = await drive(`${SEND}; exit ${status}`, two([shell('echo run')])).finished;
      assert.deepEqual([code, stdout], [125, '']);
      assert.match(stderr, new RegExp(`^tsrun: Node\\.js ended with status ${status} before .*: see whether .*NODE_OPTIONS\\n$`));
    }
  });

  it('says that node was killed', async () => {
    const { code, stderr } = await drive(`${SEND}; kill -KILL $$`, two([shell('echo run')])).finished;
    assert.equal(code, 125);
    assert.match(stderr, /^tsrun: node was killed .*out of memory, or .*as many processes as he may \(ulimit -u, TasksMax=\)\n$/);
  });

  it('does not wait for what node left behind with the plan’s descriptor closed', async () => {
    const driven = drive(`sleep 20 3>&- >&- 2>&- & echo $! > $here/pid; ${SEND}`, two([shell('exit 6')]));
    assert.equal((await driven.finished).code, 6);
    const pid = Number(readFileSync(join(driven.directory, 'pid'), 'utf8'));
    assert.ok(isRunning(pid));
    process.kill(pid, 'SIGKILL');
  });

  it('spares node the extra certificates, and tells it where they are', async () => {
    const script = 'printenv NODE_EXTRA_CA_CERTS; echo "$TSRUN_EXTRA_CA_CERTS"';
    assert.equal((await drive(script, one(), { env: { NODE_EXTRA_CA_CERTS: '/certs' } }).finished).stdout, '/certs\n');
  });

  it('refuses a plan that is none, or larger than any', async () => {
    for (const script of ['echo nonsense >&3', 'head -c 20000000 /dev/zero >&3 2>/dev/null; exit 0']) {
      const driven = drive(COMPILE_THEN('tr "\\0" "|" >&2; exit 125').replace(SEND, script));
      const { code, stderr } = await driven.finished;
      assert.equal(code, 125);
      assert.match(stderr, /^parent\|start\|decode\|it is (too large|not a launch plan)\|74\|$/);
    }
  });
});

describe('a failure of what is driven', () => {
  it('is put into words by node, and its exit status is the end', async () => {
    const { code, stderr } = await drive(COMPILE_THEN('echo "$@"; tr "\\0" "|" >&2; exit 126'), FAILING).finished;
    assert.equal(code, 126);
    assert.equal(stderr, 'parent|early|mkdir|/no/such/directory|2|');
  });

  it('is printed bare when node has gone, fails silently or crashes', async () => {
    const gone = '/bin/cat $here/plan >&3; /bin/rm $here/bin/node';
    for (const script of [COMPILE_THEN('exit 0'), COMPILE_THEN('exit 9'), COMPILE_THEN('kill -KILL $$'), COMPILE_THEN('kill -SEGV $$')])
      await bare(script);
    await bare(gone, '/nowhere');

    async function bare(script: string, tools?: string): Promise<void> {
      const { code, stderr } = await drive(script, FAILING, tools ? { tools } : {}).finished;
      assert.equal(code, 125, script);
      assert.match(stderr, /tsrun: mkdir failed: process parent, stage early, \/no\/such\/directory: No such file or directory\n$/, script);
    }
  });

  it('after the run does not change how the run ended', async () => {
    const plan = two([shell('exit 5')], { before: [['on-exit', 0, [['mkdir', '/no/such/directory', 0]]]] });
    const { code, stderr } = await drive(COMPILE_THEN('exit 9'), plan).finished;
    assert.deepEqual(
      [code, stderr],
      [5, 'tsrun: mkdir failed: process parent, stage cleanup, /no/such/directory: No such file or directory\n'],
    );
  });
});

describe('a signal to what is driven', () => {
  for (const [signal, status] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const) {
    it(`${signal} ends node, and so the run, while node compiles`, async () => {
      const driven = drive(`echo $$; exec sleep 20`);
      const [, pid] = await driven.waitFor(/(\d+)\n/);
      driven.child.kill(signal);
      assert.equal((await driven.finished).code, status);
      assert.ok(!isRunning(Number(pid)));
    });
  }

  it('that node had finished before is the command’s', async () => {
    const driven = drive(`trap '${SEND}; exit 0' TERM; echo ready; while :; do sleep 0.01; done`, two([shell('exec sleep 20')]));
    await driven.waitFor(/ready/);
    driven.child.kill('SIGTERM');
    assert.equal((await driven.finished).code, 143);
  });

  it('KILL of the helper ends node', async () => {
    const driven = drive('echo $$; exec sleep 20');
    const [, pid] = await driven.waitFor(/(\d+)\n/);
    driven.child.kill('SIGKILL');
    await driven.finished;
    assert.ok(await until(() => !isRunning(Number(pid))));
    assert.ok(existsSync(driven.directory));
  });
});
