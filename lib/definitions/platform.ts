import { CtmgrError } from '../util/errors.ts';
import { quote } from '../util/names.ts';

/** Operating system, processor and its variant, in the names of OCI images. */
export interface Platform {
  os: string;
  architecture: string;
  /** Empty if there is only one. */
  variant: string;
}

const aliases: Record<string, string> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  i386: '386',
  armhf: 'arm',
};
const nodeNames: Record<string, string> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

/** The platform that this process runs on. */
export function hostPlatform(): string {
  return `linux/${nodeNames[process.arch] ?? process.arch}`;
}

/** Reads `linux/arm64/v8`, `linux/amd64` or only `arm64`; undefined for anything else. */
export function parsePlatform(text: string): Platform | undefined {
  const parts = text.toLowerCase().split('/');
  if (parts.length > 3 || parts.some((part) => !/^[a-z0-9_.-]+$/.test(part))) return undefined;
  const [first = '', second, third] = parts;
  const [os, processor, variant] = second === undefined ? ['linux', first, undefined] : [first, second, third];
  if (second === undefined && (first === 'linux' || first === 'local')) return parsePlatform(hostPlatform());
  const architecture = aliases[processor] ?? processor;
  return { os, architecture, variant: architecture === 'arm64' && variant === 'v8' ? '' : (variant ?? '') };
}

/** The platform of that name, by default this machine's; throws CtmgrError `usage` for what is no name. */
export function requirePlatform(text: string = hostPlatform()): Platform {
  const platform = parsePlatform(text);
  if (platform) return platform;
  throw new CtmgrError('usage', `${quote(text)} is not a platform`, { hint: '--platform linux/amd64' });
}

/** The name as it is compared and stored: `linux/arm64`, `linux/arm/v7`. */
export function platformName({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter((part) => part !== '').join('/');
}

/** True for two names of one platform. */
export function samePlatform(a: string, b: string): boolean {
  return JSON.stringify(parsePlatform(a)) === JSON.stringify(parsePlatform(b));
}

/** The values of TARGETPLATFORM, BUILDARCH and so on that BuildKit gives to an ARG of that name. */
export function platformArguments(target: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const [side, text] of [
    ['TARGET', target],
    ['BUILD', hostPlatform()],
  ] as const) {
    const { os, architecture, variant } = parsePlatform(text) ?? { os: 'linux', architecture: text, variant: '' };
    values.set(`${side}PLATFORM`, platformName({ os, architecture, variant }));
    values.set(`${side}OS`, os);
    values.set(`${side}ARCH`, architecture);
    values.set(`${side}VARIANT`, variant);
  }
  return values;
}
