import * as http from 'node:http';
import * as tls from 'node:tls';

let ready = false;

/**
 * Makes `fetch` go through the proxies of `http_proxy`, `https_proxy` and `no_proxy`, and trust the certificates that the host trusts
 * beside Node's own, as curl and Apptainer do: Node does neither by itself. Once for the process.
 */
export function prepareNetwork(): void {
  if (ready) return;
  ready = true;
  const { no_proxy, NO_PROXY } = process.env;
  // Loopback is never behind a proxy, as in Go's net/http (ProxyFromEnvironment), which Apptainer uses.
  const direct = [no_proxy ?? NO_PROXY ?? '', 'localhost,127.0.0.1,[::1]'].filter((list) => list !== '').join(',');
  // Node 22, which a package without its own Node may run with, lacks both: then NODE_USE_ENV_PROXY and NODE_EXTRA_CA_CERTS remain.
  const { setGlobalProxyFromEnv } = http as Partial<typeof http>;
  setGlobalProxyFromEnv?.({ ...process.env, no_proxy: direct });
  const { setDefaultCACertificates } = tls as Partial<typeof tls>;
  setDefaultCACertificates?.([...tls.getCACertificates('default'), ...tls.getCACertificates('system')]);
}
