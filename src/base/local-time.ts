// Seconds in Unix time as text: local time as tai64nlocal prints it, and UTC as ISO 8601 has it.

const pad2 = (value: number): string => String(value).padStart(2, '0');

let lastSecond = NaN;
let lastText = '';

/**
 * `YYYY-MM-DD HH:MM:SS` of a second in Unix time; empty when a Date cannot hold it. The last one is kept, because log
 * lines come in bursts.
 */
export function formatLocalSecond(unixSeconds: number): string {
  if (unixSeconds === lastSecond) return lastText;
  const date = new Date(unixSeconds * 1000);
  const day = `${date.getFullYear()}-${pad2(date.getMonth() + 1)}-${pad2(date.getDate())}`;
  const time = `${pad2(date.getHours())}:${pad2(date.getMinutes())}:${pad2(date.getSeconds())}`;
  lastSecond = unixSeconds;
  lastText = Number.isNaN(date.getTime()) ? '' : `${day} ${time}`;
  return lastText;
}

let lastUtcSecond = NaN;
let lastUtcText = '';

/** `YYYY-MM-DDTHH:MM:SS`, a dot, the nanoseconds and `Z` of a moment that a Date can hold, in UTC. */
export function formatIso(unixSeconds: number, nanoseconds = 0): string {
  if (unixSeconds !== lastUtcSecond) {
    lastUtcText = new Date(unixSeconds * 1000).toISOString().replace('000Z', '');
    lastUtcSecond = unixSeconds;
  }
  return `${lastUtcText}${String(nanoseconds).padStart(9, '0')}Z`;
}
