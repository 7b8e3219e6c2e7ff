import { pino, type Logger } from 'pino';

/**
 * The service's log: JSON lines with ISO times, to the file of `service.log` or to standard output, where systemd
 * picks it up. Synchronous, so that the last line before a crash is there.
 */
export function makeLogger(file: string | undefined): Logger {
  return pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: file ?? 1, sync: true, mkdir: true }),
  );
}
