import type { Row } from '../row.js';

export const ROWS: readonly Row[] = [
  {
    shows: 'the root cannot be written',
    typed: 't run --rm --read-only $I touch /f',
    code: 1,
    stdout: '',
    stderr: 'touch: /f: Read-only file system\n',
    podman: 'same',
  },
  { shows: 'it can without', typed: "t run --rm $I sh -c 'echo 1 > /f; cat /f'", code: 0, stdout: '1\n', stderr: '', podman: 'same' },
  {
    shows: '/tmp',
    typed: 't run --rm --read-only $I touch /tmp/f',
    code: 1,
    stdout: '',
    stderr: 'touch: /tmp/f: Read-only file system\n',
    podman: { code: 0, stdout: '', stderr: '', why: 'as docker: what is read-only is read-only' },
  },
  { shows: '/dev/shm can', typed: 't run --rm --read-only $I touch /dev/shm/f', code: 0, stdout: '', stderr: '', podman: 'same' },
  { shows: 'a tmpfs can', typed: 't run --rm --read-only --tmpfs /t $I touch /t/f', code: 0, stdout: '', stderr: '', podman: 'same' },
  { shows: 'a volume can', typed: 't run --rm --read-only -v /m $I touch /m/f', code: 0, stdout: '', stderr: '', podman: 'same' },
  {
    shows: 'a bind can',
    typed: 'mkdir d; echo host > d/f; t run --rm --read-only -v "$PWD/d:/m" $I touch /m/g; ls d',
    code: 0,
    stdout: 'f\ng\n',
    stderr: '',
    podman: 'same',
  },
  { shows: '--read-only=false', typed: 't run --rm --read-only=false $I touch /f', code: 0, stdout: '', stderr: '', podman: 'same' },
  {
    shows: '/sys cannot be written',
    typed: "t run --rm $I sh -c 'mkdir /sys/fs/x'",
    code: 1,
    stdout: '',
    stderr: "mkdir: can't create directory '/sys/fs/x': Read-only file system\n",
    podman: 'same',
  },
];
