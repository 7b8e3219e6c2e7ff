/** Now, in whole seconds since the epoch: the unit of every time that ctmgr stores. */
export function epochSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Seconds since the epoch as `YYYY-MM-DD HH:MM:SS` in the reader's time zone; empty for nothing. */
export function formatTime(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '';
  const time = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** A number of seconds as Slurm writes it, `[D-]HH:MM:SS` (sacct(1), Elapsed); empty for nothing. */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '';
  const two = (value: number): string => String(value).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  const clock = `${two(Math.floor((seconds % 86_400) / 3600))}:${two(Math.floor((seconds % 3600) / 60))}:${two(Math.floor(seconds % 60))}`;
  return days === 0 ? clock : `${days}-${clock}`;
}

/** Bytes with a binary unit and three digits: `512 B`, `1.46 MiB`. */
export function formatSize(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return '';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toPrecision(value >= 1000 ? 4 : 3)} ${units[unit]}`;
}
