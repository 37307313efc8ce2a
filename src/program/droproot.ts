// Giving up root: chdir and chroot to $ROOT, then the group, then the user. Counterpart: droproot.c. With
// $UNPRIVILEGED set only the chdir is done, for containers and for service managers that confine the process.
import { Fatal, orFatal } from '../base/errors.ts';
import { chroot } from '../base/libc.ts';
import { systemError } from '../base/oserror.ts';
import { openRandom } from '../base/random.ts';
import { isSet, requiredId, requiredText } from './env.ts';

/** Confines the process as the environment says. Every failure is Fatal, in the original's order and words. */
export function dropRoot(): void {
  openRandom(); // what it loads from disk is out of reach afterwards
  const root = requiredText('ROOT');
  orFatal(`unable to chdir to ${root}`, () => process.chdir(Buffer.from(root, 'latin1').toString()));
  if (isSet('UNPRIVILEGED')) return;
  const { setgroups, setgid, setuid } = process;
  if (!setgroups || !setgid || !setuid) throw new Fatal('this system has no users to drop root for');
  orFatal(`unable to chroot to ${root}`, () => chroot('.'));
  const gid = requiredId('GID');
  orFatal('unable to setgid', () => {
    refuseNobody(gid);
    setgroups([gid]);
    setgid(gid);
  });
  const uid = requiredId('UID');
  orFatal('unable to setuid', () => {
    refuseNobody(uid);
    setuid(uid);
  });
}

/** 2^32 - 1 is -1 to the system calls, which refuse it; Node takes it for the number of an unknown name instead. */
function refuseNobody(id: number): void {
  if (id === 0xffffffff) throw systemError('EINVAL');
}
