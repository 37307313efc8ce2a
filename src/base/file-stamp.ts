// Whether a file is still the one that was read. Counterpart: none; the originals read theirs each time.
import type { Stats } from 'node:fs';

/** What tells one state of a file, or of a directory, from another: its place, its size and its times. */
export class FileStamp {
  private ino = -1;
  private dev = -1;
  private size = -1;
  private mtime = -1;
  private ctime = -1;

  /** True when the file is as it was when it was taken. */
  isOf(stats: Stats): boolean {
    return (
      stats.ino === this.ino &&
      stats.mtimeMs === this.mtime &&
      stats.size === this.size &&
      stats.ctimeMs === this.ctime &&
      stats.dev === this.dev
    );
  }

  /** Takes the state of a file that is being read. */
  take(stats: Stats): void {
    this.ino = stats.ino;
    this.dev = stats.dev;
    this.size = stats.size;
    this.mtime = stats.mtimeMs;
    this.ctime = stats.ctimeMs;
  }

  /** Is of no file any more. */
  forget(): void {
    this.ino = -1;
  }
}
