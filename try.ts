import { parseDockerfile } from './lib/definitions/parse-dockerfile.ts';
import { readFileSync, readdirSync } from 'node:fs';
const dir='/work/shared/samples/dockerfile-edge/';
for (const f of readdirSync(dir).filter(f=>f.endsWith('.df'))) {
  try { const p = parseDockerfile(readFileSync(dir+f,'utf8'),{buildArgs:{}}); console.log('OK', f, JSON.stringify({...p,warnings:p.warnings.map(w=>w.code)})); }
  catch (e:any) { console.log(e.name==='CtmgrError'?'REF':'!!!', f, e.message, '|', e.why ?? '', e.name==='CtmgrError'?'':e.stack); }
}
