// What the kernel says about a running process: CPU time and memory. Linux only.
import { readdirSync, readFileSync } from 'node:fs';

/** CPU seconds, user and system, that the process and its threads have used so far. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Octets of memory resident now. */
export function residentBytes(pid: number): number {
  return statusField(pid, 'VmRSS') * 1024;
}

/** The largest number of octets of memory that were ever resident. */
export function peakResidentBytes(pid: number): number {
  return statusField(pid, 'VmHWM') * 1024;
}

/** Open descriptors. */
export function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function statusField(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN);
}
